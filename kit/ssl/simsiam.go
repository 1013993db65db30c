package ssl

import (
	"cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// SimSiam learns representations in which a predictor, from one view of an image, tells the
// projection of the other. There are no negatives and no teacher: that no gradient flows into what
// is predicted is all that keeps it from collapse.
//
// Chen & He 2020, "Exploring Simple Siamese Representation Learning", arXiv:2011.10566. The zero
// value is the paper's recipe (section 3), with the optimiser that solo-learn found for CIFAR-10.
type SimSiam struct {
	// Hidden is the number of features of the projector's hidden layers. Default 2048.
	Hidden int
	// Out is the number of features of projections and predictions. Default 2048.
	Out int
	// Bottleneck is the number of features of the predictor's hidden layer. Default 512; well below
	// Out.
	Bottleneck int
	// Locals is the number of small crops beside the two large views, from each of which the
	// projections of both are told. Default 0, the paper's.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

var _ CanCollapse = SimSiam{}

// WithDefaults fills in the settings that were left at zero.
func (m SimSiam) WithDefaults() Method {
	m.Hidden = cmp.Or(m.Hidden, 2048)
	m.Out = cmp.Or(m.Out, 2048)
	m.Bottleneck = cmp.Or(m.Bottleneck, 512)
	return m
}

// Name is "simsiam".
func (m SimSiam) Name() string { return "simsiam" }

// Check returns an error where a field is out of range.
func (m SimSiam) Check(batch Batch) error {
	d := SimSiam{}.WithDefaults().(SimSiam)
	return cmp.Or(
		setting.Features(1, "ssl.SimSiam: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.SimSiam: Out", m.Out, d.Out),
		setting.Features(1, "ssl.SimSiam: Bottleneck", m.Bottleneck, d.Bottleneck),
		twoImages("ssl.SimSiam", batch, "for the norms over the batch"),
		batch.OneSize("ssl.SimSiam", 0, 2),
		checkCrops("ssl.SimSiam", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
	)
}

// Views are two draws of the paper's augmentation, which is MoCo v2's, then the small crops.
func (m SimSiam) Views(height, width int) []augment.Pipeline {
	view := MoCoView(min(height, width))
	return withLocals([]augment.Pipeline{view, view}, min(height, width), m.Locals, m.LocalSize)
}

// Loss is algorithm 1 of the paper:
//
//	z1, z2 = f(x1), f(x2);  p1, p2 = h(z1), h(z2)
//	loss = D(p1, z2)/2 + D(p2, z1)/2, with no gradient into the z of D
//
// With small crops it is the mean of D over all pairs of a prediction and the z of another, large
// view: the pairs that BYOL has in solo-learn.
//
// The norms of f and h see each view by itself, as in the authors' code.
func (m SimSiam) Loss(step *Step) *Node {
	zs := embedApart(m, step)                                                // A view each: [batch, out]
	ps := apart(zs, func(z *Node) *Node { return m.predict(step.Scope, z) }) // A view each: [batch, out]
	sum := Add(NegativeCosine(ps[0], zs[1]), NegativeCosine(ps[1], zs[0]))
	return MulScalar(andSmallCrops(sum, ps, zs, NegativeCosine), 1/pairsOfCrops(len(ps)))
}

// NegativeCosine is D of the SimSiam paper (equation 1): the mean of minus the cosine of prediction
// and target, from -1 to 1. No gradient flows into the target.
//
//	prediction, target: [batch, dim] -> scalar
func NegativeCosine(prediction, target *Node) *Node {
	return Neg(ReduceAllMean(cosines(prediction, StopGradient(target))))
}

// Embed is the projector, a perceptron of three layers with a norm behind the last, which has no
// scale and offset, as in the authors' code.
//
//	[batch, dim] -> [batch, out]
func (m SimSiam) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 3, OutputNorm: true, PlainNorm: true}.Apply(scope.At("projector"), features)
}

// predict is the predictor h, a bottleneck of two layers without a norm behind the last.
//
//	[batch, out] -> [batch, out]
func (m SimSiam) predict(scope *model.Scope, z *Node) *Node {
	return encoder.MLP{Hidden: m.Bottleneck, Out: m.Out, Layers: 2}.Apply(scope.At("predictor"), z)
}

// Collapse of SimSiam comes from a predictor that does not keep up.
func (m SimSiam) Collapse() Collapse {
	return Collapse{Try: "a lower learning rate; a larger Batch; weaker weight decay; a smaller Bottleneck"}
}

// Optimizer is SGD as solo-learn runs it on CIFAR-10, with weight decay on norms and biases too, and
// a constant learning rate for the predictor (section 4.2).
func (m SimSiam) Optimizer() optim.Optimizer {
	return optim.PerVariable{
		Optimizer: optim.SGD{LR: .5, Momentum: .9, WeightDecay: 1e-5, Exclude: optim.Nothing{}},
		Rates:     optim.Steady{Under: "predictor"},
	}
}
