package kit

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/kit/train"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/compress"
	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// trainedWeights writes weights of an encoder, as if it had been trained, and gives the path of
// their file.
func trainedWeights(t *testing.T, e encoder.Encoder) string {
	t.Helper()
	scope := train.EncoderScope(model.NewStore())
	if err := train.BuildEncoder(scope, e, 32, 32); err != nil {
		t.Fatal(err)
	}
	return written(t, scope)
}

// headWeights is trainedWeights of a method's head on the encoder tiny.
func headWeights(t *testing.T, method ssl.Method) string {
	t.Helper()
	scope := train.MethodScope(model.NewStore())
	if _, err := train.BuildHead(scope, method, tiny); err != nil {
		t.Fatal(err)
	}
	return written(t, scope)
}

// written gives the variables in scope values and writes them to a file.
func written(t *testing.T, scope *model.Scope) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for v := range scope.IterVariables() {
		values := make([]float32, v.Shape().Size())
		for i := range values {
			values[i] = float32(rng.Float64() - .5)
			if v.Shape().Rank() == 1 { // Scales and variances are positive.
				values[i]++
			}
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	weights, err := encoder.Weights(scope)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trained.safetensors")
	if err := encoder.WriteSafetensors(path, weights, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// distilled is a recipe that distils a convolutional network, whose norms have running statistics,
// into a tiny student.
func distilled(t *testing.T) Recipe {
	t.Helper()
	recipe := small()
	teacher := ssl.Frozen{Encoder: recipe.Encoder, Weights: trainedWeights(t, recipe.Encoder)}
	recipe.Encoder, recipe.Method = tiny, compress.Features{Teacher: teacher, Layers: 2}
	recipe.Augment = nil
	return recipe
}

func TestDistillationTeachesAndLeavesTheTeacherAlone(t *testing.T) {
	recipe, dir := distilled(t), t.TempDir()
	teacher := recipe.Method.(compress.Features).Teacher
	before := content(t, teacher.Weights)
	run := pretrained(t, dir, recipe)
	metrics, err := run.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	if first, last := metrics[1].Loss, metrics[len(metrics)-1].Loss; !(last < first) {
		t.Errorf("the loss went from %g to %g", first, last)
	}
	if !bytes.Equal(content(t, teacher.Weights), before) {
		t.Error("the teacher's file was changed")
	}
	// The teacher in the last checkpoint, weights and running statistics, is that of its file.
	store, _, err := rundir.Dir(dir).Kept()
	if err != nil {
		t.Fatal(err)
	}
	scope := store.Scope("/frozen/encoder")
	if err := train.BuildEncoder(scope, teacher.Encoder, 32, 32); err != nil {
		t.Fatal(err)
	}
	for v := range scope.IterVariables() { // Each is loaded as it is asked for.
		if v.MustValue() == nil {
			t.Fatalf("the checkpoint holds no %s", v.Path())
		}
	}
	weights, err := encoder.Weights(scope)
	if err != nil {
		t.Fatal(err)
	}
	_, want, err := rundir.ReadWeights(teacher.Weights)
	if err != nil {
		t.Fatal(err)
	}
	if encoder.Hash(weights) != want {
		t.Error("training changed the teacher")
	}
	if !strings.Contains(string(content(t, dir, rundir.RecipeFile)), `"hash": "`+want+`"`) {
		t.Errorf("%s does not tell the hash of the teacher", rundir.RecipeFile)
	}

	// Resumed from the last checkpoint but one, it ends in the same bits.
	checkResumed(t, dir, recipe, "a frozen teacher")

	// The teacher's file may be moved; another teacher is another recipe.
	moved := filepath.Join(t.TempDir(), "moved.safetensors")
	if err := os.WriteFile(moved, before, 0o644); err != nil {
		t.Fatal(err)
	}
	teacher.Weights = moved
	recipe.Method = compress.Features{Teacher: teacher, Layers: 2}
	recipe.Augment = nil
	pretrained(t, dir, recipe)
	if err := (compress.Magnitude{Sparsity: .5}).PruneFile(moved, moved); err != nil {
		t.Fatal(err)
	}
	if _, err := Pretrain(dir, recipe); err == nil || !strings.Contains(err.Error(), "in the directory "+want[:12]) {
		t.Errorf("error %v does not show the other teacher", err)
	}
}

func TestTeacherThatDoesNotFitIsAnErrorBeforeTheRunBegins(t *testing.T) {
	fits := distilled(t)
	method := fits.Method.(compress.Features)
	for what, change := range map[string]func(f *ssl.Frozen){
		"no such file":        func(f *ssl.Frozen) { f.Weights = "nowhere.safetensors" },
		"has shape":           func(f *ssl.Frozen) { f.Encoder = encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem} },
		"the weights hold no": func(f *ssl.Frozen) { f.Encoder = encoder.ResNet{Depth: 18, Width: 2, Stem: encoder.HalfStem} },
		"must be at least": func(f *ssl.Frozen) {
			f.Encoder = encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.Stem{Kernel: 3, Stride: 8}}
		},
	} {
		recipe, changed := fits, method
		change(&changed.Teacher)
		recipe.Method = changed
		dir := filepath.Join(t.TempDir(), "run")
		if _, err := Pretrain(dir, recipe); err == nil || !strings.Contains(err.Error(), what) || rundir.Exists(dir) {
			t.Errorf("%s: the run was begun, with error %v", what, err)
		}
	}
}

func TestDistilledClassifier(t *testing.T) {
	taught := small()
	taught.Encoder, taught.Method = tiny, ssl.Supervised{Classes: 10}
	taught.Augment = nil
	run := pretrained(t, t.TempDir(), taught)
	teacher, err := run.Frozen()
	if err != nil {
		t.Fatal(err)
	}
	again, err := run.Frozen()
	if err != nil || again.Head != teacher.Head {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	recipe := taught
	recipe.Method = compress.Logits{Teacher: teacher, Classes: 10, Hard: .1}
	dir := t.TempDir()
	student := pretrained(t, dir, recipe)
	logits, err := student.Embeddings(data.Test)
	if err != nil || logits.Dim != 10 {
		t.Errorf("%d logits, %v", logits.Dim, err)
	}
	if !strings.Contains(string(content(t, dir, rundir.RecipeFile)), `"Head": {`) {
		t.Error("the recipe does not tell the hash of the head")
	}
	recipe.Method = compress.Logits{Teacher: teacher, Classes: 9}
	_, err = Pretrain(t.TempDir(), recipe)
	if err == nil || !strings.Contains(err.Error(), "the teacher's embedding has 10 values") {
		t.Errorf("another number of classes: error %v", err)
	}
	teacher.Head = teacher.Weights
	recipe.Method = compress.Logits{Teacher: teacher, Classes: 10}
	if err := recipe.Check(); err == nil || !strings.Contains(err.Error(), teacher.Head) {
		t.Errorf("a head that is none: error %v", err)
	}
}

func TestRunWithoutHeadIsFrozenWithoutOne(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.Method, recipe.Steps = means, ssl.SimMIM{}, 1
	recipe.Augment = nil
	frozen, err := pretrained(t, t.TempDir(), recipe).Frozen()
	if err != nil || frozen.Method != nil || frozen.Head != "" || frozen.Weights == "" {
		t.Errorf("%+v, %v", frozen, err)
	}
	if _, err := unfinished(t, recipe).Frozen(); err == nil || !strings.Contains(err.Error(), "not finished") {
		t.Errorf("a run that is not finished: error %v", err)
	}
}
