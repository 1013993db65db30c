package kit

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"sslkit/data"
	"sslkit/kit/encoder"
)

// TestPublishedNetworksAreAdopted: small networks that transformers has written, with the files that
// it keeps beside them, need no other setting; and what is exported of them describes the same network.
func TestPublishedNetworksAreAdopted(t *testing.T) {
	t.Parallel()
	clip := encoder.ViT{Patch: 14, Width: 8, Depth: 2, Heads: 2, Size: 56, PreNorm: true, NormEpsilon: 1e-5, Activation: encoder.QuickGELU}
	rotary := encoder.ViT{Patch: 7, Width: 16, Depth: 2, Heads: 2, MLPRatio: 3, Size: 28, Positions: encoder.Rotary, AttentionBias: encoder.QueryValueBias,
		Activation: encoder.SwiGLU, Registers: 4, LayerScale: 1, NormEpsilon: 1e-5}
	for name, c := range map[string]struct {
		file, config, shown string
		want                encoder.ViT
		size                int
	}{
		"CLIP": {"transformers-clip-vision", `{"hidden_act": "quick_gelu", "hidden_size": 8, "image_size": 56, "intermediate_size": 32, "layer_norm_eps": 1e-05,
			"model_type": "clip_vision_model", "num_attention_heads": 2, "num_channels": 3, "num_hidden_layers": 2, "patch_size": 14}`,
			`{"crop_size": {"height": 56, "width": 56}, "do_center_crop": true, "do_normalize": true, "image_mean": [0.48145466, 0.4578275, 0.40821073],
			"image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": {"shortest_edge": 56}}`, clip, 56},
		"DINOv3": {"transformers-dinov3-gated", `{"hidden_act": "silu", "hidden_size": 16, "image_size": 28, "intermediate_size": 48, "model_type": "dinov3_vit",
			"num_attention_heads": 2, "num_hidden_layers": 2, "num_register_tokens": 4, "patch_size": 7, "use_gated_mlp": true}`,
			`{"do_normalize": true, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "resample": 2, "size": {"height": 28, "width": 28}}`, rotary, 42},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			weights, err := os.ReadFile(filepath.Join("encoder", "testdata", "weights", c.file+".safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			for file, content := range map[string]string{"model.safetensors": string(weights), "config.json": c.config, "preprocessor_config.json": c.shown} {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			images := data.Shapes{Size: c.size, Train: 8, Validation: 4, Test: 4}
			run, err := Adopt(filepath.Join(t.TempDir(), "run"), Backbone{Weights: filepath.Join(folder, "model.safetensors"), Data: images})
			if err != nil {
				t.Fatal(err)
			}
			if got := run.Recipe.Encoder; !reflect.DeepEqual(got, c.want.WithDefaults()) {
				t.Errorf("the network is %+v, want %+v", got, c.want.WithDefaults())
			}
			if features, err := run.Features(data.Test); err != nil || features.Dim != c.want.Width {
				t.Errorf("%d features an image, %v", features.Dim, err)
			}
			exported := filepath.Join(t.TempDir(), "exported")
			if err := run.Export(exported); err != nil {
				t.Fatal(err)
			}
			e, _, known, err := encoder.Described(filepath.Join(exported, "model.safetensors"))
			if err != nil || !known || !reflect.DeepEqual(e, run.Recipe.Encoder) {
				t.Errorf("what is exported is %+v, %t, %v", e, known, err)
			}
			if opened, err := Open(run.Dir); err != nil || !reflect.DeepEqual(opened.Recipe.Encoder, run.Recipe.Encoder) {
				t.Errorf("opened, the network is %+v, %v", opened.Recipe.Encoder, err)
			}
		})
	}
}
