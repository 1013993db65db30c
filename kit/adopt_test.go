package kit

import (
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// backbone is one of tiny, of another program.
func backbone(t *testing.T) Backbone {
	t.Helper()
	return Backbone{Weights: ofOthers(t, imageNetConfig), Encoder: tiny, Data: small().Data}
}

func TestAdoptedWeightsAreARun(t *testing.T) {
	b := backbone(t)
	dir := filepath.Join(t.TempDir(), "run")
	run, err := Adopt(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	if !run.Finished() || run.Recipe.Augment[0][0] != augment.ImageNet {
		t.Errorf("finished %t, shown images by %v", run.Finished(), run.Recipe.Augment)
	}
	given, hash, err := rundir.ReadWeights(b.Weights)
	if err != nil {
		t.Fatal(err)
	}
	kept, keptHash, err := rundir.ReadWeights(run.WeightsFile())
	if err != nil || len(kept) != len(given) || keptHash != hash {
		t.Errorf("the run keeps other weights than it was given: %v", err)
	}
	if !strings.Contains(string(content(t, dir, rundir.RecipeFile)), `"hash": "`+hash+`"`) {
		t.Error("the recipe does not hold the hash of the weights")
	}
	wanted, _, known, err := encoder.PreprocessingOf(run.WeightsFile())
	if err != nil || !known || wanted.Mean != augment.ImageNet.Mean {
		t.Errorf("the kept weights want images by %+v, %v", wanted, err)
	}
	test, err := run.Features(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	initial, err := run.InitialFeatures(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if test.Encoder != hash || initial.Encoder == hash {
		t.Error("the features are not by the weights, or the baseline is")
	}
	train, err := run.Features(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (eval.KNN{K: 3}).Evaluate(train, test); err != nil {
		t.Error(err)
	}
	if embeddings, err := run.Embeddings(data.Test); err != nil || embeddings.Dim != test.Dim {
		t.Errorf("embeddings of %d dimensions, %v", embeddings.Dim, err)
	}
	if frozen, err := run.Frozen(); err != nil || frozen.Head != "" {
		t.Errorf("frozen is %+v, %v", frozen, err)
	}
	if flops, err := run.StepFLOPs(); err != nil || flops != 0 {
		t.Errorf("a step takes %g operations, %v", flops, err)
	}
	if _, err := run.LossCurve(); err == nil || !strings.Contains(err.Error(), "has done no step") {
		t.Errorf("the curve of no loss: %v", err)
	}
	if _, err := Adopt(dir, b); err != nil {
		t.Errorf("again: %v", err)
	}
	if again, err := Open(dir); err != nil || !again.Finished() {
		t.Errorf("opened: %v", err)
	}
	b.Weights = ofOthers(t, imageNetConfig)
	if _, err := Adopt(dir, b); err == nil || !strings.Contains(err.Error(), "in the directory "+hash[:12]) {
		t.Errorf("error %v does not show the other weights", err)
	}

	// As the hub has it, it is the same again.
	out := filepath.Join(t.TempDir(), "exported")
	if err := run.Export(out); err != nil {
		t.Fatal(err)
	}
	b.Weights = filepath.Join(out, "model.safetensors")
	if _, got, err := rundir.ReadWeights(b.Weights); err != nil || got != hash {
		t.Errorf("other weights are exported: %v", err)
	}
	if !strings.Contains(string(content(t, out, "config.json")), `"input_size": [`) {
		t.Error("config.json does not tell the size of the images")
	}
	if _, err := Adopt(dir, b); err != nil {
		t.Errorf("what was exported is not what was adopted: %v", err)
	}

	// A training goes on from them, by its own default augmentations.
	next := small()
	next.Encoder, next.Start, next.Augment, next.Steps, next.Epochs = tiny, run.WeightsFile(), nil, 1, 0
	if err := next.Check(); err != nil {
		t.Error(err)
	}
}

func TestBackboneThatCannotBeAdoptedIsAnError(t *testing.T) {
	for name, change := range map[string]func(*Backbone){
		"Weights is missing": func(b *Backbone) { b.Weights = "" },
		"Encoder is missing": func(b *Backbone) { b.Encoder = nil },
		"Data is missing":    func(b *Backbone) { b.Data = nil },
		"Normalize is left":  func(b *Backbone) { b.Weights = ofOthers(t, "") },
		"no such file":       func(b *Backbone) { b.Weights = "nowhere.safetensors" },
		"by mean [0.485":     func(b *Backbone) { b.Normalize = augment.CIFAR10 },
		"the weights hold":   func(b *Backbone) { b.Encoder = encoder.ViT{Patch: 16, Width: 8, Depth: 2, Heads: 1} },
	} {
		b := backbone(t)
		change(&b)
		dir := filepath.Join(t.TempDir(), "run")
		if _, err := Adopt(dir, b); err == nil || !strings.Contains(err.Error(), name) || rundir.Exists(dir) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	trained := small()
	trained.Method = ssl.Sum{{Method: Adopted{}, Weight: 1}}
	if err := trained.Check(); err == nil || !strings.Contains(err.Error(), "kit.Adopted") {
		t.Errorf("a training of what is adopted: %v", err)
	}
}
