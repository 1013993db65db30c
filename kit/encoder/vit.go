package encoder

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/shapes"

	"sslkit/kit/setting"
)

// ViT is the vision transformer of Dosovitskiy et al. 2020 (arXiv:2010.11929) in the sizes of DeiT
// (Touvron et al. 2020, arXiv:2012.12877): the image is cut into square patches, each becomes a
// token, and blocks of attention and perceptrons transform the tokens. Norms come before the
// branches and once more behind the last block.
//
// The zero value is ViT-S/16. Patches of 16 pixels leave 4 tokens of an image of 32 pixels: take 4
// there.
//
//	encoder.ViT{Patch: 4, Width: 192, Depth: 6} // 64 tokens of a 32-pixel image, 2.7 million parameters
type ViT struct {
	// Patch is the side of a patch in pixels. It divides the sides of the images. Default 16.
	Patch int
	// Width is the number of features of a token, at least 1, and so of the representation (the interface has
	// the name Dim). Default 384.
	Width int
	// Depth is the number of blocks, at least 1. Default 12.
	Depth int
	// Heads is the number of attention heads. It divides Width. Default Width/64, as in all
	// published sizes, at least 1.
	Heads int
	// MLPRatio is how many times wider the hidden layer of a block's perceptron is than a token,
	// at least 1. Default 4.
	MLPRatio int
	// Pool says how the tokens become one vector. Default ClassToken.
	Pool Pool
	// Positions says what tells a token where its patch was. Default LearnedPositions.
	Positions Positions
	// Registers is the number of tokens without a patch that the network may use as memory (Darcet
	// et al. 2023, arXiv:2309.16588, who take 4). Default 0.
	Registers int
	// NoClassPosition leaves out the position embedding of the class token, as timm's no_embed_class
	// does, which DeiT III (Touvron et al. 2022, arXiv:2204.07118) has. Default false: it has one,
	// but beside Registers.
	NoClassPosition bool
	// StochasticDepth is the probability in [0, 1) that the last block's branches are left out in
	// training, for each image by itself; it rises linearly with the depth from 0. Default 0; DeiT
	// and DINO take 0.1.
	StochasticDepth float64
	// LayerScale is what every feature of a branch is multiplied by at the start, at least 0; the
	// factors are learned (Touvron et al. 2021, arXiv:2103.17239; timm's init_values). Deep networks
	// train more steadily with small ones: DINOv2 takes 1e-5, BEiT-B 0.1. 0 is none: branches are not
	// scaled.
	LayerScale float64
	// Size is the side in pixels of the images that the position embeddings are stored for, a
	// multiple of Patch; images of other sizes get them interpolated, as timm does. transformers' ViT
	// and Dinov2, and DINOv2's own networks without registers, do that without antialiasing, so that
	// their features at other sizes differ. Default: 14 patches where
	// Patch is 14 or more (224 pixels at 16, as published), else 8 patches (32 pixels at 4, 64 at
	// 8; published networks with patches of 8 have 224).
	Size int
}

// Pool is the way from a ViT's tokens to one vector.
type Pool int

const (
	ClassToken  Pool = iota // The output of a token of its own, which has no patch.
	MeanPatches             // The mean over the patches' outputs. There is no class token then.
)

// Positions is the kind of a ViT's position embeddings.
type Positions int

const (
	LearnedPositions Positions = iota // One learned vector for each place.
	SineCosine                        // Fixed sines and cosines of row and column, as in MoCo v3 and MAE. 4 must divide Width.
)

var (
	// ViTTiny is ViT-Ti/16 of DeiT: 5.5 million parameters, 1.3 billion multiply-adds at 224
	// pixels.
	ViTTiny = ViT{Patch: 16, Width: 192, Depth: 12, Heads: 3}
	// ViTSmall is ViT-S/16 of DeiT: 21.7 million parameters, 4.6 billion multiply-adds at 224
	// pixels.
	ViTSmall = ViT{Patch: 16, Width: 384, Depth: 12, Heads: 6}
	// ViTBase is ViT-B/16: 85.8 million parameters, 17.6 billion multiply-adds at 224 pixels.
	ViTBase = ViT{Patch: 16, Width: 768, Depth: 12, Heads: 12}
	// ViTLarge is ViT-L/16: 303.3 million parameters, 61.6 billion multiply-adds at 224 pixels.
	ViTLarge = ViT{Patch: 16, Width: 1024, Depth: 24, Heads: 16}

	// ViTSmallDINOv2 is ViT-S/14 as DINOv2 publishes it (Oquab et al. 2023, arXiv:2304.07193), whose
	// position embeddings are for 518 pixels. Where it has registers, set Registers to 4.
	ViTSmallDINOv2 = ViT{Patch: 14, Width: 384, Depth: 12, Heads: 6, LayerScale: 1e-5, Size: 518}
	// ViTBaseDINOv2 is ViT-B/14, likewise.
	ViTBaseDINOv2 = ViT{Patch: 14, Width: 768, Depth: 12, Heads: 12, LayerScale: 1e-5, Size: 518}
	// ViTLargeDINOv2 is ViT-L/14, likewise.
	ViTLargeDINOv2 = ViT{Patch: 14, Width: 1024, Depth: 24, Heads: 16, LayerScale: 1e-5, Size: 518}
)

// WithDefaults fills in the settings that were left at zero.
func (v ViT) WithDefaults() ViT {
	v.Patch = cmp.Or(v.Patch, 16)
	v.Width = cmp.Or(v.Width, 384)
	v.Depth = cmp.Or(v.Depth, 12)
	v.Heads = cmp.Or(v.Heads, max(v.Width/64, 1))
	v.MLPRatio = cmp.Or(v.MLPRatio, 4)
	if v.Size == 0 && v.Patch >= 14 {
		v.Size = 14 * v.Patch
	} else if v.Size == 0 {
		v.Size = 8 * v.Patch
	}
	return v
}

// Name is "vit12-w384-h6-p16" (depth, width, heads, patch), followed by what differs from the plain
// network: "-mlp2" (MLPRatio), "-mean" (Pool), "-sincos" (Positions), "-r4" (Registers),
// "-nocp" (NoClassPosition), "-ls" (LayerScale).
func (v ViT) Name() string {
	v = v.WithDefaults()
	name := fmt.Sprintf("vit%d-w%d-h%d-p%d", v.Depth, v.Width, v.Heads, v.Patch)
	if v.MLPRatio != 4 {
		name += fmt.Sprintf("-mlp%d", v.MLPRatio)
	}
	if v.Pool == MeanPatches {
		name += "-mean"
	}
	if v.Positions == SineCosine {
		name += "-sincos"
	}
	if v.Registers > 0 {
		name += fmt.Sprintf("-r%d", v.Registers)
	}
	if v.NoClassPosition {
		name += "-nocp"
	}
	if v.LayerScale > 0 {
		name += "-ls"
	}
	return name
}

// Check returns an error where a field is out of range, or where the patches don't divide the
// image.
func (v ViT) Check(height, width int) error {
	d := ViT{}.WithDefaults()
	v = v.WithDefaults()
	err := cmp.Or(
		setting.Pixels(1, "encoder.ViT: Patch", v.Patch, d.Patch),
		setting.Features(1, "encoder.ViT: Width", v.Width, d.Width),
		setting.Repeats(1, "encoder.ViT: Depth", v.Depth, d.Depth),
		checkHeads("encoder.ViT: Heads", v.Heads, v.Width, "Width/64"),
		setting.Repeats(1, "encoder.ViT: MLPRatio", v.MLPRatio, d.MLPRatio),
		setting.Must(v.Pool == ClassToken || v.Pool == MeanPatches, "encoder.ViT: Pool", int(v.Pool), "ClassToken or MeanPatches"),
		setting.Must(v.Positions == LearnedPositions || v.Positions == SineCosine, "encoder.ViT: Positions", int(v.Positions),
			"LearnedPositions or SineCosine"),
		setting.Must(v.Positions != SineCosine || v.Width%4 == 0, "encoder.ViT: Width", v.Width,
			"a multiple of 4 with Positions SineCosine", d.Width),
		setting.Repeats(0, "encoder.ViT: Registers", v.Registers),
		setting.Below(1, "encoder.ViT: StochasticDepth", v.StochasticDepth),
		setting.NotNegative("encoder.ViT: LayerScale", v.LayerScale),
		setting.Pixels(0, "encoder.ViT: Size", v.Size),
		setting.Must(v.Size >= v.Patch && v.Size%v.Patch == 0, "encoder.ViT: Size", v.Size,
			fmt.Sprintf("a multiple of Patch, which is %d", v.Patch), "14 or 8 patches"),
	)
	if err != nil {
		return err
	}
	if height < v.Patch || width < v.Patch || height%v.Patch != 0 || width%v.Patch != 0 {
		return fmt.Errorf("encoder.ViT: images are %d×%d; both sides must be multiples of Patch, which is %d", height, width, v.Patch)
	}
	return nil
}

// Dim is Width.
func (v ViT) Dim() int { return v.WithDefaults().Width }

// PatchSize is Patch.
func (v ViT) PatchSize() int { return v.WithDefaults().Patch }

// Layers is Depth.
func (v ViT) Layers() int { return v.WithDefaults().Depth }

// PoolsClassToken reports whether Pool is ClassToken.
func (v ViT) PoolsClassToken() bool { return v.Pool == ClassToken }

// Deterministic is the same network without stochastic depth.
func (v ViT) Deterministic() Encoder {
	v.StochasticDepth = 0
	return v
}

// Cost counts the parameters without a mask token, and the multiply-adds with the two matrix
// products of attention, as timm and torchvision count them. A classifier is not
// part of the encoder.
func (v ViT) Cost(height, width int) Cost {
	v = v.WithDefaults()
	patches := int64(height/v.Patch) * int64(width/v.Patch)
	tokens := patches + int64(v.leading())
	d, hidden := int64(v.Width), int64(v.Width*v.MLPRatio)
	inPatch := int64(3 * v.Patch * v.Patch)

	products := 3*d*d + d*d + 2*d*hidden // The weights of a block that multiply: qkv, the projection behind attention, the MLP.
	biases := 3*d + d + hidden + d
	norms := 4 * d
	cost := Cost{
		Params:       inPatch*d + d + int64(v.leading())*d + int64(v.Depth)*(products+biases+norms) + 2*d,
		MultiplyAdds: patches*inPatch*d + int64(v.Depth)*(tokens*products+2*tokens*tokens*d),
	}
	if v.LayerScale > 0 {
		cost.Params += int64(v.Depth) * 2 * d
	}
	if v.Positions == LearnedPositions {
		cost.Params += int64(shapes.Make(0, v.positionDims()...).Size())
	}
	return cost
}

// leading is the number of tokens before those of the patches: the class token and the registers.
func (v ViT) leading() int {
	if v.Pool == ClassToken {
		return 1 + v.Registers
	}
	return v.Registers
}
