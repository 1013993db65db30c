package kit

import (
	"reflect"
	"strings"
	"testing"

	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// chosen are the choices of some variables.
func chosen(variables map[string]string) (Choices, error) {
	return ChoicesOf(func(name string) string { return variables[name] })
}

func TestChoicesChangeARecipe(t *testing.T) {
	t.Parallel()
	own := Recipe{Encoder: encoder.ResNet{Depth: 10}, Method: ssl.SimCLR{Temperature: .2}, Optimizer: optim.SGD{LR: 1}, Augment: small().Augment, Epochs: 2, Batch: 8}
	for name, c := range map[string]struct {
		variables map[string]string
		words     string
		change    func(*Recipe)
	}{
		"nothing":  {nil, "", func(*Recipe) {}},
		"size":     {map[string]string{"SSLKIT_SIZE": "96"}, "size 96", func(*Recipe) {}},
		"encoder":  {map[string]string{"SSLKIT_ENCODER": "resnet50"}, "resnet50", func(r *Recipe) { r.Encoder = encoder.ResNet50 }},
		"method":   {map[string]string{"SSLKIT_METHOD": "byol"}, "byol", func(r *Recipe) { r.Method, r.Optimizer, r.Augment = ssl.BYOL{}, nil, nil }},
		"steps":    {map[string]string{"SSLKIT_STEPS": "300"}, "300 steps", func(r *Recipe) { r.Steps, r.Epochs = 300, 0 }},
		"backbone": {map[string]string{"SSLKIT_BACKBONE": "timm/a", "SSLKIT_REVISION": "v1"}, "", func(*Recipe) {}},
		"all of these": {map[string]string{"SSLKIT_SIZE": "64", "SSLKIT_ENCODER": "convnext_tiny", "SSLKIT_METHOD": "VICReg", "SSLKIT_STEPS": "1"},
			"size 64, convnext_tiny, VICReg, 1 steps", func(r *Recipe) {
				r.Encoder, r.Method, r.Optimizer, r.Augment, r.Steps, r.Epochs = encoder.ConvNeXtTiny, ssl.VICReg{}, nil, nil, 1, 0
			}},
		"a transformer": {map[string]string{"SSLKIT_ENCODER": "convnext_tiny"}, "convnext_tiny", func(r *Recipe) {
			r.Encoder, r.Optimizer = encoder.ConvNeXtTiny, optim.AdamW{LR: 1e-3, WeightDecay: .05}
		}},
	} {
		choices, err := chosen(c.variables)
		want := own
		c.change(&want)
		if got := choices.Apply(own); err != nil || !reflect.DeepEqual(got, want) || choices.String() != c.words {
			t.Errorf("%s: %q, %v, %+v; want %q, %+v", name, choices, err, got, c.words, want)
		}
		if choices.Backbone != c.variables["SSLKIT_BACKBONE"] || choices.Revision != c.variables["SSLKIT_REVISION"] {
			t.Errorf("%s: the backbone is %s at %s", name, choices.Backbone, choices.Revision)
		}
	}
}

// TestEveryMethodHasItsName: all that package ssl has but a sum, which says nothing without its parts.
func TestEveryMethodHasItsName(t *testing.T) {
	t.Parallel()
	found := 0
	for _, known := range recipeTypes {
		name, ours := strings.CutPrefix(reflect.TypeOf(known).String(), "ssl.")
		if _, method := known.(ssl.Method); !ours || !method || name == "Sum" {
			continue
		}
		found++
		if choices, err := chosen(map[string]string{"SSLKIT_METHOD": strings.ToLower(name)}); err != nil || reflect.TypeOf(choices.Method) != reflect.TypeOf(known) {
			t.Errorf("%s is %T, %v", name, choices.Method, err)
		}
	}
	if found < 30 {
		t.Errorf("%d methods", found)
	}
}

func TestChoiceThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	for want, variables := range map[string]map[string]string{
		`SSLKIT_SIZE is "wide"; it must be a whole number from 8 to 4096`:                                {"SSLKIT_SIZE": "wide"},
		`SSLKIT_SIZE is "0"; it must be a whole number from 8 to 4096`:                                   {"SSLKIT_SIZE": "0"},
		`SSLKIT_SIZE is "96.5"; it must be a whole number from 8 to 4096`:                                {"SSLKIT_SIZE": "96.5"},
		`SSLKIT_STEPS is "0"; it must be a whole number from 1 to`:                                       {"SSLKIT_STEPS": "0"},
		`SSLKIT_ENCODER is "deit_large_patch16_224"; it must be a name of timm`:                          {"SSLKIT_ENCODER": "deit_large_patch16_224"},
		`SSLKIT_REVISION is "v1"; it must be left out where SSLKIT_BACKBONE is a file, as choices.go is`: {"SSLKIT_REVISION": "v1", "SSLKIT_BACKBONE": "choices.go"},
		`SSLKIT_STEPS is "-1"; it must be a whole number from 1 to`:                                      {"SSLKIT_STEPS": "-1"},
		`SSLKIT_ENCODER is "resnet49"; it must be a name of timm that is known here: resnet18`:           {"SSLKIT_ENCODER": "resnet49"},
		`SSLKIT_METHOD is "Adopted"; it must be one of AttentiveProbe, BYOL, BarlowTwins`:                {"SSLKIT_METHOD": "Adopted"},
		`SSLKIT_METHOD is "Sum"; it must be one of`:                                                      {"SSLKIT_METHOD": "Sum"},
		`SSLKIT_METHOD is "BYOL"; it must be left out with SSLKIT_BACKBONE, which is not trained on`:     {"SSLKIT_METHOD": "BYOL", "SSLKIT_BACKBONE": "timm/a"},
		`SSLKIT_STEPS is "9"; it must be left out with SSLKIT_BACKBONE, which is not trained on`:         {"SSLKIT_STEPS": "9", "SSLKIT_BACKBONE": "timm/a"},
		`SSLKIT_REVISION is "v1"; it must be left out without SSLKIT_BACKBONE, whose revision it is`:     {"SSLKIT_REVISION": "v1"},
	} {
		if _, err := chosen(variables); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
