package encoder

import (
	"encoding/json"
	"fmt"
)

// timmConfig is the config.json by which timm builds a network and reads its weights.
type timmConfig struct {
	Architecture string         `json:"architecture"`
	Classes      int            `json:"num_classes"`
	Features     int            `json:"num_features"`
	GlobalPool   string         `json:"global_pool"`
	Arguments    map[string]any `json:"model_args,omitempty"`
	Pretrained   timmPretrained `json:"pretrained_cfg"`
}

// timmPretrained says how images are made for the weights, and which layers timm changes for other
// channels or classes.
type timmPretrained struct {
	InputSize     [3]int     `json:"input_size"` // Channels, height, width.
	FixedSize     bool       `json:"fixed_input_size"`
	CropShare     float64    `json:"crop_pct,omitempty"`
	CropMode      string     `json:"crop_mode,omitempty"`
	Interpolation string     `json:"interpolation,omitempty"`
	Mean          [3]float64 `json:"mean"`
	Std           [3]float64 `json:"std"`
	FirstConv     string     `json:"first_conv"`
	Classifier    string     `json:"classifier"`
	Classes       int        `json:"num_classes"`
}

// TimmConfig is the config.json of the hub for an encoder with weights that want their images made
// so: beside the weights under the name model.safetensors, timm builds the same network of it.
//
// It is an error where timm has no such network: of ResNets it has those with Width 64 and
// ImageNetStem that are not pruned, of ConvNeXts those with Stem 4, and of the others ViTs, with a
// NormEpsilon of 1e-6 or 1e-5. Keys without a bias and a SwiGLU it has with Rotary positions alone,
// and with these neither a bias of the keys nor a QuickGELU.
func TimmConfig(e Encoder, p Preprocessing) ([]byte, error) {
	config := timmConfig{Features: e.Dim(), GlobalPool: "avg"}
	config.Pretrained = timmPretrained{
		InputSize: [3]int{3, p.Size, p.Size}, CropShare: p.CropShare, CropMode: p.CropMode, Interpolation: p.Interpolation, Mean: p.Mean, Std: p.Std,
	}
	if p.Size < 1 {
		return nil, fmt.Errorf("encoder: timm wants the size of the images, and it is not known")
	}
	var err error
	switch e := e.(type) {
	case ResNet:
		err = e.WithDefaults().timm(&config)
	case ViT:
		err = e.WithDefaults().timm(&config)
	case ConvNeXt:
		err = e.WithDefaults().timm(&config)
	default:
		err = fmt.Errorf("it is a %T", e)
	}
	if err != nil {
		return nil, fmt.Errorf("encoder: timm has no encoder %s: %w", e.Name(), err)
	}
	content, err := json.MarshalIndent(config, "", "  ")
	return append(content, '\n'), err
}

func (r ResNet) timm(config *timmConfig) error {
	if r.Width != 64 || r.Stem != ImageNetStem || r.Inner != nil {
		return fmt.Errorf("of ResNets it has those with Width 64 and Stem ImageNetStem that are not pruned")
	}
	config.Architecture = "resnet18"
	if r.bottleneck() {
		config.Architecture = "resnet50"
	}
	config.Arguments = map[string]any{"layers": resNetBlocks[r.Depth]}
	config.Pretrained.FirstConv, config.Pretrained.Classifier = "conv1", "fc"
	return nil
}

func (c ConvNeXt) timm(config *timmConfig) error {
	if c.Stem != 4 {
		return fmt.Errorf("of ConvNeXts it has those with Stem 4")
	}
	config.Architecture = "convnext_tiny"
	config.Arguments = map[string]any{"depths": c.Depths, "dims": c.Widths}
	config.Pretrained.FirstConv, config.Pretrained.Classifier = "stem.0", "head.fc"
	return nil
}
