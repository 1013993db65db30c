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
		batch.OneSize("ssl.SimCLR", 0, 2),
	)
}

// Views are two draws of the paper's augmentation, at half its strength as for CIFAR-10.
func (m SimCLR) Views(height, width int) []augment.Pipeline {
	view := SimCLRView(min(height, width), .5)
	return []augment.Pipeline{view, view}
}

// Loss is algorithm 1 of the paper:
//
//	for x in a batch: h = f(t(x)), h' = f(t'(x)) for augmentations t, t'; z = g(h), z' = g(h')
//	minimise NT-Xent(z, z')
func (m SimCLR) Loss(step *Step) *Node {
	h := step.Encode(step.Views...).Pooled     // [2 batch, dim]
	z := SplitViews(m.Embed(step.Scope, h), 2) // 2 × [batch, out]
	return NTXent(z[0], z[1], m.Temperature)
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
// the 2N embeddings of both views, l2-normalised, and sim their dot product, the loss of the pair
// (i, j) is
//
//	-log( exp(sim(i,j)/T) / Σ_{k≠i} exp(sim(i,k)/T) )
//
// and the result is its mean over all 2N ordered pairs. It is computed in float32.
//
//	z, zPrime: [batch, dim], two views of the same images -> scalar
func NTXent(z, zPrime *Node, temperature float64) *Node {
	g := z.Graph()
	z, zPrime = unit(z), unit(zPrime)
	all := MergeViews(z, zPrime)                                               // [2 batch, dim]
	partners := MergeViews(zPrime, z)                                          // [2 batch, dim]
	positive := DivScalar(ReduceSum(Mul(all, partners), -1), temperature)      // [2 batch]
	logits := DivScalar(Dot(all, Transpose(all, 0, 1)).Product(), temperature) // [2 batch, 2 batch]
	self := Equal(Iota(g, logits.Shape(), 0), Iota(g, logits.Shape(), 1))
	logits = Where(self, FillScalar(g, logits.Shape(), -1e9), logits)

	return ReduceAllMean(Sub(logSumExp(logits), positive))
}
