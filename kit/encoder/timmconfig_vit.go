package encoder

import "fmt"

// The networks of timm that a ViT's config.json begins from; its arguments say all else. They differ
// in the epsilon of their norms, which is no argument that a JSON can have.
const (
	timmPlainViT  = "vit_base_patch16_224"      // VisionTransformer, 1e-6.
	timmCLIPViT   = "vit_base_patch16_clip_224" // VisionTransformer, 1e-5.
	timmPlainEva  = "eva_giant_patch14_224"     // Eva, 1e-6.
	timmDINOv3Eva = "vit_base_patch16_dinov3"   // Eva, 1e-5.

	timmCLIPEpsilon = 1e-5
)

// timm fills in timm's VisionTransformer, or its Eva with Rotary positions.
func (v ViT) timm(config *timmConfig) error {
	plain, other := timmPlainViT, timmCLIPViT
	if v.Positions == Rotary {
		plain, other = timmPlainEva, timmDINOv3Eva
	}
	switch v.epsilon() {
	case layerNormEpsilon:
		config.Architecture = plain
	case timmCLIPEpsilon:
		config.Architecture = other
	default:
		return fmt.Errorf("of ViTs it has those with NormEpsilon 1e-6 or 1e-5")
	}
	config.Arguments = map[string]any{
		"img_size": v.Size, "patch_size": v.Patch, "embed_dim": v.Width, "depth": v.Depth, "num_heads": v.Heads, "mlp_ratio": v.MLPRatio,
		"dynamic_img_size": true, // Position embeddings are interpolated to the images, as here.
	}
	config.Classes = v.Projection
	config.Pretrained.Classes = v.Projection
	config.Pretrained.FirstConv, config.Pretrained.Classifier = "patch_embed.proj", "head"
	config.GlobalPool = "avg"
	if v.Pool == ClassToken {
		config.GlobalPool = "token"
	}
	if !v.hasClassToken() {
		config.Arguments["class_token"] = false
	}
	if v.Positions == Rotary {
		return v.timmEva(config)
	}
	switch {
	case v.Activation == SwiGLU:
		return fmt.Errorf("of ViTs with Activation SwiGLU it has those with Positions Rotary")
	case v.AttentionBias == QueryValueBias:
		return fmt.Errorf("of ViTs with AttentionBias QueryValueBias it has those with Positions Rotary")
	case v.AttentionBias == NoAttentionBias:
		config.Arguments["qkv_bias"] = false
	}
	if v.Activation == QuickGELU {
		config.Arguments["act_layer"] = quickGELU
	}
	if v.Pool != ClassToken { // The mean of what the last norm gives, and not the norm of the mean.
		config.Arguments["global_pool"], config.Arguments["fc_norm"] = "avg", false
	}
	if v.PreNorm || config.Architecture == timmCLIPViT {
		config.Arguments["pre_norm"] = v.PreNorm
	}
	if v.Registers > 0 {
		config.Arguments["reg_tokens"] = v.Registers
	}
	if v.classPosition() == 0 {
		config.Arguments["no_embed_class"] = true
	}
	if v.LayerScale > 0 {
		config.Arguments["init_values"] = v.LayerScale
	}
	return nil
}

// timmEva fills in what timm's Eva calls otherwise.
func (v ViT) timmEva(config *timmConfig) error {
	if v.Activation == QuickGELU || v.AttentionBias == QueryKeyValueBias {
		return fmt.Errorf("of ViTs with Positions Rotary it has those with Activation GELU or SwiGLU and AttentionBias QueryValueBias or NoAttentionBias")
	}
	with := config.Arguments
	with["use_abs_pos_emb"], with["use_rot_pos_emb"], with["rope_type"] = false, true, timmRotary
	with["rope_temperature"], with["rope_rotate_half"] = rotaryBase, true
	with["global_pool"], with["use_fc_norm"] = config.GlobalPool, false
	with["num_reg_tokens"], with["qkv_bias"] = v.Registers, v.AttentionBias != NoAttentionBias
	with["init_values"] = nil // No LayerScale.
	if v.LayerScale > 0 {
		with["init_values"] = v.LayerScale
	}
	if v.PreNorm {
		with["use_pre_transformer_norm"] = true
	}
	if v.Activation == SwiGLU { // Two layers, and not one of both; their features are not rounded up.
		with["swiglu_mlp"], with["swiglu_align_to"] = true, 1
	}
	return nil
}

// timmRotary is timm's name of Rotary positions.
const timmRotary = "dinov3"
