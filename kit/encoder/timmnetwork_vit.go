package encoder

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// timmViT are timm's names of ViTs, of vision_transformer.py and deit.py, whose parts say what they
// are. A name that timm doesn't have, such as deit_large_patch14_224, is none.
var timmViT = regexp.MustCompile(`^(?:` +
	`(vit)_(tiny)_patch(16)_(224|384)|(vit)_(small|base)_patch(16|32)_(224|384)|(vit)_(small|base)_patch(8)_(224)|` +
	`(vit)_(large)_patch(16|32)_(224|384)|(vit)_(large)_patch(14)_(224)|(vit)_(small|base|large)_patch(14)_(dinov2|reg4_dinov2)|` +
	`(deit)_(tiny|small|base)_patch(16)_(224)|(deit)_(base)_patch(16)_(384)|(deit3)_(small|base|large)_patch(16)_(224|384))$`)

// timmViTs are the other names, of vision_transformer.py and eva.py. As timm has them, those of DINOv3
// represent images by the mean of the patches, where their authors take the class token, and have no
// biases of queries and values ("qkvb" has them).
var timmViTs = map[string]ViT{
	"vit_base_patch32_clip_224":            clipTower(ViTBaseCLIP, 32, 224, GELU),
	"vit_base_patch32_clip_256":            clipTower(ViTBaseCLIP, 32, 256, GELU),
	"vit_base_patch32_clip_384":            clipTower(ViTBaseCLIP, 32, 384, GELU),
	"vit_base_patch32_clip_448":            clipTower(ViTBaseCLIP, 32, 448, GELU),
	"vit_base_patch16_clip_224":            clipTower(ViTBaseCLIP, 16, 224, GELU),
	"vit_base_patch16_clip_384":            clipTower(ViTBaseCLIP, 16, 384, GELU),
	"vit_large_patch14_clip_224":           clipTower(ViTLargeCLIP, 14, 224, GELU),
	"vit_large_patch14_clip_336":           clipTower(ViTLargeCLIP, 14, 336, GELU),
	"vit_huge_patch14_clip_224":            clipTower(clipHuge, 14, 224, GELU),
	"vit_huge_patch14_clip_336":            clipTower(clipHuge, 14, 336, GELU),
	"vit_huge_patch14_clip_378":            clipTower(clipHuge, 14, 378, GELU),
	"vit_base_patch32_clip_quickgelu_224":  clipTower(ViTBaseCLIP, 32, 224, QuickGELU),
	"vit_base_patch16_clip_quickgelu_224":  clipTower(ViTBaseCLIP, 16, 224, QuickGELU),
	"vit_large_patch14_clip_quickgelu_224": clipTower(ViTLargeCLIP, 14, 224, QuickGELU),
	"vit_large_patch14_clip_quickgelu_336": clipTower(ViTLargeCLIP, 14, 336, QuickGELU),
	"vit_huge_patch14_clip_quickgelu_224":  clipTower(clipHuge, 14, 224, QuickGELU),
	"vit_huge_patch14_clip_quickgelu_378":  clipTower(clipHuge, 14, 378, QuickGELU),

	"vit_huge_patch14_gap_224":  ViTHugeIJEPA,
	"vit_huge_patch16_gap_448":  {Patch: 16, Width: 1280, Depth: 32, Heads: 16, Pool: MeanPatches, Size: 448},
	"vit_giant_patch16_gap_224": ViTGiantIJEPA,

	"vit_tiny_patch16_dinov3_qkvb":       timmDINOv3(ViT{Patch: 16, Width: 192, Depth: 12, Heads: 3, Positions: Rotary, Registers: 4, LayerScale: 1e-5, NormEpsilon: 1e-5}, QueryValueBias),
	"vit_small_patch16_dinov3":           timmDINOv3(ViTSmallDINOv3, NoAttentionBias),
	"vit_small_patch16_dinov3_qkvb":      timmDINOv3(ViTSmallDINOv3, QueryValueBias),
	"vit_small_plus_patch16_dinov3":      timmDINOv3(ViTSmallPlusDINOv3, NoAttentionBias),
	"vit_small_plus_patch16_dinov3_qkvb": timmDINOv3(ViTSmallPlusDINOv3, QueryValueBias),
	"vit_base_patch16_dinov3":            timmDINOv3(ViTBaseDINOv3, NoAttentionBias),
	"vit_base_patch16_dinov3_qkvb":       timmDINOv3(ViTBaseDINOv3, QueryValueBias),
	"vit_large_patch16_dinov3":           timmDINOv3(ViTLargeDINOv3, NoAttentionBias),
	"vit_large_patch16_dinov3_qkvb":      timmDINOv3(ViTLargeDINOv3, QueryValueBias),
	"vit_huge_plus_patch16_dinov3":       timmDINOv3(ViTHugePlusDINOv3, NoAttentionBias),
	"vit_huge_plus_patch16_dinov3_qkvb":  timmDINOv3(ViTHugePlusDINOv3, QueryValueBias),
	timmPlainEva:                         {Patch: 14, Width: 1408, Depth: 40, Heads: 16, MLPRatio: 6144. / 1408, Pool: MeanBesideClassToken, AttentionBias: QueryValueBias},
}

// clipHuge is OpenCLIP's ViT-H/14.
var clipHuge = ViT{Width: 1280, Depth: 32, Heads: 16, PreNorm: true, NormEpsilon: timmCLIPEpsilon}

func clipTower(of ViT, patch, size int, between Activation) ViT {
	of.Patch, of.Size, of.Activation = patch, size, between
	return of
}

func timmDINOv3(of ViT, bias AttentionBias) ViT {
	of.AttentionBias, of.Pool = bias, MeanBesideClassToken
	return of
}

// timmViTNamed is the ViT of a name.
func timmViTNamed(name string) (v ViT, known bool) {
	if v, ok := timmViTs[name]; ok {
		return v.WithDefaults(), true
	}
	of := timmViT.FindStringSubmatch(name)
	if of == nil {
		return ViT{}, false
	}
	// Of the alternatives of the name one has its four parts: family, width, patch, size.
	parts := slices.DeleteFunc(of[1:], func(part string) bool { return part == "" })
	v = map[string]ViT{"tiny": ViTTiny, "small": ViTSmall, "base": ViTBase, "large": ViTLarge}[parts[1]]
	v.Patch, _ = strconv.Atoi(parts[2]) // Which is of digits.
	switch named := parts[3]; named {
	case "dinov2", "reg4_dinov2":
		v.Size, v.LayerScale = ViTSmallDINOv2.Size, ViTSmallDINOv2.LayerScale
		if named == "reg4_dinov2" {
			v.NoClassPosition, v.Registers = true, 4
		}
	default:
		v.Size, _ = strconv.Atoi(named)
	}
	if parts[0] == "deit3" {
		v.NoClassPosition, v.LayerScale = true, 1e-6
	}
	return v.WithDefaults(), true
}

// timmViTOf is the ViT of that name with timm's arguments, and pooled so unless these say otherwise.
func timmViTOf(v ViT, pool string, arguments *timmArguments) (Encoder, error) {
	if pool == "" && v.Pool == ClassToken {
		pool = "token"
	} else if pool == "" {
		pool = "avg"
	}
	class, normOfMean, interpolates := v.hasClassToken(), v.Pool == ClassToken, false
	arguments.take("img_size", &v.Size)
	arguments.take("patch_size", &v.Patch)
	arguments.take("embed_dim", &v.Width)
	arguments.take("depth", &v.Depth)
	arguments.take("num_heads", &v.Heads)
	arguments.take("mlp_ratio", &v.MLPRatio)
	if value, ok := arguments.left["init_values"]; ok && value == nil { // Python's None.
		v.LayerScale = 0
	}
	arguments.take("init_values", &v.LayerScale)
	arguments.take("class_token", &class)
	arguments.take("dynamic_img_size", &interpolates) // As it does here in any case.
	arguments.take("global_pool", &pool)
	biased := v.AttentionBias != NoAttentionBias
	arguments.take("qkv_bias", &biased)
	var err error
	if v.AttentionBias == QueryKeyValueBias {
		err = v.takeOfVisionTransformer(&normOfMean, arguments)
	} else { // As of all of Eva's, whose keys have none.
		v.AttentionBias, normOfMean = QueryValueBias, false
		err = v.takeOfEva(arguments)
	}
	if err != nil {
		return nil, err
	}
	if !biased {
		v.AttentionBias = NoAttentionBias
	}
	switch {
	case class && pool == "token":
		v.Pool = ClassToken
	case class && pool == "avg" && !normOfMean:
		v.Pool = MeanBesideClassToken
	case !class && pool == "avg" && !normOfMean:
		v.Pool, v.NoClassPosition = MeanPatches, false
	default:
		return nil, fmt.Errorf("it is a ViT with global_pool %q, class_token %t and fc_norm %t; encoder.ViT has a class token, or the mean of what the last norm gives",
			pool, class, normOfMean)
	}
	return v, nil
}

// takeOfVisionTransformer takes the arguments that timm's VisionTransformer alone has.
func (v *ViT) takeOfVisionTransformer(normOfMean *bool, arguments *timmArguments) error {
	between := "gelu"
	if v.Activation == QuickGELU {
		between = quickGELU
	}
	arguments.take("act_layer", &between)
	arguments.take("pre_norm", &v.PreNorm)
	arguments.take("reg_tokens", &v.Registers)
	arguments.take("no_embed_class", &v.NoClassPosition)
	arguments.take("fc_norm", normOfMean)
	var known bool
	if v.Activation, known = otherActivations[between]; !known {
		return fmt.Errorf("it is a ViT with act_layer %q; encoder.ViT has gelu and %s", between, quickGELU)
	}
	if v.Registers > 0 && !v.NoClassPosition {
		return fmt.Errorf("it is a ViT with reg_tokens %d and no_embed_class false; registers of encoder.ViT have no position embeddings", v.Registers)
	}
	if v.Registers > 0 { // Beside registers encoder.ViT has none in any case.
		v.NoClassPosition = false
	}
	return nil
}

// takeOfEva takes the arguments that timm's Eva alone has.
func (v *ViT) takeOfEva(arguments *timmArguments) error {
	rotary, stored, base, halves, kind := v.Positions == Rotary, v.Positions != Rotary, 0., v.Positions == Rotary, ""
	if rotary {
		base, kind = rotaryBase, timmRotary
	}
	gated, multiple, normOfMean := v.Activation == SwiGLU, 1, v.Positions != Rotary
	arguments.take("use_rot_pos_emb", &rotary)
	arguments.take("use_abs_pos_emb", &stored)
	arguments.take("rope_type", &kind)
	arguments.take("rope_temperature", &base)
	arguments.take("rope_rotate_half", &halves)
	arguments.take("use_fc_norm", &normOfMean)
	arguments.take("num_reg_tokens", &v.Registers)
	arguments.take("use_pre_transformer_norm", &v.PreNorm)
	arguments.take("swiglu_mlp", &gated)
	arguments.take("swiglu_align_to", &multiple)
	if !rotary || stored || kind != timmRotary || base != rotaryBase || !halves || normOfMean {
		return fmt.Errorf("it is timm's Eva with use_rot_pos_emb %t, use_abs_pos_emb %t, rope_type %q, rope_temperature %g, rope_rotate_half %t and use_fc_norm %t; "+
			"encoder.ViT has that of DINOv3", rotary, stored, kind, base, halves, normOfMean)
	}
	v.Positions, v.Activation = Rotary, GELU
	if gated {
		v.Activation = SwiGLU
	}
	if gated && (multiple < 1 || v.hidden()%multiple != 0) {
		return fmt.Errorf("it is timm's Eva with swiglu_align_to %d and %d hidden features; encoder.ViT does not round them up", multiple, v.hidden())
	}
	return nil
}
