package ssl

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// WMSE learns representations in which two views of an image are near each other after whitening,
// which makes the dimensions of part of a batch uncorrelated and of variance 1: embeddings that are
// whitened can't all be the same.
//
// Ermolov et al. 2020, "Whitening for Self-Supervised Representation Learning", arXiv:2007.06346.
// The zero value is the paper's recipe for CIFAR-10. It differs in how it whitens: GoMLX has no
// Cholesky factor, so the matrix is the symmetric inverse root (ZCA) by Newton–Schulz iterations,
// as in iterative normalisation (Huang et al. 2019, arXiv:1904.03441) but run to convergence. Both
// whiten; one is a rotation of the other, though not the same one for both views, so that the loss
// is not the same number. Batches come in random order, so that consecutive images make the parts,
// whitened once (w_iter of 1 in the authors' code, htdt/self-supervised).
type WMSE struct {
	// Part is the number of images that are whitened together, which must divide the batch and be
	// above Out. Default: 2 × Out.
	Part int
	// Hidden is the number of features of the projection head's hidden layer. Default 1024.
	Hidden int
	// Out is the number of features of the embedding. Default 64. With small batches take less.
	Out int
	// Iterations is the number of Newton–Schulz steps, at least 1. Default 24, which reaches all
	// directions in which the embeddings vary; Huang et al. take 5, which whitens the strong
	// directions alone.
	Iterations int
	// Locals is the number of small crops beside the two large views. Default 0; the authors' code
	// takes any number of views, but all of one size.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

var _ CanCollapse = WMSE{}

// WithDefaults fills in the settings that were left at zero.
func (m WMSE) WithDefaults() Method {
	m.Hidden = cmp.Or(m.Hidden, 1024)
	m.Out = cmp.Or(m.Out, 64)
	m.Part = cmp.Or(m.Part, 2*m.Out)
	m.Iterations = cmp.Or(m.Iterations, 24)
	return m
}

// Name is "wmse".
func (m WMSE) Name() string { return "wmse" }

// Check returns an error where a field is out of range.
func (m WMSE) Check(batch Batch) error {
	d := WMSE{}.WithDefaults().(WMSE)
	if err := cmp.Or(
		setting.Features(1, "ssl.WMSE: Hidden", m.Hidden, d.Hidden),
		setting.Features(2, "ssl.WMSE: Out", m.Out, d.Out),
		setting.Repeats(1, "ssl.WMSE: Iterations", m.Iterations, d.Iterations),
	); err != nil {
		return err
	}
	return cmp.Or(
		setting.Must(m.Part > m.Out, "ssl.WMSE: Part", m.Part,
			fmt.Sprintf("above Out, %d, for there to be a variance in every dimension", m.Out), "2 × Out"),
		setting.Must(batch.Images >= m.Part && batch.Images%m.Part == 0, "ssl.WMSE: Part", m.Part,
			fmt.Sprintf("a divisor of the batch, %d", batch.Images), "2 × Out, so a smaller Out fits small batches"),
		batch.OneSize("ssl.WMSE", 0, 2),
		checkCrops("ssl.WMSE", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
	)
}

// Views are two draws of the paper's augmentation, then the small crops.
func (m WMSE) Views(height, width int) []augment.Pipeline {
	view := WMSEView(min(height, width))
	return withLocals([]augment.Pipeline{view, view}, min(height, width), m.Locals, m.LocalSize)
}

// WMSEView is the augmentation of W-MSE (the paper's section 4.1) to views of size × size pixels:
// crop of at least a fifth of the image, jitter of .4/.4/.4/.1, greyscale with probability .1, and
// flip.
func WMSEView(size int) augment.Pipeline {
	return augment.Pipeline{
		augment.RandomResizedCrop{Size: size, Scale: [2]float64{.2, 1}, Interpolation: augment.Bicubic},
		augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .4, Hue: .1, P: .8},
		augment.Grey{P: .1},
		augment.Flip{},
		augment.Normalize{},
	}
}

// Loss is equation 6 of the paper, the mean over all pairs of views, each of which is whitened by its
// own statistics:
//
//	v = whiten(g(f(x))), v' = whiten(g(f(x')));  loss = ‖v - v'‖², both l2-normalised
//
// The norms of f see each view by itself, and those of g all together, as in the authors' code.
func (m WMSE) Loss(step *Step) *Node {
	h := apart(step.Views, func(view *Node) *Node { return step.Encode(view).Pooled }) // A view each: [batch, dim]
	v := SplitViews(m.Embed(step.Scope, MergeViews(h...)), len(h))                     // A view each: [batch, out]
	return WhitenedDistance(v, m.Part, m.Iterations)
}

// WhitenedDistance is the loss of W-MSE: the mean squared distance, 2 - 2 cos, of the l2-normalised
// embeddings of two views, whitened in parts of the batch, over all pairs of views. The gradient
// flows into all. part is the number of consecutive images that are whitened together, as WMSE.Part:
// it divides the batch and is above dim. iterations is the number of Newton–Schulz steps, as
// WMSE.Iterations.
//
//	views: V × [batch, dim], of the same images -> scalar in [0, 4]
func WhitenedDistance(views []*Node, part, iterations int) *Node {
	batch := views[0].Shape().Dim(0)
	white := whiten(Concatenate(views, 0), part, iterations) // [V batch, dim], in one go; parts don't mix the views.
	of := func(v int) *Node { return Slice(white, AxisRange(v*batch, (v+1)*batch)) }
	var distances []*Node
	for v := range views {
		for w := v + 1; w < len(views); w++ {
			distances = append(distances, AddScalar(MulScalar(ReduceAllMean(cosines(of(v), of(w))), -2), 2))
		}
	}
	return meanOf(distances)
}

// whiten makes the dimensions uncorrelated and of variance 1 over every part of the batch.
//
//	v: [batch, dim] -> the same shape, float32
func whiten(v *Node, part, iterations int) *Node {
	batch, dim := v.Shape().Dim(0), v.Shape().Dim(1)
	x := Reshape(ConvertDType(v, dtypes.Float32), batch/part, part, dim) // [parts, part, dim]
	x = Sub(x, ReduceAndKeep(x, ReduceMean, 1))
	c := DivScalar(MatMul(Transpose(x, 1, 2), x), float64(part-1)) // [parts, dim, dim]
	return Reshape(MatMul(x, inverseRoot(c, iterations)), batch, dim)
}

// whitenShrink is the fraction of its mean variance that the covariance gets in every direction:
// what varies far less counts as noise. The authors' code has none by default.
const whitenShrink = 1e-4

// inverseRoot is c^(-1/2) of symmetric matrices without negative eigenvalues, shrunk a little
// towards multiples of the identity. With A being c scaled to trace 1, Newton–Schulz iterations go
// from Y = A, Z = 1 to the root of A and its inverse (Higham 2008, Functions of Matrices, chapter
// 6): the eigenvalues of ZY grow by 9/4 a step until they are near 1, and converge quadratically
// there. This coupled form does not build up rounding errors as Z ← (3Z - Z³A)/2 does.
//
//	c: [parts, dim, dim] -> the same shape
func inverseRoot(c *Node, iterations int) *Node {
	dim := c.Shape().Dim(-1)
	identity := ExpandAxes(ConvertDType(Diagonal(c.Graph(), dim), c.DType()), 0) // [1, dim, dim]
	trace := ReduceAndKeep(Mul(c, identity), ReduceSum, 1, 2)                    // [parts, 1, 1]
	trace = AddScalar(trace, 1e-12)                                              // Above 0 after collapse, too.
	y := Add(MulScalar(Div(c, trace), 1-whitenShrink), MulScalar(identity, whitenShrink/float64(dim)))
	z := Add(ZerosLike(c), identity) // y, z: [parts, dim, dim]
	for range iterations {
		next := MulScalar(Sub(MulScalar(identity, 3), MatMul(z, y)), .5)
		y, z = MatMul(y, next), MatMul(next, z)
	}
	return Div(z, Sqrt(trace))
}

// Embed is the projection head, a perceptron of two layers.
//
//	[batch, dim] -> [batch, out]
func (m WMSE) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 2}.Apply(scope.At("head"), features)
}

// Collapse of WMSE is of directions that the whitening takes for noise.
func (m WMSE) Collapse() Collapse {
	return Collapse{Try: "a smaller Out or a larger Part, for a better covariance; more Iterations; a lower learning rate"}
}

// Optimizer is Adam as the authors' code runs it on CIFAR-10, 3e-3 for batches of 512, with its
// decay, which is on norms and biases too, decoupled.
func (m WMSE) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 1.5e-3, WeightDecay: 1e-6, Exclude: optim.Nothing{}}
}
