package encoder

import (
	"reflect"
	"strings"
	"testing"
)

// TestNetworksOfTransformers: what config.json says of those of golden.py, as transformers writes it,
// and of published ones.
func TestNetworksOfTransformers(t *testing.T) {
	t.Parallel()
	clip := ViT{Patch: 14, Width: 8, Depth: 2, Heads: 2, MLPRatio: 4, Size: 56, PreNorm: true, NormEpsilon: 1e-5, Activation: QuickGELU}
	openCLIP, b32 := clip, clipTower(ViTBaseCLIP, 32, 224, QuickGELU).WithDefaults()
	openCLIP.Activation = GELU
	ijepa := ViT{Patch: 14, Width: 8, Depth: 2, Heads: 2, MLPRatio: 4.5, Size: 56, Pool: MeanPatches, NormEpsilon: 1e-12}
	gated, unbiased := ViTSmallPlusDINOv3.WithDefaults(), ViTSmallDINOv3.WithDefaults()
	unbiased.AttentionBias, unbiased.LayerScale, gated.LayerScale = NoAttentionBias, 1, 1
	for name, c := range map[string]struct {
		config string
		want   Encoder
	}{
		"CLIP's tower": {`{"architectures": ["CLIPVisionModel"], "hidden_act": "quick_gelu", "hidden_size": 8, "image_size": 56, "intermediate_size": 32, "layer_norm_eps": 1e-05,
			"model_type": "clip_vision_model", "num_attention_heads": 2, "num_channels": 3, "num_hidden_layers": 2, "patch_size": 14, "projection_dim": 512}`, clip},
		"CLIP": {`{"architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": 6, "text_config": {"hidden_size": 4, "patch_size": 3},
			"vision_config": {"hidden_act": "gelu", "hidden_size": 8, "image_size": 56, "intermediate_size": 32, "layer_norm_eps": 1e-05, "model_type": "clip_vision_model",
			"num_attention_heads": 2, "num_channels": 3, "num_hidden_layers": 2, "patch_size": 14}}`, openCLIP},
		"CLIP with defaults": {`{"model_type": "clip", "vision_config": {"model_type": "clip_vision_model"}}`, b32},
		"I-JEPA": {`{"architectures": ["IJepaModel"], "hidden_act": "gelu", "hidden_size": 8, "image_size": 56, "intermediate_size": 36, "layer_norm_eps": 1e-12,
			"model_type": "ijepa", "num_attention_heads": 2, "num_channels": 3, "num_hidden_layers": 2, "patch_size": 14, "qkv_bias": true}`, ijepa},
		"I-JEPA's ViT-g": {`{"model_type": "ijepa", "hidden_size": 1408, "image_size": 224, "intermediate_size": 6144, "layer_norm_eps": 1e-06, "mlp_ratio": 4.363636363636363,
			"num_attention_heads": 16, "num_hidden_layers": 40, "patch_size": 16}`, ViTGiantIJEPA},
		"DINOv3": {`{"model_type": "dinov3_vit", "layerscale_value": 1e-05, "num_register_tokens": 4, "key_bias": false, "query_bias": true, "value_bias": true, "rope_theta": 100.0}`,
			ViTSmallDINOv3.WithDefaults()},
		"DINOv3 with a gate":    {`{"model_type": "dinov3_vit", "hidden_act": "silu", "use_gated_mlp": true, "num_register_tokens": 4}`, gated},
		"DINOv3 without biases": {`{"model_type": "dinov3_vit", "query_bias": false, "value_bias": false, "num_register_tokens": 4}`, unbiased},
		"DINOv3 ConvNeXt":       {`{"model_type": "dinov3_convnext", "depths": [3, 3, 27, 3], "hidden_sizes": [128, 256, 512, 1024], "layer_norm_eps": 1e-06, "num_channels": 3}`, ConvNeXtBase},
	} {
		if e, known, err := described(t, c.config); err != nil || !known || !reflect.DeepEqual(e, c.want) {
			t.Errorf("%s is %+v, %t, %v; want %+v", name, e, known, err, c.want)
		}
	}
	for config, want := range map[string]string{
		`{"model_type": "clip_vision_model", "hidden_act": "relu"}`:        `transformers' clip_vision_model: hidden_act is "relu"`,
		`{"model_type": "clip", "vision_config": {"hidden_size": "wide"}}`: "transformers' clip: json",
		`{"model_type": "clip_vision_model", "num_channels": 4}`:           "num_channels is 4",
		`{"model_type": "clip_vision_model", "hidden_size": 0}`:            "hidden_size is 0",
		`{"model_type": "ijepa", "hidden_act": "relu"}`:                    "that of I-JEPA is gelu",
		`{"model_type": "dinov3_vit", "key_bias": true}`:                   "key_bias true",
		`{"model_type": "dinov3_vit", "rope_theta": 10000}`:                "rope_theta is 10000; that of encoder.ViT is 100",
		`{"model_type": "dinov3_vit", "use_gated_mlp": true}`:              `hidden_act is "gelu" with use_gated_mlp true`,
		`{"model_type": "dinov3_convnext", "layer_norm_eps": 1e-05}`:       "layer_norm_eps 1e-05",
	} {
		if _, known, err := described(t, config); known || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not say %q", config, err, want)
		}
	}
	if _, known, err := described(t, `{"model_type": "siglip"}`); known || err != nil {
		t.Errorf("another model: %t, %v", known, err)
	}
}
