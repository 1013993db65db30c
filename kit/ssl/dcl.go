package ssl

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// DCL is SimCLR with the positive pair taken out of the denominator of its loss. What pulls the
// views of an image together then no longer fades when the negatives are easy, as they are in small
// batches: take it where SimCLR wants a larger batch than there is.
//
//	recipe.Method = ssl.DCL{}           // The decoupled loss.
//	recipe.Method = ssl.DCL{Sigma: 0.5} // DCLW: views that differ more count more.
//
// Yeh et al. 2021, "Decoupled Contrastive Learning", arXiv:2110.06848. The zero value is SimCLR's
// recipe for CIFAR-10 with the loss at the temperature of others' code
// (raminnakhli/Decoupled-Contrastive-Learning) and of lightly.
type DCL struct {
	// Temperature divides the cosine similarities, above 0. Default 0.1.
	Temperature float64
	// Sigma is the width of the weights of DCLW, above 0; the paper takes 0.5. Default 0: DCL,
	// without weights.
	Sigma float64
	// Hidden is the number of features of the projection head's hidden layer. Default: that of the
	// encoder.
	Hidden int
	// Out is the number of features of the embedding that the loss compares. Default 128.
	Out int
	// Locals is the number of small crops beside the two large views. Each pair of views of an image
	// is then a positive one. Default 0: the paper's loss is of two views.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

var _ Method = DCL{}

// WithDefaults fills in the settings that were left at zero.
func (m DCL) WithDefaults() Method {
	m.Temperature = cmp.Or(m.Temperature, .1)
	m.Out = cmp.Or(m.Out, 128)
	return m
}

// Name is "dcl", with or without weights.
func (m DCL) Name() string { return "dcl" }

// Check returns an error where a field is out of range, or where the batch holds no negatives.
func (m DCL) Check(batch Batch) error {
	d := DCL{}.WithDefaults().(DCL)
	return cmp.Or(
		setting.Divisor("ssl.DCL: Temperature", m.Temperature, d.Temperature),
		m.checkSigma(),
		setting.FeaturesOr("the encoder's features", "ssl.DCL: Hidden", m.Hidden),
		setting.Features(1, "ssl.DCL: Out", m.Out, d.Out),
		twoImages("ssl.DCL", batch, "since the others are the negatives"),
		checkCrops("ssl.DCL", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
		cropSizes("ssl.DCL", batch),
	)
}

// checkSigma checks the width of the weights where there are any.
func (m DCL) checkSigma() error {
	if m.Sigma == 0 {
		return nil
	}
	return setting.Divisor("ssl.DCL: Sigma", m.Sigma, "no weights")
}

// Views are two draws of one augmentation, then the small crops.
func (m DCL) Views(height, width int) []augment.Pipeline { return m.simCLR().Views(height, width) }

// Loss is SimCLR's algorithm with another loss:
//
//	for x in a batch: h = f(t(x)), h' = f(t'(x)) for augmentations t, t'; z = g(h), z' = g(h')
//	minimise DCL(z, z')
//
// Small crops are more views of x.
func (m DCL) Loss(step *Step) *Node {
	z := encodeCrops(step, func(h *Node) *Node { return m.Embed(step.Scope, h) }) // a view each: [batch, out]
	return Decoupled(z, m.Temperature, m.Sigma)
}

// Embed is SimCLR's projection head, a perceptron of two layers.
//
//	[batch, dim] -> [batch, out]
func (m DCL) Embed(scope *model.Scope, features *Node) *Node {
	return m.simCLR().Embed(scope, features)
}

// Collapse of DCL is dimensional where it happens, as SimCLR's is.
func (m DCL) Collapse() Collapse {
	return Collapse{Try: "a higher Temperature; a larger Batch; a wider Hidden; a lower learning rate"}
}

// Optimizer is SimCLR's. Its trust moves the weights by a share of their length that goes with the
// batch: at most 6e-4 a step with 16 images, where norms and biases, which it leaves out, do nearly
// all the learning for the first dozens of steps. For so small batches take optim.AdamW{LR: 1e-3,
// WeightDecay: 1e-6, Scaling: optim.Unscaled}, the Adam of
// raminnakhli/Decoupled-Contrastive-Learning for 128 images. At this Temperature the loss of
// untrained networks differs by 0.7 from one batch of 16 to the next, more than is learned in a
// dozen steps, so that it may seem to rise.
func (m DCL) Optimizer() optim.Optimizer { return m.simCLR().Optimizer() }

// simCLR is the method that this one changes the loss of.
func (m DCL) simCLR() SimCLR {
	return SimCLR{Hidden: m.Hidden, Out: m.Out, Locals: m.Locals, LocalSize: m.LocalSize}
}

// Decoupled is the decoupled contrastive loss (section 3 of the DCL paper). With the embeddings of
// all views, l2-normalised, and sim their dot product, the loss of the pair (i, j) of views of one
// image is
//
//	-w sim(i,j)/T + log Σ_k exp(sim(i,k)/T), k over the views of the other images
//
// and the result is its mean over all ordered pairs. It has no lower bound at 0. The temperature T is
// above 0. The weight w is 1 where sigma is 0; sigma is above 0 else, in units of the cosine
// similarity, and w is 2 - exp(sim(i,j)/sigma) / mean exp(sim/sigma), the mean being over all
// pairs. It is computed in float32.
//
//	views: V × [batch, dim], of the same images -> scalar
func Decoupled(views []*Node, temperature, sigma float64) *Node {
	all, positives := positivePairs(views)                                     // [V batch, dim], V - 1 × [V batch]
	positive := Stack(positives, 0)                                            // [V - 1, V batch]
	logits := DivScalar(Dot(all, Transpose(all, 0, 1)).Product(), temperature) // [V batch, V batch]
	g, pairs := all.Graph(), shapes.Make(dtypes.Int32, logits.Shape().Dimensions...)
	sameImage := Equal(DivScalar(Iota(g, pairs, 0), len(views)), DivScalar(Iota(g, pairs, 1), len(views)))
	logits = Where(sameImage, FillScalar(g, logits.Shape(), -1e9), logits)

	pull := DivScalar(positive, temperature) // [V - 1, V batch]
	if sigma > 0 {
		pull = Mul(pull, vonMisesFisher(positive, sigma))
	}
	return ReduceAllMean(Sub(ExpandAxes(logSumExp(logits), 0), pull))
}

// vonMisesFisher are the weights of DCLW. Their mean is 1, and the gradient flows into them too, as
// in the paper's formula.
//
//	similarity: any shape -> the same
func vonMisesFisher(similarity *Node, sigma float64) *Node {
	n := float64(similarity.Shape().Size())
	share := Reshape(Softmax(Reshape(DivScalar(similarity, sigma), -1), -1), similarity.Shape().Dimensions...)
	return AddScalar(MulScalar(share, -n), 2)
}
