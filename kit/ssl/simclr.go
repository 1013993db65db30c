package ssl

import (
	"cmp"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// SimCLR learns representations in which two views of an image are closer to each other than to the
// views of all other images in the batch.
//
// Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations",
// arXiv:2002.05709. The zero value is the paper's recipe for CIFAR-10 (appendix B.9). It wants
// large batches: every other image of the batch is a negative.
type SimCLR struct {
	// Temperature divides the cosine similarities, above 0. Default 0.5; the paper takes 0.1 for
	// long training on ImageNet.
	Temperature float64
	// Hidden is the number of features of the projection head's hidden layer. Default: that of the
	// encoder.
	Hidden int
	// Out is the number of features of the embedding that the loss compares. Default 128.
	Out int
	// Locals is the number of small crops beside the two large views. Each pair of views of an image
	// is then a positive one. Default 0, the paper's; vissl and solo-learn can have them too.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

// WithDefaults fills in the settings that were left at zero.
func (m SimCLR) WithDefaults() Method {
	m.Temperature = cmp.Or(m.Temperature, .5)
	m.Out = cmp.Or(m.Out, 128)
	return m
}

// Name is "simclr".
func (m SimCLR) Name() string { return "simclr" }

// Check returns an error where a field is out of range, or where the batch holds no negatives.
func (m SimCLR) Check(batch Batch) error {
	d := SimCLR{}.WithDefaults().(SimCLR)
	return cmp.Or(
		setting.Divisor("ssl.SimCLR: Temperature", m.Temperature, d.Temperature),
		setting.FeaturesOr("the encoder's features", "ssl.SimCLR: Hidden", m.Hidden),
		setting.Features(1, "ssl.SimCLR: Out", m.Out, d.Out),
		twoImages("ssl.SimCLR", batch, "since the others are the negatives"),
		checkCrops("ssl.SimCLR", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
		cropSizes("ssl.SimCLR", batch),
	)
}

// Views are two draws of the paper's augmentation, at half its strength as for CIFAR-10, then the
// small crops.
func (m SimCLR) Views(height, width int) []augment.Pipeline {
	view := SimCLRView(min(height, width), .5)
	return withLocals([]augment.Pipeline{view, view}, min(height, width), m.Locals, m.LocalSize)
}

// Loss is algorithm 1 of the paper:
//
//	for x in a batch: h = f(t(x)), h' = f(t'(x)) for augmentations t, t'; z = g(h), z' = g(h')
//	minimise NT-Xent(z, z')
//
// Small crops are more views of x.
func (m SimCLR) Loss(step *Step) *Node {
	z := encodeCrops(step, func(h *Node) *Node { return m.Embed(step.Scope, h) }) // a view each: [batch, out]
	return NTXent(z, m.Temperature)
}

// Embed is the projection head g, a perceptron of two layers.
//
//	[batch, dim] -> [batch, out]
func (m SimCLR) Embed(scope *model.Scope, features *Node) *Node {
	hidden := cmp.Or(m.Hidden, features.Shape().Dim(-1))
	return encoder.MLP{Hidden: hidden, Out: m.Out, Layers: 2, OutputNorm: true}.Apply(scope.At("head"), features)
}

// Optimizer is the paper's for CIFAR-10: LARS with a learning rate of 1 at a batch of 256 and
// weight decay 1e-4.
func (m SimCLR) Optimizer() optim.Optimizer {
	return optim.LARS{LR: 1, Momentum: .9, WeightDecay: 1e-4, Eta: .001}
}

// Collapse is dimensional where it happens: the negatives keep embeddings from all being the same.
func (m SimCLR) Collapse() Collapse {
	return Collapse{Try: "a larger Batch, since its images are the negatives; a higher Temperature; a wider Hidden; " +
		"a lower learning rate"}
}

// NTXent is the normalised temperature-scaled cross-entropy (equation 1 of the SimCLR paper). With
// the embeddings of all views, l2-normalised, and sim their dot product, the loss of the pair (i, j)
// of views of one image is
//
//	-log( exp(sim(i,j)/T) / (exp(sim(i,j)/T) + Σ_k exp(sim(i,k)/T)) ), k over the views of the other images
//
// and the result is its mean over all ordered pairs. With two views the denominator is over all but
// i, as in the paper; with more it leaves out the other positives, as in facebookresearch/vissl
// (multicrop_simclr_info_nce_loss.py). It is computed in float32.
//
//	views: V × [batch, dim], of the same images -> scalar
func NTXent(views []*Node, temperature float64) *Node {
	all, positives := positivePairs(views)                                     // [V batch, dim], V - 1 × [V batch]
	logits := DivScalar(Dot(all, Transpose(all, 0, 1)).Product(), temperature) // [V batch, V batch]
	losses := make([]*Node, len(positives))
	for i, positive := range positives {
		candidates := Where(otherPositives(logits, len(views), i+1), FillScalar(all.Graph(), logits.Shape(), -1e9), logits)
		losses[i] = ReduceAllMean(Sub(logSumExp(candidates), DivScalar(positive, temperature)))
	}
	return meanOf(losses)
}

// positivePairs are the views' embeddings, l2-normalised and interleaved, and the similarity of each
// to its partners of the same image: to that of the next view, of the next but one, and so on, the
// first view coming after the last.
//
//	views: V × [batch, dim] -> [V batch, dim], V - 1 × [V batch]
func positivePairs(views []*Node) (all *Node, similarities []*Node) {
	views = apart(views, unit)
	all = MergeViews(views...)
	for shift := 1; shift < len(views); shift++ {
		partners := MergeViews(slices.Concat(views[shift:], views[:shift])...)
		similarities = append(similarities, ReduceSum(Mul(all, partners), -1))
	}
	return all, similarities
}

// otherPositives tells the embeddings of the same image, the one itself among them, but for the
// partner, which is `shift` views on.
//
//	pairs: [V batch, V batch], of interleaved views -> bool, the same shape
func otherPositives(pairs *Node, views, shift int) *Node {
	g, shape := pairs.Graph(), shapes.Make(dtypes.Int32, pairs.Shape().Dimensions...)
	row, column := Iota(g, shape, 0), Iota(g, shape, 1)
	partner := ModScalar(AddScalar(row, shift), views)
	return LogicalAnd(
		Equal(DivScalar(row, views), DivScalar(column, views)),
		NotEqual(ModScalar(column, views), partner))
}
