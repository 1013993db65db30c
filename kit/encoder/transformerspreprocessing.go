package encoder

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// uncropped is the side in pixels from which on transformers' ConvNextImageProcessor scales the whole
// image and takes no crop_pct.
const uncropped = 384

// squashed is timm's crop_mode of images that become squares whatever their shape.
const squashed = "squash"

// pillowFilters are the names that timm has for Pillow's filters, by Pillow's numbers.
var pillowFilters = []string{"nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"}

// transformersConfig is the preprocessor_config.json of transformers.
type transformersConfig struct {
	Class      string      `json:"image_processor_type"`
	OldClass   string      `json:"feature_extractor_type"`
	Normalizes *bool       `json:"do_normalize"`
	Mean       *[3]float64 `json:"image_mean"`
	Std        *[3]float64 `json:"image_std"`
	Crops      bool        `json:"do_center_crop"`
	Crop       side        `json:"crop_size"`
	Size       side        `json:"size"`
	CropShare  float64     `json:"crop_pct"` // Of the shorter side, for ConvNeXt's, whose Size is then that of the crop.
	Resample   *int        `json:"resample"` // Pillow's number of the filter.
}

// transformersPreprocessing reads the preprocessor_config.json of transformers.
func transformersPreprocessing(content []byte) (p Preprocessing, known bool, err error) {
	var config transformersConfig
	if err := json.Unmarshal(content, &config); err != nil {
		return p, false, err
	}
	p = Preprocessing{Size: config.Size.pixels, CropShare: cmp.Or(config.CropShare, 1), Std: [3]float64{1, 1, 1}}
	if p.Size >= uncropped {
		p.CropShare = 1
	}
	if config.squashes() {
		p.CropMode = squashed
	}
	if number := config.Resample; number != nil {
		if *number < 0 || *number >= len(pillowFilters) {
			return p, false, fmt.Errorf("resample is %d; Pillow's filters have the numbers 0 to %d", *number, len(pillowFilters)-1)
		}
		p.Interpolation = pillowFilters[*number]
	}
	if config.Crops && config.Crop.pixels > 0 && config.Size.pixels > 0 {
		p.Size, p.CropShare = config.Crop.pixels, float64(config.Crop.pixels)/float64(config.Size.pixels)
	}
	if config.Normalizes == nil || *config.Normalizes {
		if config.Mean == nil || config.Std == nil {
			return p, false, nil
		}
		p.Mean, p.Std = *config.Mean, *config.Std
	}
	return p, true, nil
}

// squashes tells whether images are scaled to a square whatever their shape: where height and width
// are given, and by ConvNeXt's class from uncropped on. A number is a square for most of the classes
// that crop nothing, and of those that do for DeiT's and BEiT's.
func (c transformersConfig) squashes() bool {
	switch class := cmp.Or(c.Class, c.OldClass); {
	case c.Size.of == bothSides:
		return true
	case c.Crops:
		return c.Size.of == oneNumber && (strings.HasPrefix(class, "DeiT") || strings.HasPrefix(class, "Beit"))
	case c.CropShare > 0 || c.Size.of == shorterSide:
		return c.Size.pixels >= uncropped
	default:
		return c.Size.of == oneNumber
	}
}

// side is the side of a square in pixels, which transformers writes as a number or as an object.
type side struct {
	pixels int
	of     sideOf
}

// sideOf is in which form a side was written.
type sideOf int

const (
	notSaid sideOf = iota
	oneNumber
	bothSides
	shorterSide
)

// UnmarshalJSON reads a number, {"height": 224, "width": 224} or {"shortest_edge": 256}. Of what is
// no square it is 0.
func (s *side) UnmarshalJSON(content []byte) error {
	if string(content) == "null" {
		return nil
	}
	if json.Unmarshal(content, &s.pixels) == nil {
		s.of = oneNumber
		return nil
	}
	var object struct {
		Height   int `json:"height"`
		Width    int `json:"width"`
		Shortest int `json:"shortest_edge"`
	}
	if err := json.Unmarshal(content, &object); err != nil {
		return err
	}
	if object.Height != object.Width {
		return nil
	}
	switch {
	case object.Shortest > 0:
		s.pixels, s.of = object.Shortest, shorterSide
	case object.Height > 0:
		s.pixels, s.of = object.Height, bothSides
	}
	return nil
}
