package encoder

import (
	"encoding/json"
	"fmt"
	"math"
)

// transformersViTConfig is what transformers' config.json says of a ViT.
type transformersViTConfig struct {
	Width      int     `json:"hidden_size"`
	Depth      int     `json:"num_hidden_layers"`
	Heads      int     `json:"num_attention_heads"`
	Hidden     int     `json:"intermediate_size"`
	Patch      int     `json:"patch_size"`
	Size       int     `json:"image_size"`
	Channels   int     `json:"num_channels"`
	Epsilon    float64 `json:"layer_norm_eps"`
	Activation string  `json:"hidden_act"`

	// Of I-JEPA.
	AttentionBias bool `json:"qkv_bias"`

	// Of DINOv3.
	Registers  int     `json:"num_register_tokens"`
	LayerScale float64 `json:"layerscale_value"`
	Base       float64 `json:"rope_theta"`
	Gated      bool    `json:"use_gated_mlp"`
	QueryBias  bool    `json:"query_bias"`
	KeyBias    bool    `json:"key_bias"`
	ValueBias  bool    `json:"value_bias"`
	ProjBias   bool    `json:"proj_bias"`
	MLPBias    bool    `json:"mlp_bias"`
}

// What transformers' classes have where a config.json does not say it (configuration_clip.py,
// configuration_ijepa.py, configuration_dinov3_vit.py).
var (
	transformersCLIPDefaults = transformersViTConfig{
		Width: 768, Depth: 12, Heads: 12, Hidden: 3072, Patch: 32, Size: 224, Channels: 3, Epsilon: 1e-5, Activation: "quick_gelu",
	}
	transformersIJEPADefaults = transformersViTConfig{
		Width: 768, Depth: 12, Heads: 12, Hidden: 3072, Patch: 16, Size: 224, Channels: 3, Epsilon: 1e-12, Activation: "gelu", AttentionBias: true,
	}
	transformersDINOv3Defaults = transformersViTConfig{
		Width: 384, Depth: 12, Heads: 6, Hidden: 1536, Patch: 16, Size: 224, Channels: 3, Epsilon: 1e-5, Activation: "gelu",
		LayerScale: 1, Base: rotaryBase, QueryBias: true, ValueBias: true, ProjBias: true, MLPBias: true,
	}
)

// transformersModels read the config.json of the models that are known by it, by their model_type.
var transformersModels = map[string]func(content []byte) (Encoder, error){
	"clip": transformersCLIPOf, "clip_vision_model": transformersCLIPTowerOf,
	"ijepa": transformersIJEPAOf, "dinov3_vit": transformersDINOv3Of, "dinov3_convnext": transformersDINOv3ConvNeXtOf,
}

// transformersNetwork reads transformers' config.json.
func transformersNetwork(content []byte) (e Encoder, known bool, err error) {
	var config struct {
		Model string `json:"model_type"`
	}
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, false, err
	}
	read, ok := transformersModels[config.Model]
	if !ok {
		return nil, false, nil
	}
	if e, err = read(content); err != nil {
		return nil, false, fmt.Errorf("it is transformers' %s: %w", config.Model, err)
	}
	return e, true, nil
}

// vit is what all of the models share.
func (c transformersViTConfig) vit() (ViT, error) {
	if c.Channels != 3 {
		return ViT{}, fmt.Errorf("num_channels is %d; encoder.ViT has 3", c.Channels)
	}
	if c.Width < 1 || c.Hidden < 1 {
		return ViT{}, fmt.Errorf("hidden_size is %d and intermediate_size is %d; both must be at least 1", c.Width, c.Hidden)
	}
	v := ViT{Patch: c.Patch, Width: c.Width, Depth: c.Depth, Heads: c.Heads, Size: c.Size, NormEpsilon: c.Epsilon}
	v.MLPRatio = float64(c.Hidden) / float64(c.Width)
	if v.hidden() < c.Hidden { // By rounding of the ratio.
		v.MLPRatio = math.Nextafter(v.MLPRatio, math.Inf(1))
	}
	if v.NormEpsilon == layerNormEpsilon { // Which is what 0 means.
		v.NormEpsilon = 0
	}
	return v, nil
}

// transformersCLIPOf reads the config.json of a CLIPModel, which has a text tower too.
func transformersCLIPOf(content []byte) (Encoder, error) {
	config := struct {
		Vision json.RawMessage `json:"vision_config"`
	}{json.RawMessage("{}")}
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, err
	}
	return transformersCLIPTowerOf(config.Vision)
}

func transformersCLIPTowerOf(content []byte) (Encoder, error) {
	config := transformersCLIPDefaults
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, err
	}
	v, err := config.vit()
	v.PreNorm = true
	var known bool
	if v.Activation, known = otherActivations[config.Activation]; !known {
		return nil, fmt.Errorf("hidden_act is %q; encoder.ViT has gelu and quick_gelu", config.Activation)
	}
	return v, err
}

func transformersIJEPAOf(content []byte) (Encoder, error) {
	config := transformersIJEPADefaults
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, err
	}
	v, err := config.vit()
	v.Pool = MeanPatches
	if !config.AttentionBias {
		v.AttentionBias = NoAttentionBias
	}
	if config.Activation != "gelu" {
		return nil, fmt.Errorf("hidden_act is %q; that of I-JEPA is gelu", config.Activation)
	}
	return v, err
}

func transformersDINOv3Of(content []byte) (Encoder, error) {
	config := transformersDINOv3Defaults
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, err
	}
	v, err := config.vit()
	v.Positions, v.Registers, v.LayerScale = Rotary, config.Registers, config.LayerScale
	v.AttentionBias = QueryValueBias
	if !config.QueryBias && !config.ValueBias {
		v.AttentionBias = NoAttentionBias
	}
	activation := "gelu"
	if config.Gated {
		activation, v.Activation = "silu", SwiGLU
	}
	switch {
	case config.KeyBias || config.QueryBias != config.ValueBias || !config.ProjBias || !config.MLPBias:
		return nil, fmt.Errorf("query_bias is %t, key_bias %t, value_bias %t, proj_bias %t and mlp_bias %t; encoder.ViT has both or none of queries and values, and the last two",
			config.QueryBias, config.KeyBias, config.ValueBias, config.ProjBias, config.MLPBias)
	case config.Base != rotaryBase:
		return nil, fmt.Errorf("rope_theta is %g; that of encoder.ViT is %d", config.Base, rotaryBase)
	case config.Activation != activation:
		return nil, fmt.Errorf("hidden_act is %q with use_gated_mlp %t; encoder.ViT has %s there", config.Activation, config.Gated, activation)
	}
	return v, err
}

func transformersDINOv3ConvNeXtOf(content []byte) (Encoder, error) {
	config := struct { // With what the class has where a config.json does not say it (configuration_dinov3_convnext.py).
		Depths     [4]int  `json:"depths"`
		Widths     [4]int  `json:"hidden_sizes"`
		Channels   int     `json:"num_channels"`
		Epsilon    float64 `json:"layer_norm_eps"`
		Activation string  `json:"hidden_act"`
	}{ConvNeXtTiny.Depths, ConvNeXtTiny.Widths, 3, layerNormEpsilon, "gelu"}
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, err
	}
	if config.Channels != 3 || config.Epsilon != layerNormEpsilon || config.Activation != "gelu" {
		return nil, fmt.Errorf("num_channels is %d, layer_norm_eps %g and hidden_act %q; encoder.ConvNeXt has 3, %g and gelu",
			config.Channels, config.Epsilon, config.Activation, layerNormEpsilon)
	}
	return ConvNeXt{Depths: config.Depths, Widths: config.Widths, Stem: 4}, nil
}
