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
	// Heads is the number of attention heads. It divides Width. Default Width/64, as in most
	// published sizes, at least 1.
	Heads int
	// MLPRatio is how many times wider the hidden layer of a block's perceptron is than a token, above
	// 0; of a product that is no whole number the fraction is cut off, as timm does. Default 4; I-JEPA's
	// ViT-g has 48/11.
	MLPRatio float64
	// Activation is what a block's perceptron has between its layers. Default GELU.
	Activation Activation
	// AttentionBias says to which of queries, keys and values a bias is added. Default all.
	AttentionBias AttentionBias
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
	// PreNorm puts a norm before the first block too, on what enters it, and takes the bias out of the
	// patches' embedding, as CLIP does (Radford et al. 2021, arXiv:2103.00020; timm's pre_norm).
	// Default false.
	PreNorm bool
	// NormEpsilon is what the norms add to a variance, at least 0. 0 means 1e-6, as timm has it; CLIP and
	// DINOv3 have 1e-5, and transformers' ViT 1e-12.
	NormEpsilon float64
	// Projection is the number of features of a linear layer behind the class token, which is then the
	// representation, such as that which CLIP compares with a text's (512 of ViT-B, 768 of ViT-L). Tokens
	// and Map are not projected. It is timm's head, and has a bias as that does. Default 0: there is none.
	Projection int
	// LayerScale is what every feature of a branch is multiplied by at the start, at least 0; the
	// factors are learned (Touvron et al. 2021, arXiv:2103.17239; timm's init_values). Deep networks
	// train more steadily with small ones: DINOv2 takes 1e-5, BEiT-B 0.1. 0 is none: branches are not
	// scaled.
	LayerScale float64
	// Size is the side in pixels of the images that the position embeddings are stored for, a
	// multiple of Patch; images of other sizes get them interpolated, as timm and OpenCLIP do. transformers'
	// ViT, Dinov2, CLIP and I-JEPA, and DINOv2's own networks without registers, do that without
	// antialiasing, and so with another cubic (a is -3/4): their features at other sizes differ. Rotary positions are not stored, and follow the size of the
	// images. Default: 14 patches where Patch is 14 or more (224 pixels at 16, as published), else 8
	// patches (32 pixels at 4, 64 at 8; published networks with patches of 8 have 224).
	Size int
}

// Pool is the way from a ViT's tokens to one vector.
type Pool int

const (
	ClassToken           Pool = iota // The output of a token of its own, which has no patch.
	MeanPatches                      // The mean over the patches' outputs. There is no class token then.
	MeanBesideClassToken             // The mean over the patches' outputs, of a network that has a class token.
)

// Positions is the kind of a ViT's position embeddings.
type Positions int

const (
	LearnedPositions Positions = iota // One learned vector for each place.
	SineCosine                        // Fixed sines and cosines of row and column, as in MoCo v3 and MAE. 4 must divide Width.
	// Rotary turns the queries and keys of the patches by angles that row and column give, in every
	// block, as DINOv3 does (Siméoni et al. 2025, arXiv:2508.10104). Nothing is added to the tokens.
	// 4 must divide the features of a head.
	Rotary
)

// mostMLPRatio is above what anybody takes.
const mostMLPRatio = 1000

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
// network: "-mlp2" (MLPRatio), "-quickgelu" or "-swiglu" (Activation), "-nokeybias" or "-noqkvbias"
// (AttentionBias), "-mean" or "-meanbeside" (Pool), "-sincos" or "-rotary" (Positions), "-r4"
// (Registers), "-nocp" (NoClassPosition), "-prenorm" (PreNorm), "-eps1e-05" (NormEpsilon), "-ls"
// (LayerScale), "-proj512" (Projection).
func (v ViT) Name() string {
	v = v.WithDefaults()
	name := fmt.Sprintf("vit%d-w%d-h%d-p%d", v.Depth, v.Width, v.Heads, v.Patch)
	if v.MLPRatio != 4 {
		name += fmt.Sprintf("-mlp%.4g", v.MLPRatio)
	}
	name += map[Activation]string{QuickGELU: "-quickgelu", SwiGLU: "-swiglu"}[v.Activation]
	name += map[AttentionBias]string{QueryValueBias: "-nokeybias", NoAttentionBias: "-noqkvbias"}[v.AttentionBias]
	name += map[Pool]string{MeanPatches: "-mean", MeanBesideClassToken: "-meanbeside"}[v.Pool]
	name += map[Positions]string{SineCosine: "-sincos", Rotary: "-rotary"}[v.Positions]
	if v.Registers > 0 {
		name += fmt.Sprintf("-r%d", v.Registers)
	}
	if v.NoClassPosition {
		name += "-nocp"
	}
	if v.PreNorm {
		name += "-prenorm"
	}
	if v.NormEpsilon > 0 {
		name += fmt.Sprintf("-eps%g", v.NormEpsilon)
	}
	if v.LayerScale > 0 {
		name += "-ls"
	}
	if v.Projection > 0 {
		name += fmt.Sprintf("-proj%d", v.Projection)
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
		setting.UpTo(mostMLPRatio, "encoder.ViT: MLPRatio", v.MLPRatio, d.MLPRatio),
		setting.Must(v.hidden() >= 1, "encoder.ViT: MLPRatio", v.MLPRatio, fmt.Sprintf("at least 1/%d with Width %[1]d", v.Width), d.MLPRatio),
		setting.Must(v.Activation >= GELU && v.Activation <= SwiGLU, "encoder.ViT: Activation", int(v.Activation), "GELU, QuickGELU or SwiGLU"),
		setting.Must(v.AttentionBias >= QueryKeyValueBias && v.AttentionBias <= NoAttentionBias, "encoder.ViT: AttentionBias", int(v.AttentionBias),
			"QueryKeyValueBias, QueryValueBias or NoAttentionBias"),
		setting.Must(v.Pool >= ClassToken && v.Pool <= MeanBesideClassToken, "encoder.ViT: Pool", int(v.Pool),
			"ClassToken, MeanPatches or MeanBesideClassToken"),
		setting.Must(v.Positions >= LearnedPositions && v.Positions <= Rotary, "encoder.ViT: Positions", int(v.Positions),
			"LearnedPositions, SineCosine or Rotary"),
		setting.Must(v.Positions != SineCosine || v.Width%4 == 0, "encoder.ViT: Width", v.Width,
			"a multiple of 4 with Positions SineCosine", d.Width),
		setting.Must(v.Positions != Rotary || v.Width%(4*v.Heads) == 0, "encoder.ViT: Width", v.Width,
			fmt.Sprintf("a multiple of 4 × Heads, which is %d, with Positions Rotary", v.Heads), d.Width),
		setting.Must(v.Positions != Rotary || !v.NoClassPosition, "encoder.ViT: NoClassPosition", v.NoClassPosition,
			"false with Positions Rotary, where no token has an embedding"),
		setting.NotNegative("encoder.ViT: NormEpsilon", v.NormEpsilon, layerNormEpsilon),
		setting.FeaturesOr("none", "encoder.ViT: Projection", v.Projection),
		setting.Must(v.Projection == 0 || v.Pool == ClassToken, "encoder.ViT: Projection", v.Projection, "0 unless Pool is ClassToken"),
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

// Dim is Width, or Projection where there is one.
func (v ViT) Dim() int { return cmp.Or(v.Projection, v.WithDefaults().Width) }

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
	d, hidden := int64(v.Width), int64(v.hidden())
	inPatch := int64(3 * v.Patch * v.Patch)

	into := int64(1) // Layers into the hidden features.
	if v.Activation == SwiGLU {
		into = 2
	}
	products := 3*d*d + d*d + (into+1)*d*hidden // The weights of a block that multiply: qkv, the projection behind attention, the MLP.
	biases := int64(v.AttentionBias.parts())*d + d + into*hidden + d
	norms := 4 * d
	cost := Cost{
		Params:       inPatch*d + d + int64(v.leading())*d + int64(v.Depth)*(products+biases+norms) + 2*d,
		MultiplyAdds: patches*inPatch*d + int64(v.Depth)*(tokens*products+2*tokens*tokens*d),
	}
	if v.PreNorm { // It has two parameters a feature, and the patches have no bias.
		cost.Params += d
	}
	if v.Projection > 0 {
		cost.Params += int64(v.Projection) * (d + 1)
		cost.MultiplyAdds += int64(v.Projection) * d
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
	if v.hasClassToken() {
		return 1 + v.Registers
	}
	return v.Registers
}

// hasClassToken tells whether there is a class token, whether or not it is the representation.
func (v ViT) hasClassToken() bool { return v.Pool != MeanPatches }

// hidden is the number of hidden features of a block's perceptron.
func (v ViT) hidden() int { return int(float64(v.Width) * v.MLPRatio) }

// epsilon is NormEpsilon, or what 0 means.
func (v ViT) epsilon() float64 { return cmp.Or(v.NormEpsilon, layerNormEpsilon) }
