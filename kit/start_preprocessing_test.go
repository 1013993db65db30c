package kit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/compress"
	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
	"sslkit/kit/train"
)

// ofOthers is a file of weights of tiny as another program writes it, with a config.json beside it
// that says how images are to be normalised.
func ofOthers(t *testing.T, config string) string {
	t.Helper()
	store := model.NewStore()
	scope := train.EncoderScope(store)
	if err := train.BuildEncoder(scope, tiny, 32, 32); err != nil {
		t.Fatal(err)
	}
	backend, err := device.OpenGo()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.InitializeVariables(backend, nil); err != nil {
		t.Fatal(err)
	}
	weights, err := encoder.Weights(scope)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := encoder.WriteSafetensors(path, weights, nil); err != nil {
		t.Fatal(err)
	}
	if config != "" {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), "config.json"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

const imageNetConfig = `{"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {"input_size": [3, 224, 224], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}`

func TestStartIsNormalisedAsItsWeightsWant(t *testing.T) {
	resolved := func(t *testing.T, recipe Recipe) (Recipe, error) {
		set, err := recipe.open(data.Train)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		recipe, _, err = recipe.plan(set)
		return recipe, err
	}
	normalised := func(view augment.Pipeline) augment.Normalize {
		return view[len(view)-1].(augment.Normalize).WithDefaults()
	}
	recipe := small()
	recipe.Encoder, recipe.Augment, recipe.Start = tiny, nil, ofOthers(t, imageNetConfig)
	own, err := resolved(t, recipe)
	if err != nil {
		t.Fatal(err)
	}
	for i, view := range own.Augment {
		if got := normalised(view); got != augment.ImageNet {
			t.Errorf("view %d of the default is normalised by %v", i, got)
		}
	}
	recipe.Augment = []augment.Pipeline{{augment.Flip{}, augment.Normalize{}}}
	if _, err := resolved(t, recipe); err == nil || !strings.Contains(err.Error(), "view 0 of Augment has mean [0.4914 0.4822 0.4465]") {
		t.Errorf("error %v does not say that the images are normalised otherwise", err)
	}
	recipe.Augment = []augment.Pipeline{{augment.Flip{}}}
	if _, err := resolved(t, recipe); err == nil {
		t.Error("images that are not normalised are no error")
	}
	recipe.Augment = []augment.Pipeline{{augment.Flip{}, augment.ImageNet}}
	if _, err := resolved(t, recipe); err != nil {
		t.Error(err)
	}
	recipe.Augment, recipe.Start = nil, ofOthers(t, "")
	if own, err = resolved(t, recipe); err != nil {
		t.Error(err)
	} else if got := normalised(own.Augment[0]); got != augment.CIFAR10 {
		t.Errorf("where nothing is known the default is normalised by %v", got)
	}
	recipe.Start = ofOthers(t, "{")
	if err := recipe.Check(); err == nil || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("error %v does not name the broken file", err)
	}
}

func TestWhatReadsWeightsFollowsTheirNormalisation(t *testing.T) {
	weights := ofOthers(t, imageNetConfig)
	probing := Probing{Data: small().Data, Encoder: tiny, Start: weights}.WithDefaults()
	recipe, _, err := probing.recipe(.1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if view := recipe.Augment[0]; view[len(view)-1] != augment.ImageNet {
		t.Errorf("a probe shows images by %v", view)
	}
	student := small()
	student.Encoder = tiny
	student.Method = compress.Features{Teacher: ssl.Frozen{Encoder: tiny, Weights: weights}}
	student.Augment = []augment.Pipeline{{augment.Flip{}, augment.Normalize{}}}
	if err := student.Check(); err == nil || !strings.Contains(err.Error(), "learns from a frozen network") {
		t.Errorf("a teacher is shown images that are normalised otherwise: %v", err)
	}
	student.Augment = []augment.Pipeline{{augment.Flip{}, augment.ImageNet}}
	if err := student.Check(); err != nil {
		t.Error(err)
	}
}
