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

// VICReg learns representations in which two views of an image are the same (invariance), every
// dimension keeps a deviation of at least 1 over the batch (variance), and no two dimensions vary
// together (covariance).
//
// Bardes et al. 2021, "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised
// Learning", arXiv:2105.04906. The zero value is the paper's loss, with the sizes, views and
// optimiser that solo-learn found for CIFAR-10.
//
// The variance terms of the two views are added, as in the paper (equation 6) and in solo-learn. The
// authors' code (facebookresearch/vicreg) and lightly take their mean: a Variance of 12.5 is theirs
// of 25.
type VICReg struct {
	// Invariance weighs the distance of the views, above 0. Default 25.
	Invariance float64
	// Variance weighs the hinge on the deviations, above 0. Default 25.
	Variance float64
	// Covariance weighs the covariances, above 0. Default 1. A tiny number leaves them out.
	Covariance float64
	// Hidden is the number of features of the projector's hidden layers. Default 2048; the paper
	// takes 8192 on ImageNet.
	Hidden int
	// Out is the number of features of the embedding. Default 2048.
	Out int
	// Locals is the number of small crops beside the two large views, each of which is to be the same
	// as both. Default 0, the paper's; VICRegL, of the same authors, has 6 with a ConvNeXt, and none
	// with a ResNet-50.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

var _ CanCollapse = VICReg{}

// WithDefaults fills in the settings that were left at zero.
func (m VICReg) WithDefaults() Method {
	m.Invariance = cmp.Or(m.Invariance, 25)
	m.Variance = cmp.Or(m.Variance, 25)
	m.Covariance = cmp.Or(m.Covariance, 1)
	m.Hidden = cmp.Or(m.Hidden, 2048)
	m.Out = cmp.Or(m.Out, 2048)
	return m
}

// Name is "vicreg".
func (m VICReg) Name() string { return "vicreg" }

// Check returns an error where a field is out of range.
func (m VICReg) Check(batch Batch) error {
	d := VICReg{}.WithDefaults().(VICReg)
	return cmp.Or(
		setting.Positive("ssl.VICReg: Invariance", m.Invariance, d.Invariance),
		setting.Positive("ssl.VICReg: Variance", m.Variance, d.Variance),
		setting.Positive("ssl.VICReg: Covariance", m.Covariance, d.Covariance),
		setting.Features(1, "ssl.VICReg: Hidden", m.Hidden, d.Hidden),
		setting.Features(2, "ssl.VICReg: Out", m.Out, d.Out),
		twoImages("ssl.VICReg", batch, "for variances over the batch"),
		batch.OneSize("ssl.VICReg", 0, 2),
		checkCrops("ssl.VICReg", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
	)
}

// Views are two draws of one augmentation, then the small crops.
func (m VICReg) Views(height, width int) []augment.Pipeline {
	view := VICRegView(min(height, width))
	return withLocals([]augment.Pipeline{view, view}, min(height, width), m.Locals, m.LocalSize)
}

// Loss is algorithm 1 of the paper: what is the same of two views, with two terms that keep it from
// being nothing. The norms of encoder and projector see each view by itself, as in the authors'
// code.
func (m VICReg) Loss(step *Step) *Node { return m.regularized(embedApart(m, step)) }

// regularized is equation 6 of the paper: the three terms with their weights. With small crops
// invariance is the mean over the pairs of a large view and another one, and variance and covariance
// are twice the mean over the views: the global loss of facebookresearch/VICRegL, in these weights.
//
//	z: views × [batch, out], the large ones first -> scalar
func (m VICReg) regularized(z []*Node) *Node {
	weight := globalCrops / float64(len(z)) // So that those of all views together weigh as much as those of two.
	invariance := MulScalar(pairedCrops(z, invarianceTerm), m.Invariance)
	variance := MulScalar(sumOf(apart(z, VarianceHinge)), m.Variance*weight)
	covariance := MulScalar(sumOf(apart(z, CovariancePenalty)), m.Covariance*weight)
	return Add(invariance, Add(variance, covariance))
}

// Embed is the projector, the paper's expander: a perceptron of three layers.
//
//	[batch, dim] -> [batch, out]
func (m VICReg) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 3}.Apply(scope.At("projector"), features)
}

// Collapse of VICReg is where the variance term has lost: a deviation of the normalised embeddings
// below 0.25 of 1/√dim, the general limit being 0.05. The paper gives none. On Shapes the deviation
// was 0.8 of it with the paper's weights, and 0.1 to 0.2 with a variance term of next to nothing,
// whose embeddings shrink towards each other but do not meet.
func (m VICReg) Collapse() Collapse {
	return Collapse{Std: .25, Try: "a larger Variance, or Covariance where only the rank falls; a larger Batch; a lower " +
		"learning rate"}
}

// Optimizer is LARS as solo-learn runs it on CIFAR-10.
func (m VICReg) Optimizer() optim.Optimizer {
	return optim.LARS{LR: .3, Momentum: .9, WeightDecay: 1e-4, ClipLR: true}
}

// VICRegView is the augmentation of VICReg as solo-learn has it on CIFAR-10: crop of at least a
// fifth of the image, flip, jitter of .4/.4/.2/.1, greyscale, above 32 pixels blur, and solarise
// with probability .1.
func VICRegView(size int) augment.Pipeline {
	view := augment.Pipeline{
		augment.RandomResizedCrop{Size: size, Scale: [2]float64{.2, 1}, Interpolation: augment.Bicubic},
		augment.Flip{},
		augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .2, Hue: .1, P: .8},
		augment.Grey{P: .2},
	}
	if size > 32 {
		view = append(view, augment.GaussianBlur{P: .5})
	}
	return append(view, augment.Solarize{P: .1}, augment.Normalize{})
}

// VarianceHinge is the variance term v of VICReg (equation 1 of the paper): the mean over
// dimensions of how far the deviation over the batch is below 1, with an epsilon of 1e-4 on the
// variance so that a collapsed batch has a gradient too.
//
//	z: [batch, dim] -> scalar, float32, from 0 to 0.99
func VarianceHinge(z *Node) *Node {
	n := float64(z.Shape().Dim(0))
	variance := DivScalar(ReduceSum(Square(centred(z)), 0), n-1) // [dim]
	deviation := Sqrt(AddScalar(variance, 1e-4))                 // [dim]
	return ReduceAllMean(MaxScalar(OneMinus(deviation), 0))
}

// CovariancePenalty is the covariance term c of VICReg (equations 3 and 4 of the paper): the sum of
// the squared covariances between different dimensions, divided by the number of dimensions.
//
//	z: [batch, dim] -> scalar, float32
func CovariancePenalty(z *Node) *Node {
	z = centred(z)
	batch, dim := z.Shape().Dim(0), z.Shape().Dim(1)
	c := DivScalar(Dot(Transpose(z, 0, 1), z).Product(), float64(batch-1)) // [dim, dim]
	c = Where(Diagonal(z.Graph(), dim), ZerosLike(c), c)
	return DivScalar(ReduceAllSum(Square(c)), float64(dim))
}

// invarianceTerm is the mean squared distance of two views over images and dimensions, as in
// algorithm 1 of VICReg, which its weights are meant for; its equation 5 sums over the dimensions.
//
//	a, b: [batch, dim] -> scalar, float32
func invarianceTerm(a, b *Node) *Node {
	return ReduceAllMean(Square(Sub(ConvertDType(a, dtypes.Float32), ConvertDType(b, dtypes.Float32))))
}
