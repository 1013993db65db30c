package ssl

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// BarlowTwins learns representations whose dimensions agree between two views of an image and do
// not repeat each other: the correlations of the dimensions of one view with those of the other,
// over the batch, are to be the identity.
//
// Zbontar et al. 2021, "Barlow Twins: Self-Supervised Learning via Redundancy Reduction",
// arXiv:2103.03230. The zero value is the paper's loss and views, with the sizes and the optimiser
// that solo-learn found for CIFAR-10.
type BarlowTwins struct {
	// Lambda weighs the correlations off the diagonal against those on it, above 0. Default 0.0051,
	// the paper's.
	Lambda float64
	// Scale multiplies the whole loss, above 0. Default 0.1, solo-learn's.
	Scale float64
	// Hidden is the number of features of the projector's hidden layers. Default 2048; the paper
	// takes 8192 on ImageNet.
	Hidden int
	// Out is the number of features of the embedding. Default 2048; more is better, up to what
	// memory holds of Out × Out.
	Out int
	// Locals is the number of small crops beside the two large views, each of which is to agree with
	// both. Default 0, the paper's.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

var _ CanCollapse = BarlowTwins{}

// WithDefaults fills in the settings that were left at zero.
func (m BarlowTwins) WithDefaults() Method {
	m.Lambda = cmp.Or(m.Lambda, .0051)
	m.Scale = cmp.Or(m.Scale, .1)
	m.Hidden = cmp.Or(m.Hidden, 2048)
	m.Out = cmp.Or(m.Out, 2048)
	return m
}

// Name is "barlow".
func (m BarlowTwins) Name() string { return "barlow" }

// Check returns an error where a field is out of range.
func (m BarlowTwins) Check(batch Batch) error {
	d := BarlowTwins{}.WithDefaults().(BarlowTwins)
	return cmp.Or(
		setting.Positive("ssl.BarlowTwins: Lambda", m.Lambda, d.Lambda),
		setting.Positive("ssl.BarlowTwins: Scale", m.Scale, d.Scale),
		setting.Features(1, "ssl.BarlowTwins: Hidden", m.Hidden, d.Hidden),
		setting.Features(2, "ssl.BarlowTwins: Out", m.Out, d.Out),
		twoImages("ssl.BarlowTwins", batch, "for correlations over the batch"),
		batch.OneSize("ssl.BarlowTwins", 0, 2),
		checkCrops("ssl.BarlowTwins", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
	)
}

// Views are the paper's two augmentations, which are BYOL's, then the small crops, as the first.
func (m BarlowTwins) Views(height, width int) []augment.Pipeline {
	return withLocals(BYOLViews(min(height, width)), min(height, width), m.Locals, m.LocalSize)
}

// Loss is algorithm 1 of the paper. With small crops it is the mean over the pairs of a large view
// and another one, as VICRegL's authors pair them.
//
// The norms of encoder and projector see each view by itself, as in the authors' code.
func (m BarlowTwins) Loss(step *Step) *Node {
	return MulScalar(m.redundancy(embedApart(m, step)), m.Scale)
}

// redundancy is the loss of all views before it is scaled.
//
//	z: views × [batch, out], the large ones first -> scalar
func (m BarlowTwins) redundancy(z []*Node) *Node {
	return pairedCrops(z, func(a, b *Node) *Node { return RedundancyReduction(a, b, m.Lambda) })
}

// Embed is the projector, a perceptron of three layers.
//
//	[batch, dim] -> [batch, out]
func (m BarlowTwins) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 3}.Apply(scope.At("projector"), features)
}

// Collapse of BarlowTwins is dimensional: the diagonal keeps every dimension alive, and Lambda
// keeps them apart.
func (m BarlowTwins) Collapse() Collapse {
	return Collapse{Try: "a larger Lambda; a larger Batch, for better correlations; a lower learning rate"}
}

// Optimizer is LARS as solo-learn runs it on CIFAR-10.
func (m BarlowTwins) Optimizer() optim.Optimizer {
	return optim.LARS{LR: .3, Momentum: .9, WeightDecay: 1e-4, ClipLR: true}
}

// RedundancyReduction is the loss of Barlow Twins (equations 1 and 2 of its paper). With every
// dimension standardised over the batch, and C = zᵀz' / batch the correlations of the dimensions of
// both views, it is
//
//	Σᵢ (1 - Cᵢᵢ)² + λ Σᵢ Σ_{j≠i} Cᵢⱼ²
//
// It is computed in float32.
//
//	z, zPrime: [batch, dim], two views of the same images -> scalar
func RedundancyReduction(z, zPrime *Node, lambda float64) *Node {
	z, zPrime = standardized(z), standardized(zPrime)
	batch, dim := z.Shape().Dim(0), z.Shape().Dim(1)
	c := DivScalar(Dot(Transpose(z, 0, 1), zPrime).Product(), float64(batch)) // [dim, dim]
	diagonal := Diagonal(z.Graph(), dim)                                      // [dim, dim]
	return ReduceAllSum(Where(diagonal, Square(OneMinus(c)), MulScalar(Square(c), lambda)))
}

// standardized has mean 0 and deviation 1 in each dimension over the batch, as a batch-norm without
// scale and offset. A dimension that is the same for all images becomes 0.
//
//	x: [batch, dim] -> the same shape, float32
func standardized(x *Node) *Node {
	x = centred(x)
	variance := ReduceAndKeep(Square(x), ReduceMean, 0)       // [1, dim]
	return Div(x, Sqrt(AddScalar(variance, standardEpsilon))) // [batch, dim]
}

const standardEpsilon = 1e-5 // That of batch-norms, as in the paper's code.

// centred is x less its mean over the batch.
//
//	x: [batch, dim] -> the same shape, float32
func centred(x *Node) *Node {
	x = ConvertDType(x, dtypes.Float32)
	return Sub(x, ReduceAndKeep(x, ReduceMean, 0))
}
