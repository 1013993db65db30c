package semi

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// SoftMatch is FixMatch with a weight for each image in place of a threshold: 1 where the
// classifier is at least as sure as it is on average, and less along a Gaussian where it is less
// sure, so that no image is left out. Before the weight, the classes' probabilities are brought to
// their even share of all images, so that classes which are seldom named do not fall behind.
//
//	recipe.Method = semi.SoftMatch{Classes: 10}
//
// Chen et al. 2023, "SoftMatch: Addressing the Quantity-Quality Trade-off in Semi-supervised
// Learning", arXiv:2301.10921. The zero value, but for Classes, is the paper's recipe for CIFAR-10
// as the authors' code has it (microsoft/Semi-supervised-learning), with the views of FixMatch, so
// that the two differ in nothing but the weights; the code has stronger ones, as for FreeMatch. The
// paper evaluates a running mean of the weights, kit.Recipe.EMA: .999.
type SoftMatch struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Momentum is how much of the running means stays in one step, in (0, 1): those of confidence
	// and of the classes' shares. Default 0.999, of a million steps; trainings of a few thousand
	// want means that move sooner, such as 0.99.
	Momentum float64
	// Sigmas is the number of standard deviations that the width of the Gaussian is divided by, in
	// [1e-4, 1e4]: more of them give a lower weight to what is not sure. Default 2.
	Sigmas float64
	// Weight multiplies the loss of the images without labels, above 0. Default 1.
	Weight float64
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/8.
	Share float64
}

var _ ssl.SemiSupervised = SoftMatch{}

// WithDefaults fills in the settings that were left at zero.
func (m SoftMatch) WithDefaults() ssl.Method {
	m.Momentum = cmp.Or(m.Momentum, .999)
	m.Sigmas = cmp.Or(m.Sigmas, 2)
	m.Weight = cmp.Or(m.Weight, 1)
	m.Share = cmp.Or(m.Share, 1./8)
	return m
}

// Name is "softmatch".
func (m SoftMatch) Name() string { return "softmatch" }

// Check returns an error where a field is out of range.
func (m SoftMatch) Check(batch ssl.Batch) error {
	d := SoftMatch{}.WithDefaults().(SoftMatch)
	if err := checkCommon("semi.SoftMatch", m.Classes, share(m.Share), d.Share, batch.Images); err != nil {
		return err
	}
	without := batch.Images - m.LabelledOf(batch.Images)
	return cmp.Or(
		setting.Must(without >= 2, "semi.SoftMatch: the number of images without a label in a batch", without,
			"at least 2, since the variance of their confidence is taken"),
		setting.Fraction("semi.SoftMatch: Momentum", m.Momentum, d.Momentum),
		setting.Divisor("semi.SoftMatch: Sigmas", m.Sigmas, d.Sigmas),
		setting.Positive("semi.SoftMatch: Weight", m.Weight, d.Weight),
		batch.OneSize("semi.SoftMatch", 0, 2),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m SoftMatch) CheckLabels(classes []string) error {
	return allClasses("semi.SoftMatch", m.Classes, classes)
}

// LabelledOf is Share of the batch.
func (m SoftMatch) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// Views are a weak one and a strong one.
func (m SoftMatch) Views(height, width int) []augment.Pipeline { return weakAndStrong() }

// Loss is section 3 of the paper, with q the classes' probabilities of a weak view:
//
//	q'   = q × 1/classes / (running mean of q), divided by its sum
//	μ, σ² follow mean and variance of max q'
//	λ    = exp(-(min(max q' - μ, 0))² / (2 σ² / sigmas²))
//	ℓ_u  = mean of λ H(argmax q, strong) over the images without labels
//
// The class is that of q, not of q', as in the paper.
func (m SoftMatch) Loss(step *ssl.Step) *Node {
	labelled, weak, strong := encodeWeakStrong(step, m.Classes, m.LabelledOf)
	scope := step.Scope.At("confidence")
	aligned := newAlignment(scope, m.Classes).follow(Softmax(StopGradient(ConvertDType(weak, dtypes.Float32)), -1), m.Momentum)
	mean, variance := newConfidence(scope, m.Classes).follow(aligned, m.Momentum)
	classes, _ := pseudoLabels(weak)
	unsupervised := PseudoCrossEntropy(strong, classes, SoftMatchWeights(aligned, mean, variance, m.Sigmas))
	return Add(supervised(labelled, step.Labels), MulScalar(unsupervised, m.Weight))
}

// SoftMatchWeights are λ (section 3.1 of the paper): 1 for images that are as sure as the mean or
// more, and less for others, along a Gaussian of that variance divided by sigmas².
//
//	probabilities: [n, classes]; mean, variance: scalars -> float32 [n], in [0, 1]
func SoftMatchWeights(probabilities, mean, variance *Node, sigmas float64) *Node {
	below := MinScalar(Sub(ReduceMax(probabilities, -1), mean), 0) // [n]
	return Exp(Neg(Div(Square(below), MulScalar(variance, 2/(sigmas*sigmas)))))
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m SoftMatch) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// Optimizer is the SGD that FixMatch has.
func (m SoftMatch) Optimizer() optim.Optimizer { return paperSGD }

// confidence holds mean and variance over the steps of how sure a classifier is.
type confidence struct{ mean, variance *model.Variable }

// newConfidence returns the one that lives in scope. It starts at the mean of a classifier that
// knows nothing, and at a variance that gives all images nearly the same weight.
func newConfidence(scope *model.Scope, classes int) confidence {
	variable := func(name string, start float64) *model.Variable {
		at := func(g *Graph, shape shapes.Shape) *Node { return FillScalar(g, shape, start) }
		return scope.WithInitializer(at).VariableWithShape(name, shapes.Make(dtypes.Float32)).SetTrainable(false)
	}
	return confidence{variable("mean", 1/float64(classes)), variable("variance", 1)}
}

// follow moves both, momentum of which stays, towards those of a batch, whose variance is the
// unbiased one, and gives them as they are then.
//
//	probabilities: [n, classes], n at least 2 -> scalars
func (c confidence) follow(probabilities *Node, momentum float64) (mean, variance *Node) {
	sure := ReduceMax(probabilities, -1) // [n]
	now := ReduceAllMean(sure)
	spread := DivScalar(ReduceAllSum(Square(Sub(sure, now))), float64(sure.Shape().Size()-1))
	return moved(c.mean, now, momentum), moved(c.variance, spread, momentum)
}

// alignment brings the classes to an even share of all images, by how often a classifier has named
// them (Berthelot et al. 2020, arXiv:1911.09785, section 3.1, with even shares as the aim).
type alignment struct{ shares *model.Variable }

// newAlignment returns the one that lives in scope.
func newAlignment(scope *model.Scope, classes int) alignment {
	scope = scope.WithInitializer(initializer.Zero)
	return alignment{scope.VariableWithShape("shares", shapes.Make(dtypes.Float32, classes)).SetTrainable(false)}
}

// follow moves the running mean of the probabilities, momentum of which stays, and gives the
// probabilities divided by it and by their sum. The first batch's mean is the first running mean;
// 10⁻⁶ is added to aim and mean, as in the authors' code.
//
//	probabilities: [n, classes] -> [n, classes]
func (a alignment) follow(probabilities *Node, momentum float64) *Node {
	g := probabilities.Graph()
	before, now := a.shares.NodeValue(g), ReduceMean(probabilities, 0) // [classes]
	first := Equal(ReduceAllSum(before), ScalarZero(g, dtypes.Float32))
	shares := Where(first, now, Add(MulScalar(before, momentum), MulScalar(now, 1-momentum))) // [classes]
	a.shares.SetNodeValue(shares)
	return alignedTo(probabilities, shares)
}

// alignedTo are probabilities times an even share over the shares that the classes have, divided by
// their sum.
//
//	probabilities: [n, classes]; shares: [classes] -> [n, classes]
func alignedTo(probabilities, shares *Node) *Node {
	classes := shares.Shape().Dim(0)
	ratio := Div(Scalar(shares.Graph(), dtypes.Float32, 1/float64(classes)+1e-6), AddScalar(shares, 1e-6))
	aligned := Mul(probabilities, Reshape(ratio, 1, classes))
	return Div(aligned, ReduceAndKeep(aligned, ReduceSum, -1))
}
