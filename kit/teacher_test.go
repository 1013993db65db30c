package kit

import (
	"math"
	"path/filepath"
	"testing"

	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// taught is a recipe with a teacher that trains in a second or two.
func taught() Recipe {
	recipe := small()
	recipe.Method = ssl.BYOL{Hidden: 16, Out: 8, Tau: .5}
	recipe.Optimizer = optim.SGD{LR: .1}
	recipe.Schedule = optim.Constant{}
	return recipe
}

func TestTeacherStartsAtTheStudent(t *testing.T) {
	recipe := taught()
	recipe.Steps, recipe.MonitorEvery, recipe.CheckpointEvery = 1, 1, 1
	run := pretrained(t, t.TempDir(), recipe)
	before, _, err := encoder.ReadSafetensors(filepath.Join(run.Dir, rundir.InitialFile))
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
	teacher := store.GetVariable("/teacher/encoder/layer1/0/bn2/bias").MustValue().Value().([]float32)
	moved := false
	for i, got := range teacher {
		a, b := before[name].Data[i], after[name].Data[i]
		moved = moved || a != b
		if want := (a + b) / 2; math.Abs(float64(got-want)) > 1e-7 {
			t.Errorf("the teacher's %s is %g at %d, want %g", name, got, i, want)
		}
	}
	if !moved {
		t.Error("the student did not move")
	}
}

func TestResumedRunEndsInTheSameBits(t *testing.T) {
	dropping := small()
	dropping.Encoder = encoder.ViT{Patch: 8, Width: 16, Depth: 2, StochasticDepth: .5}
	clips, pairs, queue := small(), small(), small()
	clips.Method = ssl.NextFrame{Hidden: 8}
	pairs.Method = ssl.MICLe{Out: 8}
	queue.Method = ssl.MoCoV2{Hidden: 16, Out: 8, Queue: 64}
	held := taught() // Prototypes that stand still for the first half, and a decay that rises.
	held.Encoder, held.Method = tiny, ssl.DINO{Hidden: 8, Out: 4, Prototypes: 6, Tau: .9, FreezeLast: .5}
	held.Optimizer = optim.AdamW{LR: 1e-2, WeightDecay: .04, WeightDecayEnd: .4, ClipEach: 1}
	for name, recipe := range map[string]Recipe{
		"held prototypes and a rising decay": held,
		"a teacher":                          taught(), "a queue": queue, "stochastic depth": dropping, "clips": clips, "pairs of images": pairs,
	} {
		dir := t.TempDir()
		pretrained(t, dir, recipe)
		checkResumed(t, dir, recipe, name)
	}
}

// The teacher has twins of variables that no monitor looks at: DINO's prototypes.
func TestTeacherOfATermIsResumedToTheSameBits(t *testing.T) {
	recipe := taught()
	recipe.Encoder = tiny
	recipe.Method = ssl.Sum{{Method: ssl.DINO{Hidden: 8, Out: 4, Prototypes: 6, Tau: .9}}, {Method: ssl.Rotation{}, Weight: .5}}
	dir := t.TempDir()
	pretrained(t, dir, recipe)
	checkResumed(t, dir, recipe, "dino+rotation")
}
