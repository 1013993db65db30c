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

// Colorization is the pretext task of telling the colours of a grey image: who knows what is there
// knows what colour it has. It works with any encoder; a ViT must pool the mean of its patches,
// since no loss trains what a class token gives. The encoder never sees a colour, so what it learns
// of coloured images is what their grey tells.
//
// Zhang et al. 2016, "Colorful Image Colorization", arXiv:1603.08511: a classification among
// colours ab of CIE Lab, in which rare ones weigh more. Here the encoder's last map is decoded by a
// perceptron at each place, where the paper has a network of its own; a colour has one class, not
// its nearest ones (five in the paper, ten in its code, weighted by a Gaussian of 5); how rare a
// colour is, is counted in the batch, not in ImageNet; the classes are the 260 squares in which
// colours of sRGB were found, where the paper counts 313; and the colour told is the mean of a cell,
// where its code takes every fourth pixel. Images without colours count, which its code leaves out.
type Colorization struct {
	// Cell is the side of the squares of the view whose mean colour is told, in pixels; it divides
	// the view. Default 4, the stride of the paper's code.
	Cell int
	// Bin is the side of a class in a and b, in [5, 100]. Default 10, as in the paper; a larger one
	// has fewer classes.
	Bin float64
	// Uniform is the share of the uniform distribution in the colours' frequencies, in (0, 1]: 1
	// weighs all colours alike. Default 0.5, as in the paper.
	Uniform float64
	// Hidden is the number of features of the decoder's hidden layer. Default: that of the encoder.
	Hidden int
}

var _ LearnsOnPatches = Colorization{}

// WithDefaults fills in the settings that were left at zero, but for Hidden, which follows the
// encoder.
func (m Colorization) WithDefaults() Method {
	m.Cell = cmp.Or(m.Cell, 4)
	m.Bin = cmp.Or(m.Bin, 10)
	m.Uniform = cmp.Or(m.Uniform, .5)
	return m
}

// Name is "colorization".
func (m Colorization) Name() string { return "colorization" }

// Check returns an error where a field is out of range.
func (m Colorization) Check(batch Batch) error {
	d := Colorization{}.WithDefaults().(Colorization)
	height, width := batch.ViewSize(0)
	return cmp.Or(
		setting.Must(m.Cell >= 1 && height%m.Cell == 0 && width%m.Cell == 0, "ssl.Colorization: Cell", m.Cell,
			fmt.Sprintf("at least 1 and divide the view's %d×%d pixels", height, width), d.Cell),
		setting.Within(5, 100, "ssl.Colorization: Bin", m.Bin, d.Bin),
		setting.UpTo(1, "ssl.Colorization: Uniform", m.Uniform, d.Uniform),
		setting.FeaturesOr("the encoder's features", "ssl.Colorization: Hidden", m.Hidden),
	)
}

// Views is one view: a crop of at least half of the image, and flip.
func (m Colorization) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Normalize{},
	}}
}

// Loss is equation 2 of the paper with the weights of its equation 4:
//
//	loss = -mean over cells of v(colour) log p(colour), p = softmax(decoder(f(grey)))
func (m Colorization) Loss(step *Step) *Node {
	colours, toGrey := step.Views[0], augment.Pipeline{augment.Grey{P: 1}} // [batch, height, width, 3]
	view := step.Augment[0]
	if normalize, ok := lastOf(view).(augment.Normalize); ok {
		colours, toGrey = denormalize(colours, normalize.WithDefaults()), append(toGrey, normalize)
	}
	rows, columns := colours.Shape().Dim(1)/m.Cell, colours.Shape().Dim(2)/m.Cell
	bins := newColourBins(m.Bin)
	labels := bins.labels(cellMeans(labAB(colours), rows, columns)) // [batch × rows × columns]
	grey := toGrey.Apply(step.Random, colours)
	logits := m.decode(step.Scope, step.Encode(grey).Map, rows, columns, bins.classes) // [batch × rows × columns, classes]
	return RebalancedCrossEntropy(logits, labels, m.Uniform)
}

// lastOf is the last transform of a view, nil of an empty one.
func lastOf(view augment.Pipeline) augment.Transform {
	if len(view) == 0 {
		return nil
	}
	return view[len(view)-1]
}

// denormalize undoes a Normalize: the colours are in [0, 1] again.
//
//	images: [batch, height, width, 3] -> the same shape
func denormalize(images *Node, n augment.Normalize) *Node {
	perChannel := func(v [3]float64) *Node {
		return Reshape(ConvertDType(Const(images.Graph(), v[:]), images.DType()), 1, 1, 1, 3)
	}
	return ClipScalar(Add(Mul(images, perChannel(n.Std)), perChannel(n.Mean)), 0, 1)
}

// cellMeans are the means over each of rows × columns cells.
//
//	x: [batch, height, width, channels] -> [batch, rows, columns, channels]
func cellMeans(x *Node, rows, columns int) *Node {
	dims := x.Shape().Dimensions
	return ReduceMean(Reshape(x, dims[0], rows, dims[1]/rows, columns, dims[2]/columns, dims[3]), 2, 4)
}

// decode tells classes from the encoder's map: each place gives those of some cells, and what juts
// out of the image is cut off.
//
//	x: [batch, h, w, dim] -> [batch × rows × columns, classes]
func (m Colorization) decode(scope *model.Scope, x *Node, rows, columns, classes int) *Node {
	batch, h, w, features := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	down, across := (rows+h-1)/h, (columns+w-1)/w
	decoder := encoder.MLP{Hidden: cmp.Or(m.Hidden, features), Out: down * across * classes, Layers: 2}
	x = decoder.Apply(scope.At("decoder"), Reshape(x, batch*h*w, features))
	cells := augment.Assemble(Reshape(x, batch, h*w, down, across, classes), h, w) // [batch, h × down, w × across, classes]
	return Reshape(Slice(cells, AxisRange(), AxisRange(0, rows), AxisRange(0, columns), AxisRange()), -1, classes)
}

// RebalancedCrossEntropy is the mean cross-entropy in which a class of frequency p among the labels
// weighs 1/((1 - uniform) p + uniform/classes), scaled so that the labels weigh 1 on average (the
// paper's equation 4).
//
//	logits: [n, classes]; labels: int32 [n] -> scalar
func RebalancedCrossEntropy(logits, labels *Node, uniform float64) *Node {
	classes := logits.Shape().Dim(-1)
	targets := OneHot(labels, classes, dtypes.Float32) // [n, classes]
	frequency := ReduceMean(targets, 0)                // [classes]
	weights := Reciprocal(AddScalar(MulScalar(frequency, 1-uniform), uniform/float64(classes)))
	weights = Div(weights, ReduceAllSum(Mul(frequency, weights)))
	losses := Neg(Mul(targets, LogSoftmax(ConvertDType(logits, dtypes.Float32), -1))) // [n, classes], 0 but for the label's
	return ReduceAllMean(Einsum("nc,c->n", losses, weights))
}

// LossOnPatches marks the method; see LearnsOnPatches.
func (m Colorization) LossOnPatches() {}

// Embed returns the features as they are: the task compares no embeddings.
func (m Colorization) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is Adam as in the paper's code (richzhang/colorization): 3e-5 for 40 images at a time,
// with its momenta, and its decay, which is on biases too, here decoupled.
func (m Colorization) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 2e-4, Beta1: .9, Beta2: .99, WeightDecay: .001, Exclude: optim.Nothing{}}
}
