package encoder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPreprocessingIsReadFromTheFileOrBesideIt(t *testing.T) {
	t.Parallel()
	imageNet := Preprocessing{Mean: [3]float64{.485, .456, .406}, Std: [3]float64{.229, .224, .225}}
	with := func(size int, share float64, interpolation string) Preprocessing {
		p := imageNet
		p.Size, p.CropShare, p.Interpolation = size, share, interpolation
		return p
	}
	squash := func(p Preprocessing) Preprocessing {
		p.CropMode = "squash"
		return p
	}
	const mean, std = `[0.485, 0.456, 0.406]`, `[0.229, 0.224, 0.225]`
	for name, c := range map[string]struct {
		own      *Preprocessing
		beside   map[string]string
		want     Preprocessing
		from     string // The end of the name of the file that says it; "" where it is not known.
		theError string
	}{
		"its own metadata": {
			own: &Preprocessing{Size: 96, Mean: [3]float64{.5, .5, .5}, Std: [3]float64{.25, .25, .25}}, beside: map[string]string{"config.json": "broken"},
			want: Preprocessing{Size: 96, Mean: [3]float64{.5, .5, .5}, Std: [3]float64{.25, .25, .25}}, from: "w.safetensors",
		},
		"timm": {
			beside: map[string]string{"config.json": `{"architecture": "vit_small_patch14_dinov2", "num_features": 384, "pretrained_cfg": {"input_size": [3, 518, 518],
				"interpolation": "bicubic", "crop_pct": 1.0, "mean": ` + mean + `, "std": ` + std + `}}`},
			want: with(518, 1, "bicubic"), from: "config.json",
		},
		"timm with squashed images": { // As of vit_large_patch14_clip_336.
			beside: map[string]string{"config.json": `{"architecture": "vit_large_patch14_clip_336", "pretrained_cfg": {"input_size": [3, 336, 336],
				"interpolation": "bicubic", "crop_pct": 1.0, "crop_mode": "squash", "mean": ` + mean + `, "std": ` + std + `}}`},
			want: squash(with(336, 1, "bicubic")), from: "config.json",
		},
		"timm with its usual crop": {
			beside: map[string]string{"config.json": `{"architecture": "vit_base_patch16_clip_224", "pretrained_cfg": {"input_size": [3, 224, 224],
				"interpolation": "bicubic", "crop_pct": 0.9, "crop_mode": "center", "mean": ` + mean + `, "std": ` + std + `}}`},
			want: with(224, .9, "bicubic"), from: "config.json",
		},
		"an older timm": {
			beside: map[string]string{"config.json": `{"architecture": "resnet18", "input_size": [3, 224, 224], "interpolation": "bilinear", "crop_pct": 0.875, "mean": ` + mean + `, "std": ` + std + `}`},
			want:   with(224, .875, "bilinear"), from: "config.json",
		},
		"transformers": {
			beside: map[string]string{"config.json": `{"model_type": "vit"}`, "preprocessor_config.json": `{"do_normalize": true, "do_resize": true, "image_mean": ` + mean + `, "image_std": ` + std + `,
				"size": {"height": 224, "width": 224}, "resample": 2}`},
			want: squash(with(224, 1, "bilinear")), from: "preprocessor_config.json",
		},
		"transformers' ViT of before": {
			beside: map[string]string{"preprocessor_config.json": `{"feature_extractor_type": "ViTFeatureExtractor", "image_mean": ` + mean + `, "image_std": ` + std + `, "size": 224, "resample": 2}`},
			want:   squash(with(224, 1, "bilinear")), from: "preprocessor_config.json",
		},
		"transformers' DeiT of before": {
			beside: map[string]string{"preprocessor_config.json": `{"feature_extractor_type": "DeiTFeatureExtractor", "do_center_crop": true, "crop_size": 224, "image_mean": ` + mean + `, "image_std": ` + std + `, "size": 256, "resample": 3}`},
			want:   squash(with(224, .875, "bicubic")), from: "preprocessor_config.json",
		},
		"transformers with a square and a crop": { // As of BeitImageProcessor.
			beside: map[string]string{"preprocessor_config.json": `{"do_center_crop": true, "crop_size": {"height": 224, "width": 224}, "image_mean": ` + mean + `, "image_std": ` + std + `,
				"size": {"height": 256, "width": 256}, "resample": 5}`},
			want: squash(with(224, .875, "hamming")), from: "preprocessor_config.json",
		},
		"a filter that Pillow lacks": {
			beside: map[string]string{"preprocessor_config.json": `{"image_mean": ` + mean + `, "image_std": ` + std + `, "size": 224, "resample": 6}`}, theError: "resample is 6",
		},
		"transformers with a crop": {
			beside: map[string]string{"preprocessor_config.json": `{"do_center_crop": true, "crop_size": {"height": 224, "width": 224}, "image_mean": ` + mean + `, "image_std": ` + std + `,
				"size": {"shortest_edge": 256}, "resample": 3}`},
			want: with(224, .875, "bicubic"), from: "preprocessor_config.json",
		},
		"transformers' ConvNeXt": {
			beside: map[string]string{"preprocessor_config.json": `{"crop_pct": 0.95, "image_mean": ` + mean + `, "image_std": ` + std + `, "size": 224, "resample": 3}`},
			want:   with(224, .95, "bicubic"), from: "preprocessor_config.json",
		},
		"transformers' ConvNeXt at 384": { // Whose class says .875, and crops nothing from there on.
			beside: map[string]string{"preprocessor_config.json": `{"crop_pct": 0.875, "image_mean": ` + mean + `, "image_std": ` + std + `, "size": {"shortest_edge": 384}}`},
			want:   squash(with(384, 1, "")), from: "preprocessor_config.json",
		},
		// What transformers' CLIPImageProcessor, ViTImageProcessor and DINOv3ViTImageProcessor write.
		"CLIP": {
			beside: map[string]string{"config.json": `{"model_type": "clip"}`, "preprocessor_config.json": `{"crop_size": {"height": 224, "width": 224}, "do_center_crop": true,
				"do_convert_rgb": true, "do_normalize": true, "do_rescale": true, "do_resize": true, "image_mean": [0.48145466, 0.4578275, 0.40821073],
				"image_processor_type": "CLIPImageProcessor", "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "rescale_factor": 0.00392156862745098,
				"size": {"shortest_edge": 224}}`},
			want: Preprocessing{Size: 224, CropShare: 1, Interpolation: "bicubic", Mean: [3]float64{.48145466, .4578275, .40821073}, Std: [3]float64{.26862954, .26130258, .27577711}},
			from: "preprocessor_config.json",
		},
		"CLIP of before": { // As OpenAI's files on the hub have it.
			beside: map[string]string{"preprocessor_config.json": `{"crop_size": 224, "do_center_crop": true, "do_normalize": true, "do_resize": true,
				"feature_extractor_type": "CLIPFeatureExtractor", "image_mean": [0.48145466, 0.4578275, 0.40821073],
				"image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 224}`},
			want: Preprocessing{Size: 224, CropShare: 1, Interpolation: "bicubic", Mean: [3]float64{.48145466, .4578275, .40821073}, Std: [3]float64{.26862954, .26130258, .27577711}},
			from: "preprocessor_config.json",
		},
		"I-JEPA": {
			beside: map[string]string{"config.json": `{"model_type": "ijepa"}`, "preprocessor_config.json": `{"do_normalize": true, "do_rescale": true, "do_resize": true,
				"image_mean": [0.5, 0.5, 0.5], "image_processor_type": "ViTImageProcessor", "image_std": [0.5, 0.5, 0.5], "resample": 2,
				"rescale_factor": 0.00392156862745098, "size": {"height": 448, "width": 448}}`},
			want: squash(Preprocessing{Size: 448, CropShare: 1, Interpolation: "bilinear", Mean: [3]float64{.5, .5, .5}, Std: [3]float64{.5, .5, .5}}), from: "preprocessor_config.json",
		},
		"DINOv3": {
			beside: map[string]string{"config.json": `{"model_type": "dinov3_vit"}`, "preprocessor_config.json": `{"do_normalize": true, "do_rescale": true, "do_resize": true,
				"image_mean": ` + mean + `, "image_processor_type": "DINOv3ViTImageProcessor", "image_std": ` + std + `, "resample": 2,
				"rescale_factor": 0.00392156862745098, "size": {"height": 224, "width": 224}}`},
			want: squash(with(224, 1, "bilinear")), from: "preprocessor_config.json",
		},
		"not normalised": {
			beside: map[string]string{"preprocessor_config.json": `{"do_normalize": false, "size": 32, "resample": 3}`},
			want:   Preprocessing{Size: 32, CropShare: 1, CropMode: "squash", Interpolation: "bicubic", Std: [3]float64{1, 1, 1}}, from: "preprocessor_config.json",
		},
		"nothing":           {},
		"of another model":  {beside: map[string]string{"config.json": `{"hidden_size": 3}`}},
		"a broken file":     {beside: map[string]string{"config.json": `{`}, theError: "config.json"},
		"a deviation of 0":  {beside: map[string]string{"config.json": `{"mean": [0, 0, 0], "std": [1, 0, 1]}`}, theError: "must be positive"},
		"broken in the own": {own: &Preprocessing{}, theError: "must be positive"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			metadata := map[string]string{}
			if c.own != nil {
				if err := c.own.Metadata(metadata); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(dir, "w.safetensors")
			if err := WriteSafetensors(path, twoTensors(), metadata); err != nil {
				t.Fatal(err)
			}
			for file, content := range c.beside {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, from, known, err := PreprocessingOf(path)
			switch {
			case c.theError != "":
				if err == nil || !strings.Contains(err.Error(), c.theError) {
					t.Errorf("error %v does not say %q", err, c.theError)
				}
			case err != nil:
				t.Error(err)
			case got != c.want || known != (c.from != "") || !strings.HasSuffix(from, c.from):
				t.Errorf("%+v from %q, want %+v", got, from, c.want)
			}
		})
	}
	if _, _, _, err := PreprocessingOf(filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("a file that is missing is no error")
	}
}

// TestPreprocessingOfTorchvision: golden.py writes what the transforms of torchvision's weights are
// into the metadata of the file.
func TestPreprocessingOfTorchvision(t *testing.T) {
	t.Parallel()
	for file, resized := range map[string]float64{
		"torchvision-resnet":   232, // ResNet50_Weights.IMAGENET1K_V2
		"torchvision-convnext": 236, // ConvNeXt_Tiny_Weights.IMAGENET1K_V1
		"torchvision-vit":      256, // ViT_B_16_Weights.IMAGENET1K_V1
	} {
		want := Preprocessing{
			Size: 224, CropShare: 224 / resized, Interpolation: "bilinear", Mean: [3]float64{.485, .456, .406}, Std: [3]float64{.229, .224, .225},
		}
		path := filepath.Join("testdata", "weights", file+".safetensors")
		if p, from, known, err := PreprocessingOf(path); err != nil || !known || from != path || p != want {
			t.Errorf("%s: %+v from %q, %t, %v; want %+v", file, p, from, known, err, want)
		}
	}
}
