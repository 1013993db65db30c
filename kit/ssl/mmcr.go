package ssl

import (
	"cmp"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// MMCR learns representations in which the views of an image are near their mean, and the means of
// different images point in as many directions as there are: the nuclear norm of the matrix of
// means is large for both.
//
// Yerxa et al. 2023, "Learning Efficient Coding of Natural Images with Maximum Manifold Capacity
// Representations", arXiv:2303.03307. The zero value is the authors' code for CIFAR-10
// (ThomasYerxa/mmcr, pretrain_cifar_stl.py, mmcr/cifar_stl) but for the number of views: two, as
// their code for ImageNet has them, since 40 views of 32 images take the time of 640 images.
type MMCR struct {
	// PerImage is the number of views of an image, from 2 to 1000. Default 2; the authors take 40 in
	// batches of 32 on CIFAR-10, and 2, 4 and 8 on ImageNet.
	PerImage int
	// Lambda is the weight of the nuclear norm of each image's views, at least 0. Default 0, the
	// authors': to be near the mean is enough.
	Lambda float64
	// Hidden is the number of features of the projection head's hidden layer. Default 512.
	Hidden int
	// Out is the number of features of the embedding. Default 128.
	Out int
}

var _ CanCollapse = MMCR{}

// WithDefaults fills in the settings that were left at zero.
func (m MMCR) WithDefaults() Method {
	m.PerImage = cmp.Or(m.PerImage, 2)
	m.Hidden = cmp.Or(m.Hidden, 512)
	m.Out = cmp.Or(m.Out, 128)
	return m
}

// Name is "mmcr".
func (m MMCR) Name() string { return "mmcr" }

// Check returns an error where a field is out of range, or where the batch has one direction only.
func (m MMCR) Check(batch Batch) error {
	d := MMCR{}.WithDefaults().(MMCR)
	return cmp.Or(
		setting.Repeats(2, "ssl.MMCR: PerImage", m.PerImage, d.PerImage),
		setting.NotNegative("ssl.MMCR: Lambda", m.Lambda),
		setting.Features(1, "ssl.MMCR: Hidden", m.Hidden, d.Hidden),
		setting.Features(2, "ssl.MMCR: Out", m.Out, d.Out),
		twoImages("ssl.MMCR", batch, "which are to differ"),
		batch.OneSize("ssl.MMCR", 0, len(batch.Views)),
	)
}

// Views are draws of the authors' augmentation.
func (m MMCR) Views(height, width int) []augment.Pipeline {
	return slices.Repeat([]augment.Pipeline{MMCRView(min(height, width))}, max(0, min(m.PerImage, mostViews))) // Check refuses more.
}

// MMCRView is the augmentation of MMCR (mmcr/cifar_stl/data.py) to views of size × size pixels:
// crop, resized bilinearly, flip, jitter of .4/.4/.4/.1 and greyscale.
func MMCRView(size int) augment.Pipeline {
	return augment.Pipeline{
		augment.RandomResizedCrop{Size: size},
		augment.Flip{},
		augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .4, Hue: .1, P: .8},
		augment.Grey{P: .2},
		augment.Normalize{},
	}
}

// Loss is the paper's, on the embeddings of all views, which the norms see together:
//
//	z = g(f(views)), l2-normalised;  c = mean of z over the views of an image
//	loss = Lambda × mean of ‖z of an image‖⁎ - ‖c‖⁎
func (m MMCR) Loss(step *Step) *Node {
	z := m.Embed(step.Scope, step.Encode(step.Views...).Pooled) // [batch × views, out]
	return ManifoldCapacity(Reshape(z, -1, len(step.Views), m.Out), m.Lambda)
}

// ManifoldCapacity is the loss of MMCR: minus the nuclear norm of the matrix of the images' mean
// embeddings, and with weight lambda the mean of the nuclear norms of each image's embeddings. All
// are l2-normalised first. It is computed in float32.
//
//	z: [batch, views, dim] -> scalar
func ManifoldCapacity(z *Node, lambda float64) *Node {
	z = unit(z)
	means := ReduceMean(z, 1) // [batch, dim]
	loss := Neg(ReduceAllSum(nuclearNorm(ExpandAxes(means, 0))))
	if lambda == 0 {
		return loss
	}
	return Add(loss, MulScalar(ReduceAllMean(nuclearNorm(z)), lambda))
}

// Embed is the projection head, a perceptron of two layers without biases.
//
//	[batch, dim] -> [batch, out]
func (m MMCR) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 2, NoBias: true}.Apply(scope.At("head"), features)
}

// Collapse of MMCR is of directions: the means of a small batch span few of them.
func (m MMCR) Collapse() Collapse {
	return Collapse{Try: "a larger Batch, for the means to span more directions; more views (PerImage); a smaller Lambda; " +
		"a lower learning rate"}
}

// Optimizer is the authors' Adam on CIFAR-10, whatever the batch, with weight decay on norms and
// biases too. Their decay is a penalty in the gradient; here it is decoupled.
func (m MMCR) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 1e-3, Scaling: optim.Unscaled, WeightDecay: 1e-6, Exclude: optim.Nothing{}}
}
