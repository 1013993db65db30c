package encoder

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// described is what the text beside weights describes.
func described(t *testing.T, config string) (Encoder, bool, error) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	e, from, known, err := Described(filepath.Join(folder, "model.safetensors"))
	if known && from != filepath.Join(folder, "config.json") {
		t.Errorf("it is from %s", from)
	}
	return e, known, err
}

// TestWhatIsWrittenForTimmIsReadBack: all encoders that TimmConfig writes.
func TestWhatIsWrittenForTimmIsReadBack(t *testing.T) {
	t.Parallel()
	mean, deit3, meanScaled := ViTTiny, ViTTiny, ViT{Patch: 8, Width: 48, Depth: 3, Heads: 3, MLPRatio: 2, Size: 64, Pool: MeanPatches, LayerScale: .1}
	mean.Pool, deit3.NoClassPosition = MeanPatches, true
	openCLIP, beside, dinov3, plainRotary, preNormed := ViTBaseCLIP, ViTTiny, ViTSmallDINOv3, ViTSmallPlusDINOv3, ViTBaseDINOv3
	openCLIP.Patch, openCLIP.Activation = 32, GELU
	beside.Pool, beside.AttentionBias, beside.MLPRatio, beside.PreNorm = MeanBesideClassToken, NoAttentionBias, 48./11, true
	dinov3.Pool, dinov3.AttentionBias = MeanBesideClassToken, NoAttentionBias
	plainRotary.NormEpsilon, plainRotary.LayerScale, plainRotary.Registers, plainRotary.Pool = 0, 0, 0, MeanPatches
	preNormed.PreNorm = true
	plainCLIP := ViTBaseCLIP
	plainCLIP.PreNorm = false
	for _, e := range []Encoder{
		ViTBaseCLIP, ViTLargeCLIP, openCLIP, plainCLIP, ViTHugeIJEPA, ViTGiantIJEPA, beside,
		ViTSmallDINOv3, ViTSmallPlusDINOv3, ViTLargeDINOv3, dinov3, plainRotary, preNormed,
		ResNet18, ResNet34, ResNet50, ResNet101, ResNet152, ResNet{Depth: 10, Width: 64, Stem: ImageNetStem}, ResNet{Depth: 26, Width: 64, Stem: ImageNetStem},
		ViTTiny, ViTLarge, ViTSmallDINOv2, withRegisters(ViTSmallDINOv2), mean, deit3, meanScaled,
		ConvNeXtTiny, ConvNeXtBase, ConvNeXt{Depths: [4]int{1, 1, 2, 1}, Widths: [4]int{4, 6, 8, 10}, Stem: 4},
	} {
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			content, err := TimmConfig(e, Preprocessing{Size: 224, Std: [3]float64{1, 1, 1}})
			if err != nil {
				t.Fatal(err)
			}
			got, known, err := described(t, string(content))
			if v, ok := e.(ViT); ok {
				e = v.WithDefaults()
			}
			if err != nil || !known || !reflect.DeepEqual(got, e) {
				t.Errorf("it is read as %+v, %t, %v", got, known, err)
			}
		})
	}
}

// TestNamesOfTimm: the names that the hub's config.json has, without arguments, and the networks of
// timm's resnet.py, vision_transformer.py, deit.py and convnext.py.
func TestNamesOfTimm(t *testing.T) {
	t.Parallel()
	for architecture, want := range map[string]Encoder{
		"resnet50":                     ResNet50,
		"vit_small_patch16_224":        ViT{Patch: 16, Width: 384, Depth: 12, Heads: 6, MLPRatio: 4, Size: 224},
		"vit_large_patch14_224":        ViT{Patch: 14, Width: 1024, Depth: 24, Heads: 16, MLPRatio: 4, Size: 224},
		"vit_base_patch32_384":         ViT{Patch: 32, Width: 768, Depth: 12, Heads: 12, MLPRatio: 4, Size: 384},
		"vit_base_patch8_224":          ViT{Patch: 8, Width: 768, Depth: 12, Heads: 12, MLPRatio: 4, Size: 224},
		"vit_large_patch16_384":        ViT{Patch: 16, Width: 1024, Depth: 24, Heads: 16, MLPRatio: 4, Size: 384},
		"vit_small_patch14_dinov2":     ViT{Patch: 14, Width: 384, Depth: 12, Heads: 6, MLPRatio: 4, LayerScale: 1e-5, Size: 518},
		"vit_base_patch14_reg4_dinov2": ViT{Patch: 14, Width: 768, Depth: 12, Heads: 12, MLPRatio: 4, LayerScale: 1e-5, Size: 518, Registers: 4},
		"deit_tiny_patch16_224":        ViT{Patch: 16, Width: 192, Depth: 12, Heads: 3, MLPRatio: 4, Size: 224},
		"deit3_base_patch16_384":       ViT{Patch: 16, Width: 768, Depth: 12, Heads: 12, MLPRatio: 4, Size: 384, NoClassPosition: true, LayerScale: 1e-6},
		"vit_base_patch32_clip_224":    ViT{Patch: 32, Width: 768, Depth: 12, Heads: 12, MLPRatio: 4, PreNorm: true, NormEpsilon: 1e-5, Size: 224},
		"vit_large_patch14_clip_quickgelu_336": ViT{Patch: 14, Width: 1024, Depth: 24, Heads: 16, MLPRatio: 4, PreNorm: true, NormEpsilon: 1e-5,
			Activation: QuickGELU, Size: 336},
		"vit_huge_patch14_clip_224": ViT{Patch: 14, Width: 1280, Depth: 32, Heads: 16, MLPRatio: 4, PreNorm: true, NormEpsilon: 1e-5, Size: 224},
		"vit_giant_patch16_gap_224": ViT{Patch: 16, Width: 1408, Depth: 40, Heads: 16, MLPRatio: 48. / 11, Pool: MeanPatches, Size: 224},
		"vit_huge_patch16_gap_448":  ViT{Patch: 16, Width: 1280, Depth: 32, Heads: 16, MLPRatio: 4, Pool: MeanPatches, Size: 448},
		"vit_small_plus_patch16_dinov3": ViT{Patch: 16, Width: 384, Depth: 12, Heads: 6, MLPRatio: 4, Positions: Rotary, Pool: MeanBesideClassToken,
			AttentionBias: NoAttentionBias, Activation: SwiGLU, Registers: 4, LayerScale: 1e-5, NormEpsilon: 1e-5, Size: 224},
		"vit_base_patch16_dinov3_qkvb": ViT{Patch: 16, Width: 768, Depth: 12, Heads: 12, MLPRatio: 4, Positions: Rotary, Pool: MeanBesideClassToken,
			AttentionBias: QueryValueBias, Registers: 4, LayerScale: 1e-5, NormEpsilon: 1e-5, Size: 224},
		"convnext_small": ConvNeXtSmall,
		"convnext_large": ConvNeXt{Depths: [4]int{3, 3, 27, 3}, Widths: [4]int{192, 384, 768, 1536}, Stem: 4},
	} {
		got, known, err := described(t, `{"architecture": "`+architecture+`", "num_classes": 0, "pretrained_cfg": {"classifier": ["head", "head_dist"]}}`)
		if err != nil || !known || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, %t, %v", architecture, got, known, err)
		}
		if named, err := Named(architecture); err != nil || !reflect.DeepEqual(named, want) {
			t.Errorf("named, %s is %+v, %v", architecture, named, err)
		}
	}
}

// TestSizeIsThatOfTheConfig: timm's _builder.py gives a network of fixed_input_size the input_size of
// pretrained_cfg as its img_size, unless model_args have one.
func TestSizeIsThatOfTheConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arguments, fixed string
		want             int
	}{
		"fixed":     {`{}`, "true", 256},
		"not fixed": {`{}`, "false", 224},
		"argument":  {`{"img_size": 128}`, "true", 128},
	} {
		e, known, err := described(t, `{"architecture": "vit_tiny_patch16_224", "model_args": `+c.arguments+
			`, "pretrained_cfg": {"input_size": [3, 256, 256], "fixed_input_size": `+c.fixed+`}}`)
		if v, ok := e.(ViT); err != nil || !known || !ok || v.Size != c.want {
			t.Errorf("%s: %+v, %v; want Size %d", name, e, err, c.want)
		}
	}
}

func TestNameThatNothingHas(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "resnet19", "ResNet50", "vit_huge_patch14_224",
		"vit_small_patch16_clip_224", "vit_base_patch16_clip_quickgelu_384", "vit_tiny_patch16_dinov3", "vit_giant_patch14_gap_224",
		"vit_tiny_patch8_224", "vit_large_patch8_224", "vit_small_patch14_224", "vit_base_patch16_dinov2", "vit_tiny_patch14_dinov2", "vit_base_patch8_384",
		"deit_large_patch16_224", "deit_tiny_patch16_384", "deit_base_patch14_dinov2", "deit3_tiny_patch16_224", "deit3_base_patch14_224"} {
		if e, err := Named(name); err == nil || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("%q is %v, %v", name, e, err)
		}
	}
}

func TestNetworkThatIsNotDescribed(t *testing.T) {
	t.Parallel()
	if _, _, known, err := Described(filepath.Join(t.TempDir(), "model.safetensors")); known || err != nil {
		t.Errorf("no config.json: %t, %v", known, err)
	}
	if _, known, err := described(t, `{"architectures": ["ViTModel"], "hidden_size": 384}`); known || err != nil {
		t.Errorf("one of transformers: %t, %v", known, err)
	}
	for config, want := range map[string]string{
		`{`:                             "config.json",
		`{"architecture": "resnet50d"}`: "timm's resnet50d, which is none",
		`{"architecture": "vit_base_patch16_siglip_224"}`:                                                            "none of the encoders",
		`{"architecture": "resnet50", "model_args": {"cardinality": 32}}`:                                            "model_args that are not known here: cardinality",
		`{"architecture": "resnet18", "model_args": {"layers": [9, 9, 9, 9]}}`:                                       "of no depth",
		`{"architecture": "vit_tiny_patch16_224", "model_args": {"depth": "deep"}}`:                                  "depth is deep; it must be of type int",
		`{"architecture": "vit_tiny_patch16_224", "model_args": {"reg_tokens": 4}}`:                                  "no position embeddings",
		`{"architecture": "vit_tiny_patch16_224", "global_pool": "avg"}`:                                             `global_pool "avg"`,
		`{"architecture": "vit_tiny_patch16_224", "model_args": {"act_layer": "relu"}}`:                              `act_layer "relu"`,
		`{"architecture": "vit_tiny_patch16_224", "model_args": {"rope_type": "dinov3"}}`:                            "model_args that are not known here: rope_type",
		`{"architecture": "eva_giant_patch14_224"}`:                                                                  "use_rot_pos_emb false",
		`{"architecture": "vit_small_patch16_dinov3", "model_args": {"rope_temperature": 10000}}`:                    "rope_temperature 10000",
		`{"architecture": "vit_small_plus_patch16_dinov3", "model_args": {"mlp_ratio": 3.3, "swiglu_align_to": 64}}`: "swiglu_align_to 64 and 1267 hidden features",
		`{"architecture": "vit_small_patch16_dinov3", "model_args": {"pre_norm": true}}`:                             "not known here: pre_norm",
	} {
		if _, known, err := described(t, config); known || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not say %q", config, err, want)
		}
	}
}
