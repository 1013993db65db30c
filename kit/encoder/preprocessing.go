package encoder

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// Preprocessing is how images are made for an encoder with certain weights.
type Preprocessing struct {
	// Size is the side in pixels of the images that the weights were made for. 0: it is not known.
	Size int `json:"size,omitempty"`
	// CropShare is which part of the scaled image's side the crop in the centre keeps, in (0, 1]. 0: it
	// is not known.
	CropShare float64 `json:"crop_share,omitempty"`
	// CropMode says how an image that is no square is scaled before the crop, by timm's crop_mode:
	// "squash" makes it a square whatever its shape, as transformers does for ViT and DINOv3, and "border"
	// scales its longer side and fills up what is missing. "" (timm's "center") scales its shorter side.
	CropMode string `json:"crop_mode,omitempty"`
	// Interpolation is how images are scaled, by its name in timm, such as "bicubic". "": it is not known.
	Interpolation string `json:"interpolation,omitempty"`
	// Mean and Std of red, green and blue, in units of [0, 1], are subtracted and divided by.
	Mean [3]float64 `json:"mean"`
	Std  [3]float64 `json:"std"`
}

// preprocessingKey is where the metadata of a file of weights hold a Preprocessing, as JSON.
const preprocessingKey = "preprocessing"

// Metadata adds what the preprocessing is to the metadata of a file of weights, for
// [PreprocessingOf].
func (p Preprocessing) Metadata(to map[string]string) error {
	content, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoder: writing the preprocessing: %w", err)
	}
	to[preprocessingKey] = string(content)
	return nil
}

// SameNormalization tells whether images are normalised as for other weights, but for the third
// digit behind the point, since published means and deviations are rounded.
func (p Preprocessing) SameNormalization(as Preprocessing) bool {
	const rounding = 1e-3
	for i := range p.Mean {
		if !(math.Abs(p.Mean[i]-as.Mean[i]) <= rounding && math.Abs(p.Std[i]-as.Std[i]) <= rounding) {
			return false
		}
	}
	return true
}

// PreprocessingOf is what a file of weights wants of its images, by its own metadata, or else by the
// files beside it that the hub keeps: timm's config.json, or the preprocessor_config.json of
// transformers. from is the name of the file that says so. Known is false where none does.
//
// torchvision's weights come without such a file. Its transforms say what to write into the metadata:
//
//	w = torchvision.models.ViT_B_16_Weights.IMAGENET1K_V1
//	t = w.transforms()
//	said = {"size": t.crop_size[0], "crop_share": t.crop_size[0] / t.resize_size[0],
//	        "interpolation": t.interpolation.value, "mean": t.mean, "std": t.std}
//	save_file(w.get_state_dict(), "vit_b_16.safetensors", {"preprocessing": json.dumps(said)})
//
// What a file says may differ from what its network was trained with: transformers' I-JEPA was made
// with a mean and a deviation of 0.5 (convert_ijepa_to_hf.py), and its authors and timm have those of
// ImageNet.
//
// It is an error where such a file is there and can't be read, or holds a deviation that is not
// positive.
func PreprocessingOf(path string) (p Preprocessing, from string, known bool, err error) {
	fail := func(name string, err error) (Preprocessing, string, bool, error) {
		return Preprocessing{}, "", false, fmt.Errorf("reading the preprocessing in %s: %w", name, err)
	}
	metadata, err := readMetadata(path)
	if err != nil {
		return fail(path, err)
	}
	if content, ok := metadata[preprocessingKey]; ok {
		if err := json.Unmarshal([]byte(content), &p); err != nil {
			return fail(path, err)
		}
		return p, path, true, p.check(path)
	}
	for _, beside := range []struct {
		name string
		read func(content []byte) (Preprocessing, bool, error)
	}{{"config.json", timmPreprocessing}, {"preprocessor_config.json", transformersPreprocessing}} {
		name := filepath.Join(filepath.Dir(path), beside.name)
		content, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fail(name, err)
		}
		if p, known, err = beside.read(content); err != nil {
			return fail(name, err)
		}
		if known {
			return p, name, true, p.check(name)
		}
	}
	return Preprocessing{}, "", false, nil
}

// check returns an error where images can't be normalised so.
func (p Preprocessing) check(path string) error {
	for i, std := range p.Std {
		if !(std > 0) || math.IsInf(std, 0) || math.IsNaN(p.Mean[i]) {
			return fmt.Errorf("reading the preprocessing in %s: mean %v and deviation %v; the deviation must be positive", path, p.Mean, p.Std)
		}
	}
	return nil
}

// readMetadata reads the metadata of a safetensors file, and not its tensors.
func readMetadata(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	encoded, err := readHeader(file, info.Size())
	if err != nil {
		return nil, err
	}
	_, metadata, err := parseHeader(encoded)
	return metadata, err
}

// timmPreprocessing reads timm's config.json, whose older form has no key pretrained_cfg.
func timmPreprocessing(content []byte) (p Preprocessing, known bool, err error) {
	type fields struct {
		InputSize     []int       `json:"input_size"` // Channels, height, width.
		CropShare     float64     `json:"crop_pct"`
		CropMode      string      `json:"crop_mode"`
		Interpolation string      `json:"interpolation"`
		Mean          *[3]float64 `json:"mean"`
		Std           *[3]float64 `json:"std"`
	}
	var config struct {
		fields
		Pretrained *fields `json:"pretrained_cfg"`
	}
	if err := json.Unmarshal(content, &config); err != nil {
		return p, false, err
	}
	of := config.fields
	if config.Pretrained != nil {
		of = *config.Pretrained
	}
	if of.Mean == nil || of.Std == nil { // Of another program.
		return p, false, nil
	}
	p = Preprocessing{CropShare: of.CropShare, CropMode: of.CropMode, Interpolation: of.Interpolation, Mean: *of.Mean, Std: *of.Std}
	if p.CropMode == "center" { // As where it says none.
		p.CropMode = ""
	}
	if len(of.InputSize) == 3 && of.InputSize[1] == of.InputSize[2] {
		p.Size = of.InputSize[1]
	}
	return p, true, nil
}
