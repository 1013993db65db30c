package encoder

import (
	"cmp"
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/setting"
)

// ResNet is the residual network of He et al. 2015 (arXiv:1512.03385), v1.5: a bottleneck's stride
// is in its 3×3 convolution, as in torchvision and timm.
type ResNet struct {
	// Depth is the number of layers: 10, 18 or 34 of basic blocks, 26, 50, 101 or 152 of
	// bottlenecks. Default 18.
	Depth int
	// Width is the number of channels of the first stage; every stage doubles it. Default 64.
	Width int
	// Stem is what comes before the first stage. Default CIFARStem.
	Stem Stem
	// Inner are the numbers of channels between the convolutions of the blocks, from the first
	// block to the last: one number for a basic block, two for a bottleneck, each at least 1. What
	// a block gives on is as wide as ever, so that Dim does not depend on it. Default nil: as many
	// as the block's stage has. Pruning makes them smaller: see InnerWidths, and package compress.
	Inner []int
}

// Stem is the start of a convolutional network: it takes the image to the resolution of the first
// stage.
type Stem struct {
	Kernel  int  // Side of its convolution, in pixels, odd.
	Stride  int  // Of the convolution.
	MaxPool bool // A 3×3 max-pool of stride 2 behind it.
}

var (
	// CIFARStem keeps the resolution, for images of 32 to 64 pixels: a 3×3 convolution (SimCLR,
	// appendix B.9).
	CIFARStem = Stem{Kernel: 3, Stride: 1}
	// ImageNetStem divides the resolution by 4: a 7×7 convolution of stride 2 and a max-pool (He et
	// al. 2015).
	ImageNetStem = Stem{Kernel: 7, Stride: 2, MaxPool: true}
	// HalfStem halves the resolution: a 3×3 convolution of stride 2. On a CPU, where small maps
	// with many channels run at several times the speed of large maps with few, it buys twice the
	// width at less than the time of CIFARStem.
	HalfStem = Stem{Kernel: 3, Stride: 2}
)

// The networks of He et al. 2015 for ImageNet, as torchvision and timm have them.
var (
	ResNet18  = ResNet{Depth: 18, Width: 64, Stem: ImageNetStem}  // 11.2 million parameters.
	ResNet34  = ResNet{Depth: 34, Width: 64, Stem: ImageNetStem}  // 21.3 million.
	ResNet50  = ResNet{Depth: 50, Width: 64, Stem: ImageNetStem}  // 23.5 million.
	ResNet101 = ResNet{Depth: 101, Width: 64, Stem: ImageNetStem} // 42.5 million.
	ResNet152 = ResNet{Depth: 152, Width: 64, Stem: ImageNetStem} // 58.1 million.
)

var resNetBlocks = map[int][4]int{
	10: {1, 1, 1, 1}, 18: {2, 2, 2, 2}, 34: {3, 4, 6, 3},
	26: {2, 2, 2, 2}, 50: {3, 4, 6, 3}, 101: {3, 4, 23, 3}, 152: {3, 8, 36, 3},
}

// WithDefaults fills in the settings that were left at zero.
func (r ResNet) WithDefaults() ResNet {
	r.Depth = cmp.Or(r.Depth, 18)
	r.Width = cmp.Or(r.Width, 64)
	r.Stem = cmp.Or(r.Stem, CIFARStem)
	return r
}

func (r ResNet) bottleneck() bool { return r.Depth == 26 || r.Depth >= 50 }

// expansion is how many times wider a block's output is than its convolutions.
func (r ResNet) expansion() int {
	if r.bottleneck() {
		return 4
	}
	return 1
}

// InnerWidths are the numbers of channels between the convolutions of the blocks: Inner, or where
// that is nil those of a network that has not been pruned. They are a copy.
func (r ResNet) InnerWidths() []int {
	if r.Inner != nil {
		return slices.Clone(r.Inner)
	}
	r = r.WithDefaults()
	var widths []int
	for stage, blocks := range resNetBlocks[r.Depth] {
		for range blocks * r.InnerPerBlock() {
			widths = append(widths, r.Width<<stage)
		}
	}
	return widths
}

// InnerPerBlock is how many numbers of InnerWidths a block has: 1, or 2 with bottlenecks.
func (r ResNet) InnerPerBlock() int {
	if r.WithDefaults().bottleneck() {
		return 2
	}
	return 1
}

// Name is "resnet18-w64", with the stem where it is not CIFARStem, "resnet50-w64-7x7s2p", and the
// widths between the convolutions where Inner gives them: "resnet10-w16-i8.16.32.64".
func (r ResNet) Name() string {
	r = r.WithDefaults()
	name := fmt.Sprintf("resnet%d-w%d", r.Depth, r.Width)
	if r.Stem != CIFARStem {
		name += fmt.Sprintf("-%dx%ds%d", r.Stem.Kernel, r.Stem.Kernel, r.Stem.Stride)
		if r.Stem.MaxPool {
			name += "p"
		}
	}
	if r.Inner != nil {
		name += "-i" + dotted(r.Inner)
	}
	return name
}

// Check returns an error where Depth, Width or Stem is out of range, or where the image is too
// small for the stem.
func (r ResNet) Check(height, width int) error {
	d := ResNet{}.WithDefaults()
	r = r.WithDefaults()
	_, known := resNetBlocks[r.Depth]
	if err := cmp.Or(
		setting.Must(known, "encoder.ResNet: Depth", r.Depth, "10, 18, 26, 34, 50, 101 or 152", d.Depth),
		setting.Features(1, "encoder.ResNet: Width", r.Width, d.Width),
		setting.Must(r.Stem.Kernel >= 1 && r.Stem.Kernel%2 == 1, "encoder.ResNet: Stem.Kernel", r.Stem.Kernel, "odd and at least 1"),
		setting.Repeats(1, "encoder.ResNet: Stem.Kernel", r.Stem.Kernel),
		setting.Pixels(1, "encoder.ResNet: Stem.Stride", r.Stem.Stride),
	); err != nil {
		return err
	}
	if r.Inner != nil {
		if want := len(ResNet{Depth: r.Depth}.InnerWidths()); len(r.Inner) != want {
			return fmt.Errorf("encoder.ResNet: Inner holds %d numbers; with Depth %d it must hold %d, or be nil",
				len(r.Inner), r.Depth, want)
		}
		for i, width := range r.Inner {
			if err := setting.Features(1, fmt.Sprintf("encoder.ResNet: Inner[%d]", i), width); err != nil {
				return err
			}
		}
	}
	if least := 8 * r.stemStride(); height < least || width < least {
		return fmt.Errorf("encoder.ResNet: images are %d×%d; with this Stem they must be at least %d×%d", height, width, least, least)
	}
	return nil
}

func (r ResNet) stemStride() int {
	if r.Stem.MaxPool {
		return 2 * r.Stem.Stride
	}
	return r.Stem.Stride
}

// NormsOverBatch marks the network as Batchwise.
func (ResNet) NormsOverBatch() {}

// Dim is 8 × Width, or 32 × Width with bottlenecks.
func (r ResNet) Dim() int {
	r = r.WithDefaults()
	return 8 * r.Width * r.expansion()
}

// Encode builds the network; see Encoder.
func (r ResNet) Encode(scope *model.Scope, x *Node) Output {
	last := r.EncodeStages(scope, x)[3]
	return Output{Pooled: ReduceMean(last, 1, 2), Map: last}
}

// Strides are the stem's and what the stages make of it; see Staged.
func (r ResNet) Strides() []int { return stageStrides(r.WithDefaults().stemStride()) }

// EncodeStages builds the network; see Staged.
func (r ResNet) EncodeStages(scope *model.Scope, x *Node) (stages []*Node) {
	r = r.WithDefaults()
	x = rematerialized(scope, x, func(x *Node) *Node {
		x = conv(scope.At("conv1"), x, r.Width, r.Stem.Kernel, r.Stem.Stride)
		x = relu(batchNorm(scope.At("bn1"), x, 1))
		if r.Stem.MaxPool {
			x = MaxPool(x).Window(3).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()
		}
		return x
	})
	inner, per := r.InnerWidths(), r.InnerPerBlock()
	for stage, blocks := range resNetBlocks[r.Depth] {
		for block := range blocks {
			stride := 1
			if block == 0 && stage > 0 {
				stride = 2
			}
			out := (r.Width << stage) * r.expansion()
			scope, between := scope.At("layer%d", stage+1).At("%d", block), inner[:per]
			x = rematerialized(scope, x, func(x *Node) *Node { return r.block(scope, x, between, out, stride) })
			inner = inner[per:]
		}
		stages = append(stages, x)
	}
	return stages
}

// block adds a residual branch to its input. The branch's last norm starts at zero, so that every
// block starts as the identity (Goyal et al. 2017).
//
//	x: [batch, h, w, in] -> [batch, h/stride, w/stride, out]; inner: the channels between its convolutions
func (r ResNet) block(scope *model.Scope, x *Node, inner []int, out, stride int) *Node {
	shortcut := x
	if stride != 1 || x.Shape().Dim(-1) != out {
		shortcut = conv(scope.At("downsample").At("0"), x, out, 1, stride)
		shortcut = batchNorm(scope.At("downsample").At("1"), shortcut, 1)
	}
	if r.bottleneck() {
		x = relu(batchNorm(scope.At("bn1"), conv(scope.At("conv1"), x, inner[0], 1, 1), 1))
		x = relu(batchNorm(scope.At("bn2"), conv(scope.At("conv2"), x, inner[1], 3, stride), 1))
		x = batchNorm(scope.At("bn3"), conv(scope.At("conv3"), x, out, 1, 1), 0)
	} else {
		x = relu(batchNorm(scope.At("bn1"), conv(scope.At("conv1"), x, inner[0], 3, stride), 1))
		x = batchNorm(scope.At("bn2"), conv(scope.At("conv2"), x, out, 3, 1), 0)
	}
	return relu(Add(x, shortcut))
}

// Cost counts as the papers do: convolutions' multiply-adds, and all trainable parameters. A
// classifier is not part of the encoder: ResNet-50 has 23.5 million parameters here, and 25.6
// million with ImageNet's classifier.
func (r ResNet) Cost(height, width int) Cost {
	r = r.WithDefaults()
	var cost Cost
	convNorm := func(h, w, in, out, kernel int) {
		weights := int64(kernel * kernel * in * out)
		cost.Params += weights + 2*int64(out)
		cost.MultiplyAdds += weights * int64(h*w)
	}
	h, w := ceilDiv(height, r.Stem.Stride), ceilDiv(width, r.Stem.Stride)
	convNorm(h, w, 3, r.Width, r.Stem.Kernel)
	if r.Stem.MaxPool {
		h, w = ceilDiv(h, 2), ceilDiv(w, 2)
	}
	in, inner := r.Width, r.InnerWidths()
	for stage, blocks := range resNetBlocks[r.Depth] {
		for block := range blocks {
			out := (r.Width << stage) * r.expansion()
			inH, inW := h, w
			if block == 0 && stage > 0 {
				h, w = ceilDiv(h, 2), ceilDiv(w, 2)
			}
			if inH != h || in != out {
				convNorm(h, w, in, out, 1)
			}
			if r.bottleneck() {
				convNorm(inH, inW, in, inner[0], 1)
				convNorm(h, w, inner[0], inner[1], 3)
				convNorm(h, w, inner[1], out, 1)
			} else {
				convNorm(h, w, in, inner[0], 3)
				convNorm(h, w, inner[0], out, 3)
			}
			in, inner = out, inner[r.InnerPerBlock():]
		}
	}
	return cost
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
