package encoder

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/kit/setting"
)

// ConvNeXt is the convolutional network of Liu et al. 2022 (arXiv:2201.03545), built as a
// transformer is: blocks of a 7×7 depthwise convolution and a perceptron, with layer norms.
//
// The zero value is ConvNeXt-T. Its stem is for large images; ConvNeXtAtto is for images of 32
// pixels.
type ConvNeXt struct {
	// Depths are the numbers of blocks of the four stages, each at least 1. Default {3, 3, 9, 3}.
	Depths [4]int
	// Widths are their numbers of channels, each at least 1. Default {96, 192, 384, 768}.
	Widths [4]int
	// Stem is how much the first convolution divides the resolution by; its kernel has the same
	// side. Default 4; 1 or 2 for images of 32 pixels. The stages divide it by 8 more.
	Stem int
	// StochasticDepth is the probability in [0, 1) that the last block's branch is left out in
	// training, for each image by itself; it rises linearly with the depth from 0. Default 0; the
	// paper takes 0.1 for ConvNeXt-T on ImageNet.
	StochasticDepth float64
}

var (
	// ConvNeXtAtto is the smallest of timm's, with a stem for images of 32 pixels: 3.4 million
	// parameters, 44 million multiply-adds at 32 pixels.
	ConvNeXtAtto = ConvNeXt{Depths: [4]int{2, 2, 6, 2}, Widths: [4]int{40, 80, 160, 320}, Stem: 2}
	// ConvNeXtTiny has 27.8 million parameters and takes 4.5 billion multiply-adds at 224 pixels.
	ConvNeXtTiny = ConvNeXt{Depths: [4]int{3, 3, 9, 3}, Widths: [4]int{96, 192, 384, 768}, Stem: 4}
	// ConvNeXtSmall has 49.5 million parameters and takes 8.7 billion multiply-adds at 224 pixels.
	ConvNeXtSmall = ConvNeXt{Depths: [4]int{3, 3, 27, 3}, Widths: [4]int{96, 192, 384, 768}, Stem: 4}
	// ConvNeXtBase has 87.6 million parameters and takes 15.4 billion multiply-adds at 224 pixels.
	ConvNeXtBase = ConvNeXt{Depths: [4]int{3, 3, 27, 3}, Widths: [4]int{128, 256, 512, 1024}, Stem: 4}
)

const (
	convNeXtKernel     = 7
	convNeXtMLPRatio   = 4
	convNeXtLayerScale = 1e-6 // What every channel of a branch is multiplied by at the start: learned.
)

// WithDefaults fills in the settings that were left at zero.
func (c ConvNeXt) WithDefaults() ConvNeXt {
	c.Depths = cmp.Or(c.Depths, ConvNeXtTiny.Depths)
	c.Widths = cmp.Or(c.Widths, ConvNeXtTiny.Widths)
	c.Stem = cmp.Or(c.Stem, 4)
	return c
}

// Name is "convnext3.3.9.3-w96-s4" (depths, widths, stem); widths that don't double are all named:
// "-w64.64.128.128".
func (c ConvNeXt) Name() string {
	c = c.WithDefaults()
	widths := c.Widths[:]
	if w := c.Widths[0]; c.Widths == [4]int{w, 2 * w, 4 * w, 8 * w} {
		widths = widths[:1]
	}
	return fmt.Sprintf("convnext%s-w%s-s%d", dotted(c.Depths[:]), dotted(widths), c.Stem)
}

func dotted(numbers []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(numbers), "[]"), " ", ".")
}

// Check returns an error where a field is out of range, or where the image is too small for the
// network.
func (c ConvNeXt) Check(height, width int) error {
	d := ConvNeXt{}.WithDefaults()
	c = c.WithDefaults()
	for stage := range 4 {
		if err := cmp.Or(
			setting.Repeats(1, fmt.Sprintf("encoder.ConvNeXt: Depths[%d]", stage), c.Depths[stage]),
			setting.Features(1, fmt.Sprintf("encoder.ConvNeXt: Widths[%d]", stage), c.Widths[stage]),
		); err != nil {
			return err
		}
	}
	if err := cmp.Or(
		setting.Pixels(1, "encoder.ConvNeXt: Stem", c.Stem, d.Stem),
		setting.Below(1, "encoder.ConvNeXt: StochasticDepth", c.StochasticDepth),
	); err != nil {
		return err
	}
	if least := 8 * c.Stem; height < least || width < least {
		return fmt.Errorf("encoder.ConvNeXt: images are %d×%d; with Stem %d they must be at least %d×%d",
			height, width, c.Stem, least, least)
	}
	return nil
}

// Dim is the number of channels of the last stage.
func (c ConvNeXt) Dim() int { return c.WithDefaults().Widths[3] }

// Deterministic is the same network without stochastic depth.
func (c ConvNeXt) Deterministic() Encoder {
	c.StochasticDepth = 0
	return c
}

// Encode builds the network; see Encoder. Map is what the last stage gives; Pooled is the norm of
// its mean.
func (c ConvNeXt) Encode(scope *model.Scope, x *Node) Output {
	last := c.EncodeStages(scope, x)[3]
	return Output{Pooled: layerNorm(scope.At("head").At("norm"), ReduceMean(last, 1, 2)), Map: last}
}

// Strides are Stem and what the stages make of it; see Staged.
func (c ConvNeXt) Strides() []int { return stageStrides(c.WithDefaults().Stem) }

// EncodeStages builds the network; see Staged.
func (c ConvNeXt) EncodeStages(scope *model.Scope, x *Node) (stages []*Node) {
	c = c.WithDefaults()
	x = rematerialized(scope, x, func(x *Node) *Node {
		return layerNorm(scope.At("stem").At("1"), shrink(scope.At("stem").At("0"), x, c.Widths[0], c.Stem))
	})
	block, blocks := 0, c.Depths[0]+c.Depths[1]+c.Depths[2]+c.Depths[3]
	for stage, depth := range c.Depths {
		scope := scope.At("stages").At("%d", stage)
		if stage > 0 {
			x = rematerialized(scope, x, func(x *Node) *Node {
				return shrink(scope.At("downsample").At("1"), layerNorm(scope.At("downsample").At("0"), x), c.Widths[stage], 2)
			})
		}
		for i := range depth {
			scope, rate := scope.At("blocks").At("%d", i), pathRate(c.StochasticDepth, block, blocks)
			x = rematerialized(scope, x, func(x *Node) *Node { return convNeXtBlock(scope, x, rate) })
			block++
		}
		stages = append(stages, x)
	}
	return stages
}

// shrink is a convolution whose stride is its kernel's side. What is left over at the right and at
// the bottom is cut off, as convolutions without padding do.
//
//	x: [batch, h, w, in] -> [batch, h/side, w/side, out]
func shrink(scope *model.Scope, x *Node, out, side int) *Node {
	g, in, rows, columns := x.Graph(), x.Shape().Dim(-1), x.Shape().Dim(1)/side, x.Shape().Dim(2)/side
	weight := small(scope, "weight", side, side, in, out).NodeValue(g)
	bias := scope.WithInitializer(initializer.Zero).VariableWithShape("bias", shapes.Make(dtypes.Float32, out)).NodeValue(g)
	x = Slice(x, AxisRange(), AxisRange(0, rows*side), AxisRange(0, columns*side))
	return Reshape(patchProduct(patches(x, side), weight, bias), -1, rows, columns, out)
}

// convNeXtBlock adds a residual branch to its input.
//
//	x: [batch, h, w, channels] -> the same shape
func convNeXtBlock(scope *model.Scope, x *Node, pathRate float64) *Node {
	g, channels := x.Graph(), x.Shape().Dim(-1)
	branch := layerNorm(scope.At("norm"), depthwise(scope.At("conv_dw"), x, convNeXtKernel))
	branch = perceptron(scope.At("mlp"), branch, convNeXtMLPRatio*channels)
	gamma := scope.WithInitializer(constant(convNeXtLayerScale)).
		VariableWithShape("gamma", shapes.Make(dtypes.Float32, channels)).NodeValue(g)
	branch = Mul(branch, Reshape(ConvertDType(gamma, x.DType()), 1, 1, 1, channels))
	return Add(x, dropPath(scope, branch, pathRate))
}

// Cost counts as the papers do: the multiply-adds of convolutions and matrix products, and all
// parameters. A classifier is not part of the encoder.
func (c ConvNeXt) Cost(height, width int) Cost {
	c = c.WithDefaults()
	var cost Cost
	layer := func(positions, weights, others int) {
		cost.Params += int64(weights + others)
		cost.MultiplyAdds += int64(positions) * int64(weights)
	}
	h, w := height/c.Stem, width/c.Stem
	layer(h*w, c.Stem*c.Stem*3*c.Widths[0], c.Widths[0]+2*c.Widths[0]) // A bias and a norm.
	for stage, d := range c.Widths {
		if stage > 0 {
			in := c.Widths[stage-1]
			h, w = h/2, w/2
			layer(h*w, 4*in*d, d+2*in)
		}
		for range c.Depths[stage] {
			layer(h*w, convNeXtKernel*convNeXtKernel*d, d+2*d+d) // A bias, a norm, the layer's scale.
			layer(h*w, 2*convNeXtMLPRatio*d*d, convNeXtMLPRatio*d+d)
		}
	}
	cost.Params += int64(2 * c.Widths[3])
	return cost
}
