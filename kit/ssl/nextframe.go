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

// NextFrame learns from video: from what the encoder makes of some frames, the pixels of the next
// one are to be told. It works with any encoder; a ViT must pool the mean of its patches, since no
// loss trains what a class token gives.
//
// Mathieu, Couprie & LeCun 2016, "Deep Multi-Scale Video Prediction Beyond Mean Square Error",
// arXiv:1511.05440, with the mean squared error and the paper's gradient difference loss, without
// its several scales and its adversary. The encoder is a backbone that sees one frame at a time, so
// that it serves for images later; only the predictor sees them together. And the predictor gives
// the change from the last frame, not the frame: most of a picture stays, and to copy it is no
// task.
type NextFrame struct {
	// Context is the number of frames that are seen, at least 2 to see a motion; 1 is allowed.
	// Default 2. The paper takes 4.
	Context int
	// GradientDifference is the weight of the gradient difference loss, at least 0. Default 1, as
	// in the paper. It keeps edges sharp where the squared error alone blurs them. new(0.0) leaves
	// it out.
	GradientDifference *float64
	// Hidden is the number of features of the predictor's hidden layers. Default: that of the
	// encoder.
	Hidden int
	// Clip is what is done at random to all frames of a clip alike: augment.Flip or
	// augment.VerticalFlip, or both. Default: augment.Flip. An empty pipeline that is not nil
	// leaves it out.
	Clip augment.Pipeline
}

var (
	_ ForecastsFrames = NextFrame{}
	_ LearnsOnPatches = NextFrame{}
)

// nextFrameScale of the predicted change, so that training begins near the last frame.
const nextFrameScale = .1

// WithDefaults fills in the settings that were left at zero, but for Hidden, which follows the
// encoder.
func (m NextFrame) WithDefaults() Method {
	m.Context = cmp.Or(m.Context, 2)
	if m.GradientDifference == nil {
		m.GradientDifference = new(1.)
	}
	if m.Clip == nil {
		m.Clip = augment.Pipeline{augment.Flip{}}
	}
	return m
}

// Name is "nextframe".
func (m NextFrame) Name() string { return "nextframe" }

// Check returns an error where a field is out of range.
func (m NextFrame) Check(batch Batch) error {
	d := NextFrame{}.WithDefaults().(NextFrame)
	if err := cmp.Or(
		setting.Repeats(1, "ssl.NextFrame: Context", m.Context, d.Context),
		setting.NotNegative("ssl.NextFrame: GradientDifference", *m.GradientDifference),
		setting.FeaturesOr("the encoder's features", "ssl.NextFrame: Hidden", m.Hidden),
	); err != nil {
		return err
	}
	for _, transform := range m.Clip {
		switch transform.(type) {
		case augment.Flip, augment.VerticalFlip:
		default: // The frames are normalised by then, and others clamp them to [0, 1].
			return fmt.Errorf("ssl.NextFrame: Clip holds a %T; it may hold augment.Flip and augment.VerticalFlip", transform)
		}
	}
	height, width := batch.ViewSize(0)
	if min(height, width) < 2 {
		return fmt.Errorf("ssl.NextFrame: the views are of %d×%d pixels; they must be at least 2×2", height, width)
	}
	if err := m.Clip.Check(height, width); err != nil {
		return fmt.Errorf("ssl.NextFrame: Clip: %w", err)
	}
	return batch.OneSize("ssl.NextFrame", 0, len(batch.Views))
}

// Frames are those that are seen, and the next.
func (m NextFrame) Frames() int { return m.Context + 1 }

// Views are one of each frame, which is normalised. They must not be random, for the crops of the
// frames would differ: what is drawn at random is in Clip.
func (m NextFrame) Views(height, width int) []augment.Pipeline {
	var views []augment.Pipeline
	for range min(m.Frames(), mostViews) { // Check refuses more.
		views = append(views, augment.Pipeline{augment.Normalize{}})
	}
	return views
}

// Loss is that of the predicted frame:
//
//	minimise FrameLoss(Forecast(x_1 ... x_t), x_t+1)
func (m NextFrame) Loss(step *Step) *Node {
	frames := m.mirror(step.Random, step.Views)
	predicted := m.Forecast(step.Network, frames[:m.Context])
	return FrameLoss(predicted, frames[m.Context], *m.GradientDifference)
}

// Forecast is the frame that follows those that are seen:
//
//	maps = f of each frame x_1 ... x_t;  predicted = x_t + predictor(maps, on each other's channels)
func (m NextFrame) Forecast(network Network, seen []*Node) *Node {
	height, width := seen[0].Shape().Dim(1), seen[0].Shape().Dim(2)
	x := m.together(network, seen)
	change := Inpainting{Hidden: x.Shape().Dim(-1)}.decode(network.Scope, x, height, width)
	return Add(seen[m.Context-1], MulScalar(change, nextFrameScale))
}

// Motion is what the predictor knows of all frames together, before it gives pixels, as a mean over
// the frame.
//
//	-> [batch, hidden]
func (m NextFrame) Motion(network Network, seen []*Node) *Node {
	return ReduceMean(m.together(network, seen), 1, 2)
}

// together is the first layer of the predictor, a convolution of 3×3 over the maps of all frames.
//
//	seen: context × [batch, height, width, 3] -> [batch, h, w, hidden]
func (m NextFrame) together(network Network, seen []*Node) *Node {
	maps := Concatenate(SplitViews(network.Encode(seen...).Map, m.Context), -1) // [batch, h, w, context × dim]
	hidden := cmp.Or(m.Hidden, maps.Shape().Dim(-1)/m.Context)
	x := everywhere(around(maps), func(x *Node) *Node {
		return encoder.MLP{Out: hidden, Layers: 1, OutputNorm: true}.Apply(network.Scope.At("predictor"), x)
	})
	return MaxScalar(x, 0)
}

// mirror flips all frames of a clip alike.
//
//	frames: [batch, height, width, 3] each, and so is what it gives
func (m NextFrame) mirror(r *augment.Random, frames []*Node) []*Node {
	dims := frames[0].Shape().Dimensions
	draw := m.Clip.Draw(r, dims[0], dims[1], dims[2])
	mirrored := make([]*Node, len(frames))
	for f, frame := range frames {
		mirrored[f] = m.Clip.ApplyParams(frame, draw)
	}
	return mirrored
}

// around puts the features of each place and its eight neighbours side by side, zeros beyond the
// border: a linear layer on them is a convolution of 3×3.
//
//	x: [batch, h, w, dim] -> [batch, h, w, 9 dim]
func around(x *Node) *Node {
	for axis := 1; axis <= 2; axis++ {
		before, after := ZerosLike(x), ZerosLike(x) // Of a map of one place along the axis.
		if x.Shape().Dim(axis) > 1 {
			before, after = shifted(x, axis, 1), shifted(x, axis, -1)
		}
		x = Concatenate([]*Node{before, x, after}, -1)
	}
	return x
}

// FrameLoss is the mean squared error of predicted frames, and a weight times the gradient
// difference loss (equation 6 of the paper with α = 1), as a mean instead of a sum: with ∇ the
// difference of a pixel to the one above it or to its left,
//
//	mean (Y - Ŷ)² + weight ( mean ||∇↓Y| - |∇↓Ŷ|| + mean ||∇→Y| - |∇→Ŷ|| )
//
// It is computed in float32.
//
//	predicted, frames: [batch, height, width, channels] -> scalar
func FrameLoss(predicted, frames *Node, weight float64) *Node {
	predicted, frames = ConvertDType(predicted, dtypes.Float32), ConvertDType(frames, dtypes.Float32)
	loss := ReduceAllMean(Square(Sub(frames, predicted)))
	if weight == 0 {
		return loss
	}
	for axis := 1; axis <= 2; axis++ {
		loss = Add(loss, MulScalar(ReduceAllMean(Abs(Sub(edges(frames, axis), edges(predicted, axis)))), weight))
	}
	return loss
}

// edges is by how much neighbours along an axis differ.
//
//	x: [batch, height, width, channels] -> one less along the axis
func edges(x *Node, axis int) *Node {
	last := x.Shape().Dim(axis) - 1
	return Abs(Sub(SliceAxis(x, axis, AxisRange(1, last+1)), SliceAxis(x, axis, AxisRange(0, last))))
}

// LossOnPatches marks the method; see LearnsOnPatches.
func (m NextFrame) LossOnPatches() {}

// Embed returns the features as they are: NextFrame compares pixels.
func (m NextFrame) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is Adam with the learning rate that its authors propose; the paper takes stochastic
// gradient descent, its code (coupriec/VideoPredictionICLR2016) at 0.02 for 8 clips.
func (m NextFrame) Optimizer() optim.Optimizer { return optim.AdamW{LR: 1e-3} }
