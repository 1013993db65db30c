package encoder

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestTimmConfigSaysWhatTimmBuilds(t *testing.T) {
	t.Parallel()
	shown := Preprocessing{Size: 96, CropShare: 1, CropMode: "squash", Mean: [3]float64{.5, .5, .5}, Std: [3]float64{.25, .25, .25}}
	mean, deit3 := ViTTiny, ViTTiny
	mean.Pool, deit3.NoClassPosition = MeanPatches, true
	type arguments = map[string]any
	vit := func(with arguments) arguments {
		all := arguments{"img_size": 224., "patch_size": 16., "embed_dim": 192., "depth": 12., "num_heads": 3., "mlp_ratio": 4., "dynamic_img_size": true}
		for name, value := range with {
			all[name] = value
		}
		return all
	}
	for name, c := range map[string]struct {
		encoder      Encoder
		architecture string
		arguments    arguments
		features     float64
	}{
		"ResNet-18": {ResNet18, "resnet18", arguments{"layers": []any{2., 2., 2., 2.}}, 512},
		"ResNet-26": {ResNet{Depth: 26, Stem: ImageNetStem}, "resnet50", arguments{"layers": []any{2., 2., 2., 2.}}, 2048},
		"ViT":       {ViTTiny, "vit_base_patch16_224", vit(nil), 192},
		"mean":      {mean, "vit_base_patch16_224", vit(arguments{"class_token": false, "global_pool": "avg", "fc_norm": false, "no_embed_class": true}), 192},
		"DeiT III":  {deit3, "vit_base_patch16_224", vit(arguments{"no_embed_class": true}), 192},
		"registers": {withRegisters(ViTTiny), "vit_base_patch16_224", vit(arguments{"no_embed_class": true, "reg_tokens": 4., "init_values": 1e-5}), 192},
		"CLIP": {ViT{Patch: 16, Width: 192, Heads: 3, PreNorm: true, NormEpsilon: 1e-5, Activation: QuickGELU}, "vit_base_patch16_clip_224",
			vit(arguments{"pre_norm": true, "act_layer": "quick_gelu"}), 192},
		"epsilon of CLIP": {ViT{Patch: 16, Width: 192, Heads: 3, NormEpsilon: 1e-5}, "vit_base_patch16_clip_224", vit(arguments{"pre_norm": false}), 192},
		"projection":      {ViT{Patch: 16, Width: 192, Heads: 3, Projection: 512}, "vit_base_patch16_224", vit(nil), 512},
		"DINOv3": {ViT{Patch: 16, Width: 192, Heads: 3, Positions: Rotary, AttentionBias: QueryValueBias, Activation: SwiGLU, NormEpsilon: 1e-5}, "vit_base_patch16_dinov3",
			vit(arguments{"use_abs_pos_emb": false, "use_rot_pos_emb": true, "rope_type": "dinov3", "rope_temperature": 100., "rope_rotate_half": true,
				"global_pool": "token", "use_fc_norm": false, "num_reg_tokens": 0., "qkv_bias": true, "init_values": nil,
				"swiglu_mlp": true, "swiglu_align_to": 1.}), 192},
		"ConvNeXt": {ConvNeXtTiny, "convnext_tiny", arguments{"depths": []any{3., 3., 9., 3.}, "dims": []any{96., 192., 384., 768.}}, 768},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content, err := TimmConfig(c.encoder, shown)
			if err != nil {
				t.Fatal(err)
			}
			var config map[string]any
			if err := json.Unmarshal(content, &config); err != nil {
				t.Fatal(err)
			}
			if config["architecture"] != c.architecture || config["num_features"] != c.features || !reflect.DeepEqual(config["model_args"], c.arguments) {
				t.Errorf("it is %s", content)
			}
			p, known, err := timmPreprocessing(content)
			if err != nil || !known || p != shown {
				t.Errorf("the preprocessing is read back as %+v, %v", p, err)
			}
		})
	}
	for name, e := range map[string]Encoder{
		"Stem ImageNetStem": ResNet{}, "Width 64": ResNet{Width: 32, Stem: ImageNetStem}, "Stem 4": ConvNeXtAtto, "encoder.IGPT": IGPT{},
		"NormEpsilon 1e-6 or 1e-5": ViT{NormEpsilon: 1e-12}, "Activation SwiGLU": ViT{Activation: SwiGLU}, "AttentionBias QueryValueBias": ViT{AttentionBias: QueryValueBias},
		"AttentionBias QueryValueBias or NoAttentionBias": ViT{Positions: Rotary}, "Activation GELU or SwiGLU": ViT{Positions: Rotary, AttentionBias: NoAttentionBias, Activation: QuickGELU},
	} {
		if _, err := TimmConfig(e, shown); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := TimmConfig(ViTTiny, Preprocessing{}); err == nil {
		t.Error("images of an unknown size are no error")
	}
}
