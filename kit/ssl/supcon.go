package ssl

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// SupCon learns representations in which the views of all images of a class are closer to each
// other than to the rest of the batch. An image without a label (-1) has its own other view as its
// only positive, as in SimCLR, so a few labels may help among many images without.
//
//	recipe.Method = ssl.SupCon{} // The Data must have labels.
//
// Khosla et al. 2020, "Supervised Contrastive Learning", arXiv:2004.11362. The zero value is the
// loss L_out with the reference code's settings for CIFAR-10; unlabelled images are this package's
// addition.
type SupCon struct {
	// Temperature divides the cosine similarities, above 0. Default 0.1, the paper's, and the
	// reference code's on CIFAR-10.
	Temperature float64
	// Hidden is the number of features of the projection head's hidden layer. Default: that of the
	// encoder; the paper takes 2048 for a ResNet-50.
	Hidden int
	// Out is the number of features of the embedding that the loss compares. Default 128.
	Out int
	// Locals is the number of small crops beside the two large views, more views of an image's class.
	// Default 0, as the reference code trains; its loss takes any number of views.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

var _ NeedsLabels = SupCon{}

// WithDefaults fills in the settings that were left at zero.
func (m SupCon) WithDefaults() Method {
	m.Temperature = cmp.Or(m.Temperature, .1)
	m.Out = cmp.Or(m.Out, 128)
	return m
}

// Name is "supcon".
func (m SupCon) Name() string { return "supcon" }

// Check returns an error where a field is out of range, or where the batch holds no other image to
// compare with.
func (m SupCon) Check(batch Batch) error {
	d := SupCon{}.WithDefaults().(SupCon)
	return cmp.Or(
		setting.Divisor("ssl.SupCon: Temperature", m.Temperature, d.Temperature),
		setting.FeaturesOr("the encoder's features", "ssl.SupCon: Hidden", m.Hidden),
		setting.Features(1, "ssl.SupCon: Out", m.Out, d.Out),
		twoImages("ssl.SupCon", batch, "since the others are the negatives"),
		checkCrops("ssl.SupCon", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
		cropSizes("ssl.SupCon", batch),
	)
}

// CheckLabels returns an error where the images have no labels, or but one class.
func (m SupCon) CheckLabels(classes []string) error {
	if len(classes) < 2 {
		return fmt.Errorf("ssl.SupCon: the training images have %d classes; there must be at least 2 (without labels take "+
			"ssl.SimCLR)", len(classes))
	}
	return nil
}

// Views are two draws of MoCoView, whose crop and colours the reference code takes for CIFAR-10,
// then the small crops.
func (m SupCon) Views(height, width int) []augment.Pipeline {
	view := MoCoView(min(height, width))
	return withLocals([]augment.Pipeline{view, view}, min(height, width), m.Locals, m.LocalSize)
}

// Loss is L_out on all views of the batch:
//
//	for x, y in a batch: z, z' = g(f(t(x))), g(f(t'(x))) for augmentations t, t'
//	minimise L_out(z, z', y)
//
// Small crops are more views of x.
func (m SupCon) Loss(step *Step) *Node {
	z := encodeCrops(step, func(h *Node) *Node { return m.Embed(step.Scope, h) }) // a view each: [batch, out]
	return SupervisedContrast(z, step.Labels, m.Temperature)
}

// SupervisedContrast is L_out (equation 2 of the SupCon paper). With the embeddings of all views,
// l2-normalised, sim their dot product, and P(i) the other views with the label of i, the loss of
// view i is
//
//	-1/|P(i)| Σ_{p∈P(i)} log( exp(sim(i,p)/T) / Σ_{a≠i} exp(sim(i,a)/T) )
//
// and the result is its mean over all views, where the paper has the sum. P(i) is never empty: it
// holds the other views of the same image, and nothing else where the label is -1. With two views
// and labels that are all -1 it is NTXent. It is computed in float32.
//
//	views: V × [batch, dim], of the same images; labels: int32 [batch], -1 for none -> scalar
func SupervisedContrast(views []*Node, labels *Node, temperature float64) *Node {
	g := labels.Graph()
	all := MergeViews(apart(views, unit)...)                                   // [V batch, dim]
	logits := DivScalar(Dot(all, Transpose(all, 0, 1)).Product(), temperature) // [V batch, V batch]
	n := all.Shape().Dim(0)

	// Images without a label are classes of their own: -1 becomes -1 - i for image i.
	image := Iota(g, shapes.Make(labels.DType(), n/len(views)), 0) // [batch]
	class := Where(LessThan(labels, ZerosLike(labels)), Sub(MulScalar(image, -1), OnesLike(image)), labels)
	class = MergeViews(slices.Repeat([]*Node{class}, len(views))...) // [V batch]

	pairs := shapes.Make(dtypes.Int32, n, n)
	self := Equal(Iota(g, pairs, 0), Iota(g, pairs, 1))
	sameClass := Equal(InsertAxes(class, -1), InsertAxes(class, 0)) // [V batch, V batch]
	positive := ConvertDType(LogicalAnd(sameClass, LogicalNot(self)), logits.DType())

	others := logSumExp(Where(self, FillScalar(g, logits.Shape(), -1e9), logits)) // [V batch]
	pull := Div(ReduceSum(Mul(positive, logits), -1), ReduceSum(positive, -1))    // [V batch]
	return ReduceAllMean(Sub(others, pull))
}

// Embed is the projection head g, a perceptron of two layers without norms.
//
//	[batch, dim] -> [batch, out]
func (m SupCon) Embed(scope *model.Scope, features *Node) *Node {
	hidden := cmp.Or(m.Hidden, features.Shape().Dim(-1))
	return plainHead(scope.At("projector"), features, hidden, m.Out)
}

// Collapse of SupCon is where the classes fall together too.
func (m SupCon) Collapse() Collapse {
	return Collapse{Try: "a higher Temperature; a larger Batch, with several images of each class; a lower learning rate"}
}

// Optimizer is SGD as the reference code (HobbitLong/SupContrast) runs it on CIFAR-10: a rate of
// 0.5 for a batch of 1024, and weight decay on norms and biases too. That code multiplies the loss
// by Temperature/0.07, which its equation lacks; to step as far, multiply the rate by 1.43 at 0.1.
func (m SupCon) Optimizer() optim.Optimizer {
	return optim.SGD{LR: .125, Momentum: .9, WeightDecay: 1e-4, Exclude: optim.Nothing{}}
}
