package kit

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/hub"
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

// tinyConfig is the config.json of tiny.
const tinyConfig = `{"architecture": "vit_base_patch16_224", "global_pool": "token", "model_args": {"embed_dim": 8, "depth": 1, "num_heads": 1},
	"pretrained_cfg": {"input_size": [3, 32, 32], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}`

// TestAdoptedByName: in the place where hub.Model.Fetch has put them, weights say by themselves which
// network they are of, and the run keeps where they are from.
func TestAdoptedByName(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	weights := ofOthers(t, tinyConfig)
	snapshot := filepath.Join(t.TempDir(), "hub", "models--timm--tiny.test", "snapshots", commit)
	if err := os.CopyFS(snapshot, os.DirFS(filepath.Dir(weights))); err != nil {
		t.Fatal(err)
	}
	b := Backbone{Weights: filepath.Join(snapshot, "model.safetensors"), Data: small().Data}
	dir := filepath.Join(t.TempDir(), "run")
	run, err := Adopt(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := run.Recipe.Encoder.Name(), tiny.Name(); got != want {
		t.Errorf("the network is %s, want %s", got, want)
	}
	var kept struct {
		Start struct{ Hub hub.Origin }
	}
	if err := json.Unmarshal(content(t, dir, rundir.RecipeFile), &kept); err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(content(t, snapshot, "model.safetensors")))
	if want := (hub.Origin{Repo: "timm/tiny.test", Commit: commit, File: "model.safetensors", SHA256: sum}); kept.Start.Hub != want {
		t.Errorf("the recipe keeps %+v, want %+v", kept.Start.Hub, want)
	}
	if opened, err := Open(dir); err != nil || opened.Recipe.Start != b.Weights {
		t.Errorf("opened, the weights are %s, %v", opened.Recipe.Start, err)
	}
	// The same weights from elsewhere are the same run.
	b.Weights = weights
	if _, err := Adopt(dir, b); err != nil {
		t.Error(err)
	}
}

func TestBackboneThatCannotBeAdoptedIsAnError(t *testing.T) {
	for name, change := range map[string]func(*Backbone){
		"Weights is missing": func(b *Backbone) { b.Weights = "" },
		"Encoder is left":    func(b *Backbone) { b.Encoder, b.Weights = nil, ofOthers(t, "") },
		"model_args": func(b *Backbone) {
			b.Encoder, b.Weights = nil, ofOthers(t, strings.Replace(tinyConfig, "depth", "deep", 1))
		},
		"Data is missing":   func(b *Backbone) { b.Data = nil },
		"Normalize is left": func(b *Backbone) { b.Weights = ofOthers(t, "") },
		"no such file":      func(b *Backbone) { b.Weights = "nowhere.safetensors" },
		"by mean [0.485":    func(b *Backbone) { b.Normalize = augment.CIFAR10 },
		"the weights hold":  func(b *Backbone) { b.Encoder = encoder.ViT{Patch: 16, Width: 8, Depth: 2, Heads: 1} },
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
