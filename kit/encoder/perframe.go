package encoder

import (
	"cmp"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/setting"
)

// PerFrame is an encoder of still images applied to each frame of a clip by itself, with the features
// of the frames one behind another: what tells where things are in each frame tells together how they
// move, to whatever compares them, such as a linear probe. Its images are clips with the frames one
// below another, as data.FrameStrips gives them. Its variables are those of Of, under the same names,
// so that kit.Adopt and kit.Recipe.Start read the same files.
//
//	encoder.PerFrame{Of: run.Recipe.Encoder, Frames: 3, Grid: 4}
type PerFrame struct {
	// Of is the encoder. Required.
	Of Encoder
	// Frames is the number of frames of a clip, at least 1. Default 3, as in data.FrameStrips.
	Frames int
	// Grid keeps where in a frame something is: the features of a frame are then Of's feature map,
	// averaged over the cells of a grid of Grid × Grid and read row by row. Cells of a map that Grid
	// does not divide overlap, as those of PyTorch's adaptive_avg_pool2d do. At most the side of a
	// frame. Default 0: Of's representation, which for most encoders is a mean over the whole frame.
	Grid int
}

var (
	_ Stochastic   = PerFrame{}
	_ ClassTokened = PerFrame{}
)

// WithDefaults fills in the settings that were left at zero.
func (p PerFrame) WithDefaults() PerFrame {
	p.Frames = cmp.Or(p.Frames, 3)
	return p
}

// Name is that of Of, followed by the number of frames and the grid: "resnet10-w8-3-frames-grid4".
func (p PerFrame) Name() string {
	p = p.WithDefaults()
	if p.Of == nil {
		return "per-frame"
	}
	name := fmt.Sprintf("%s-%d-frames", p.Of.Name(), p.Frames)
	if p.Grid > 0 {
		name += fmt.Sprintf("-grid%d", p.Grid)
	}
	return name
}

// Check returns an error where a field is out of range, or where the images are not Frames frames
// that Of takes.
func (p PerFrame) Check(height, width int) error {
	d := PerFrame{}.WithDefaults()
	p = p.WithDefaults()
	if p.Of == nil {
		return setting.Missing("encoder.PerFrame: Of", "the encoder.Encoder of a frame")
	}
	if err := setting.Repeats(1, "encoder.PerFrame: Frames", p.Frames, d.Frames); err != nil {
		return err
	}
	if err := cmp.Or(
		setting.Must(height%p.Frames == 0, "encoder.PerFrame: Frames", p.Frames,
			fmt.Sprintf("a divisor of the images' height, %d pixels, in which frames lie one below another", height), d.Frames),
		setting.Must(p.Grid >= 0 && p.Grid <= min(height/p.Frames, width), "encoder.PerFrame: Grid", p.Grid,
			fmt.Sprintf("in [0, %d], the side of a frame", min(height/p.Frames, width)), "no grid"),
	); err != nil {
		return err
	}
	if err := p.Of.Check(height/p.Frames, width); err != nil {
		return fmt.Errorf("encoder.PerFrame: Of: %w", err)
	}
	return nil
}

// Encode builds the encoder; see Encoder. Map has the maps of the frames one below another, and Tokens
// those of the frames one behind another.
func (p PerFrame) Encode(scope *model.Scope, images *Node) Output {
	p = p.WithDefaults()
	dims := images.Shape().Dimensions
	batch, height := dims[0], dims[1]/p.Frames
	out := p.Of.Encode(scope, Reshape(images, batch*p.Frames, height, dims[2], dims[3])) // Rows of a frame lie together.
	if p.Grid > 0 {
		out.Pooled = p.cells(out.Map)
	}
	out.Pooled = Reshape(out.Pooled, batch, p.Dim())
	if out.Map != nil {
		m := out.Map.Shape().Dimensions
		out.Map = Reshape(out.Map, batch, p.Frames*m[1], m[2], m[3])
	}
	if out.Tokens != nil {
		t := out.Tokens.Shape().Dimensions
		out.Tokens = Reshape(out.Tokens, batch, p.Frames*t[1], t[2])
	}
	return out
}

// cells are the means of the cells of a feature map.
//
//	x: [n, height, width, dim] -> [n, Grid, Grid, dim]
func (p PerFrame) cells(x *Node) *Node {
	if x == nil || x.Shape().Dim(-1) != p.Of.Dim() {
		panic(fmt.Errorf("encoder.PerFrame: Grid is %d; encoder %s has no feature map of the %d features of its representation",
			p.Grid, p.Of.Name(), p.Of.Dim()))
	}
	for axis := 1; axis <= 2; axis++ {
		side := x.Shape().Dim(axis)
		means := make([]*Node, p.Grid)
		for i := range means {
			from, to := i*side/p.Grid, ((i+1)*side+p.Grid-1)/p.Grid
			means[i] = ReduceAndKeep(SliceAxis(x, axis, AxisRange(from, to)), ReduceMean, axis)
		}
		x = Concatenate(means, axis)
	}
	return x
}

// Dim is that of Of, for each cell of the grid in each frame.
func (p PerFrame) Dim() int {
	p = p.WithDefaults()
	return p.Frames * max(p.Grid*p.Grid, 1) * p.Of.Dim()
}

// Cost is that of Of on each frame.
func (p PerFrame) Cost(height, width int) Cost {
	p = p.WithDefaults()
	cost := p.Of.Cost(height/p.Frames, width)
	cost.MultiplyAdds *= int64(p.Frames)
	return cost
}

// Deterministic is the same encoder without parts that are left out at random; see Stochastic.
func (p PerFrame) Deterministic() Encoder {
	if of, ok := p.Of.(Stochastic); ok {
		p.Of = of.Deterministic()
	}
	return p
}

// PoolsClassToken reports whether the representation is class tokens; see ClassTokened.
func (p PerFrame) PoolsClassToken() bool {
	of, ok := p.Of.(ClassTokened)
	return ok && p.Grid == 0 && of.PoolsClassToken()
}
