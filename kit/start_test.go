package kit

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// started is a recipe that starts from the encoder of a finished run.
func started(t *testing.T) Recipe {
	t.Helper()
	recipe := small()
	recipe.Encoder = tiny
	before := recipe
	recipe.Method = ssl.Supervised{Classes: 10}
	recipe.Augment = nil
	recipe.Start = filepath.Join(pretrained(t, t.TempDir(), before).Dir, rundir.EncoderFile)
	return recipe
}

func TestStartIsTheOtherRunsEncoder(t *testing.T) {
	recipe := started(t)
	dir := t.TempDir()
	run := pretrained(t, dir, recipe)
	if !bytes.Equal(content(t, dir, rundir.InitialFile), content(t, recipe.Start)) {
		t.Error("the run did not start from the weights of the other")
	}
	if bytes.Equal(content(t, dir, rundir.EncoderFile), content(t, recipe.Start)) {
		t.Error("training did not change the encoder")
	}
	_, hash, err := rundir.ReadWeights(recipe.Start)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(content(t, dir, rundir.RecipeFile)), `"hash": "`+hash+`"`) {
		t.Errorf("%s does not tell the hash of the weights", rundir.RecipeFile)
	}
	initial, err := run.InitialFeatures(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if initial.Encoder != hash {
		t.Error("the features before training are of another encoder")
	}
	metrics, err := run.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	random := recipe
	random.Start, random.Steps = "", 1
	unlike, err := pretrained(t, t.TempDir(), random).Metrics()
	if err != nil {
		t.Fatal(err)
	}
	if metrics[0].Monitor.RankMe == unlike[0].Monitor.RankMe {
		t.Error("the look before training is at random weights")
	}

	// The file may be moved; another file is another recipe.
	moved := filepath.Join(t.TempDir(), "moved.safetensors")
	if err := os.Rename(recipe.Start, moved); err != nil {
		t.Fatal(err)
	}
	recipe.Start = moved
	pretrained(t, dir, recipe)
	recipe.Start = filepath.Join(dir, rundir.EncoderFile)
	if _, err := Pretrain(dir, recipe); err == nil || !strings.Contains(err.Error(), "in the directory "+hash[:12]) {
		t.Errorf("error %v does not show the other weights", err)
	}
}

func TestStartedRunIsResumedToTheSameBits(t *testing.T) {
	recipe := started(t)
	dir := t.TempDir()
	pretrained(t, dir, recipe)
	checkResumed(t, dir, recipe, "a start")
}

func TestTeacherStartsFromTheFileToo(t *testing.T) {
	recipe := taught()
	recipe.Start = filepath.Join(finished(t).Dir, rundir.EncoderFile)
	recipe.Steps, recipe.MonitorEvery, recipe.CheckpointEvery = 1, 1, 1
	run := pretrained(t, t.TempDir(), recipe)
	before, _, err := encoder.ReadSafetensors(recipe.Start)
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := encoder.ReadSafetensors(filepath.Join(run.Dir, rundir.EncoderFile))
	if err != nil {
		t.Fatal(err)
	}
	store, _, err := rundir.Dir(run.Dir).Kept()
	if err != nil {
		t.Fatal(err)
	}
	// After one step with momentum 1/2 the teacher is half-way between the student before and after
	// it.
	const name = "layer1.0.bn2.bias"
	for i, got := range store.GetVariable("/teacher/encoder/layer1/0/bn2/bias").MustValue().Value().([]float32) {
		if want := (before[name].Data[i] + after[name].Data[i]) / 2; got-want > 1e-6 || want-got > 1e-6 {
			t.Errorf("the teacher's %s is %g at %d, want %g", name, got, i, want)
		}
	}
}

func TestStartThatDoesNotFitIsAnErrorBeforeTheRunBegins(t *testing.T) {
	fits := started(t)
	broken := filepath.Join(t.TempDir(), "broken.safetensors")
	if err := os.WriteFile(broken, []byte("no weights"), 0o644); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Recipe){
		"no such file":        func(r *Recipe) { r.Start = "nowhere.safetensors" },
		"broken.safetensors":  func(r *Recipe) { r.Start = broken },
		"has shape":           func(r *Recipe) { r.Encoder = encoder.ViT{Patch: 16, Width: 12, Depth: 1, Heads: 1} },
		"the weights hold no": func(r *Recipe) { r.Encoder = encoder.ViT{Patch: 16, Width: 8, Depth: 2, Heads: 1} },
		"resnet10":            func(r *Recipe) { r.Encoder = small().Encoder },
	} {
		recipe := fits
		change(&recipe)
		if err := recipe.Check(); err == nil || !strings.Contains(err.Error(), "Start") || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v", what, err)
		}
		dir := filepath.Join(t.TempDir(), "run")
		if _, err := Pretrain(dir, recipe); err == nil || rundir.Exists(dir) {
			t.Errorf("%s: the run was begun, with error %v", what, err)
		}
	}
}

// TestDeeperEncoderIsNoStart: a deep network's file has all that a shallow one asks for.
func TestDeeperEncoderIsNoStart(t *testing.T) {
	shallow, deep := small(), small()
	shallow.Encoder, deep.Encoder, deep.Steps = tiny, encoder.ViT{Patch: 16, Width: 8, Depth: 2, Heads: 1}, 1
	shallow.Start = filepath.Join(pretrained(t, t.TempDir(), deep).Dir, rundir.EncoderFile)
	if err := shallow.Check(); err == nil || !strings.Contains(err.Error(), "the encoder has no blocks.1.") {
		t.Errorf("error %v", err)
	}
}
