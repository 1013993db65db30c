package semi

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// FlexMatch is FixMatch with a threshold for each class that follows how well the class is learned,
// by the number of images of the whole data that were last taken for it with confidence: classes
// that are hard to learn let more images through.
//
//	recipe.Method = semi.FlexMatch{Classes: 10}
//
// Zhang et al. 2021, "FlexMatch: Boosting Semi-Supervised Learning with Curriculum Pseudo
// Labeling", arXiv:2110.08263. The zero value, but for Classes, is the paper's recipe for CIFAR-10
// as the authors' code has it (TorchSSL/TorchSSL, and microsoft/Semi-supervised-learning after it),
// with the views of FixMatch, so that the two differ in nothing but the thresholds; the code has
// stronger ones, as for FreeMatch. The paper evaluates a running mean of the weights,
// kit.Recipe.EMA: .999.
//
// It keeps one number for each image of the data, so it needs room for those.
type FlexMatch struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Threshold is the confidence in (0, 1) from which on an image counts as learned, and the
	// highest threshold of a class. Default 0.95.
	Threshold float64
	// NoWarmUp lets the thresholds of the classes be relative to each other from the start. By
	// default they rise from 0 together, as long as there are more images that were never learned
	// than images of any class, which is the warm-up of the paper.
	NoWarmUp bool
	// Weight multiplies the loss of the images without labels, above 0. Default 1.
	Weight float64
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/8.
	Share float64
}

var (
	_ ssl.SemiSupervised = FlexMatch{}
	_ ssl.ReadsIndices   = FlexMatch{}
)

// WithDefaults fills in the settings that were left at zero.
func (m FlexMatch) WithDefaults() ssl.Method {
	m.Threshold = cmp.Or(m.Threshold, .95)
	m.Weight = cmp.Or(m.Weight, 1)
	m.Share = cmp.Or(m.Share, 1./8)
	return m
}

// Name is "flexmatch".
func (m FlexMatch) Name() string { return "flexmatch" }

// Check returns an error where a field is out of range.
func (m FlexMatch) Check(batch ssl.Batch) error {
	d := FlexMatch{}.WithDefaults().(FlexMatch)
	return cmp.Or(
		checkCommon("semi.FlexMatch", m.Classes, share(m.Share), d.Share, batch.Images),
		setting.Fraction("semi.FlexMatch: Threshold", m.Threshold, d.Threshold),
		setting.Positive("semi.FlexMatch: Weight", m.Weight, d.Weight),
		batch.OneSize("semi.FlexMatch", 0, 2),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m FlexMatch) CheckLabels(classes []string) error {
	return allClasses("semi.FlexMatch", m.Classes, classes)
}

// LabelledOf is Share of the batch.
func (m FlexMatch) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// ReadIndices marks the method: it keeps what each image was last taken for.
func (m FlexMatch) ReadIndices() {}

// Views are a weak one and a strong one.
func (m FlexMatch) Views(height, width int) []augment.Pipeline { return weakAndStrong() }

// Loss is algorithm 1 of the paper, with q the classes' probabilities of a weak view:
//
//	σ(c) = number of images that were last taken for c with max q ≥ τ
//	β(c) = σ(c) / max(max σ, number of images never taken for any)
//	T(c) = β(c) / (2 - β(c)) × τ
//	ℓ_u  = mean of [max q ≥ T(argmax q)] H(argmax q, strong) over the images without labels
//
// The thresholds are those before the images of this step are noted, as in the authors' code.
func (m FlexMatch) Loss(step *ssl.Step) *Node {
	labelled, weak, strong := encodeWeakStrong(step, m.Classes, m.LabelledOf)
	learned := newCurriculum(step.Scope, step.Images)
	thresholds := MulScalar(flexible(learned.status(weak.Graph(), m.Classes, !m.NoWarmUp)), m.Threshold)
	learned.note(Slice(step.Indices, AxisRange(labelled.Shape().Dim(0))), weak, m.Threshold)
	unsupervised := FlexMatchLoss(weak, strong, thresholds)
	return Add(supervised(labelled, step.Labels), MulScalar(unsupervised, m.Weight))
}

// FlexMatchLoss is FixMatchLoss with a threshold for each class: the mean over all images of the
// cross-entropy of the strong view's answer to the class that the weak view's answer holds for the
// most likely, where its probability is at least the class's threshold. No gradient flows into the
// weak views.
//
//	weak, strong: logits, [n, classes]; thresholds: [classes] -> scalar
func FlexMatchLoss(weak, strong, thresholds *Node) *Node {
	classes, confidence := pseudoLabels(weak)
	return PseudoCrossEntropy(strong, classes, GreaterOrEqual(confidence, Gather(thresholds, InsertAxes(classes, -1))))
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m FlexMatch) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// Optimizer is the SGD that FixMatch has.
func (m FlexMatch) Optimizer() optim.Optimizer { return paperSGD }

// flexible is the non-linear mapping of the paper, β / (2 - β), which is convex, so that a threshold
// moves little while its class is hardly learned.
func flexible(status *Node) *Node { return Div(status, AddScalar(Neg(status), 2)) }

// curriculum is what each image of the data was last taken for with confidence: the class's number,
// -1 for never.
type curriculum struct{ variable *model.Variable }

// newCurriculum returns the one that lives in scope.
func newCurriculum(scope *model.Scope, images int) curriculum {
	never := func(g *Graph, shape shapes.Shape) *Node { return FillScalar(g, shape, -1) }
	return curriculum{scope.WithInitializer(never).
		VariableWithShape("learned", shapes.Make(dtypes.Int32, images)).SetTrainable(false)}
}

// status is how far each class is learned, in [0, 1]: its number of images divided by that of the
// class with the most, or with a warm-up by the number of images that were never learned, if that
// is more.
//
//	-> [classes]
func (c curriculum) status(g *Graph, classes int, warmUp bool) *Node {
	learned := c.variable.NodeValue(g)                                                 // [images]
	known := ConvertDType(GreaterOrEqual(learned, ZerosLike(learned)), dtypes.Float32) // [images]
	at := InsertAxes(MaxScalar(learned, 0), -1)
	counts := Scatter(at, known, shapes.Make(dtypes.Float32, classes), false, false) // [classes]
	most := MaxScalar(ReduceAllMax(counts), 1)
	if warmUp {
		most = Max(most, ReduceAllSum(OneMinus(known)))
	}
	return Div(counts, most)
}

// note keeps the classes of those images whose probability is at least the threshold.
//
//	indices: int32 [n], no two alike; weak: logits, [n, classes]
func (c curriculum) note(indices, weak *Node, threshold float64) {
	g := weak.Graph()
	learned, at := c.variable.NodeValue(g), InsertAxes(indices, -1)
	classes, confidence := pseudoLabels(weak)
	sure := GreaterOrEqual(confidence, Scalar(g, dtypes.Float32, threshold))
	c.variable.SetNodeValue(ScatterUpdate(learned, at, Where(sure, classes, Gather(learned, at)), false, true))
}
