package encoder

import (
	"testing"

	"sslkit/data/datatest"
	"sslkit/kit/augment"
)

// FuzzDescribed: whatever a config.json or a preprocessor_config.json holds, an error or a network
// that may be checked, and that timm's form of it describes again. To look for more:
// go test ./kit/encoder -fuzz FuzzDescribed -fuzztime 10m
func FuzzDescribed(f *testing.F) {
	for _, content := range []string{
		`{"architecture":"resnet50","num_features":2048,"pretrained_cfg":{"input_size":[3,224,224],"mean":[0.5,0.5,0.5],"std":[1,1,1],"crop_mode":"squash"}}`,
		`{"architecture":"vit_small_patch14_reg4_dinov2","model_args":{"img_size":518,"init_values":1e-5}}`,
		`{"architecture":"convnext_tiny","input_size":[3,288,288],"crop_pct":0.95}`,
		`{"model_type":"clip","vision_config":{"hidden_size":768,"num_attention_heads":12,"num_hidden_layers":12,"patch_size":32,"image_size":224,"intermediate_size":3072,"hidden_act":"quick_gelu"}}`,
		`{"model_type":"ijepa","hidden_size":1280,"num_attention_heads":16,"num_hidden_layers":32,"patch_size":14,"image_size":224,"intermediate_size":5120}`,
		`{"model_type":"dinov3_vit","hidden_size":384,"num_attention_heads":6,"num_hidden_layers":12,"patch_size":16,"image_size":224,"num_register_tokens":4,"rope_theta":100}`,
		`{"model_type":"dinov3_convnext","hidden_sizes":[96,192,384,768],"depths":[3,3,9,3]}`,
		`{"image_processor_type":"DeiTImageProcessor","size":{"height":256,"width":256},"do_center_crop":true,"crop_size":224,"resample":3,"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}`,
		`{"size":{"shortest_edge":384},"crop_pct":0.875,"do_normalize":false}`,
		`null`, `[]`, `{}`,
	} {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		datatest.Bounded(t, func() {
			for _, read := range []func([]byte) (Preprocessing, bool, error){timmPreprocessing, transformersPreprocessing} {
				if p, known, err := read(content); err == nil && known {
					_ = p.check("a file")
				}
			}
			for _, read := range []func([]byte) (Encoder, bool, error){timmNetwork, transformersNetwork} {
				e, known, err := read(content)
				if err != nil || !known {
					continue
				}
				if e == nil {
					t.Fatal("a network is known, and there is none")
				}
				if e.Check(224, 224) != nil {
					continue
				}
				if e.Name() == "" || e.Dim() < 1 || e.Cost(224, 224).Params < 1 {
					t.Fatalf("%#v passes its check, is called %q, gives %d features and costs %+v", e, e.Name(), e.Dim(), e.Cost(224, 224))
				}
				config, err := TimmConfig(e, Preprocessing{Size: 224, Mean: augment.ImageNet.Mean, Std: augment.ImageNet.Std})
				if err != nil {
					continue // Not a network of timm's.
				}
				again, known, err := timmNetwork(config)
				if err != nil || !known || again.Name() != e.Name() || again.Dim() != e.Dim() || again.Cost(224, 224) != e.Cost(224, 224) {
					t.Fatalf("%#v is described as %s, and that is %#v, %v, %v", e, config, again, known, err)
				}
			}
		})
	})
}
