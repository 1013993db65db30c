package kit

import (
	"math"
	"path/filepath"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// taught is a recipe with a teacher that trains in a second or two.
func taught() Recipe {
	recipe := small()
	view := augment.Pipeline{augment.RandomResizedCrop{Size: 32}, augment.Flip{}, augment.Normalize{}}
	recipe.Method = ssl.BYOL{Hidden: 16, Out: 8, Tau: .5, Pair: []augment.Pipeline{view, view}}
	recipe.Optimizer = optim.SGD{LR: .1}
	recipe.Schedule = optim.Constant{}
	return recipe
}

func TestTeacherFollowsByTheRecurrence(t *testing.T) {
	backend := devicetest.Backend(t)
	store := model.NewStore()
	for path, value := range map[string][]float32{
		"/encoder/weight": {1, 2}, "/teacher/encoder/weight": {3, -2}, "/method/mean": {5, 5}, "/teacher/method/mean": {7, 7},
	} {
		if _, err := store.CreateVariable(path, tensors.FromValue(value)); err != nil {
			t.Fatal(err)
		}
	}
	store.GetVariable("/method/mean").SetTrainable(false)
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, momentum *Node) *Node {
		freezeTeacher(scope)
		moveTeacher(scope, momentum)
		return momentum
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{3, -2}
	for range 3 {
		if _, err := exec.Call(float32(.75)); err != nil {
			t.Fatal(err)
		}
		want[0], want[1] = .75*want[0]+.25*1, .75*want[1]+.25*2
		got := store.GetVariable("/teacher/encoder/weight").MustValue().Value().([]float32)
		if math.Abs(float64(got[0])-want[0]) > 1e-6 || math.Abs(float64(got[1])-want[1]) > 1e-6 {
			t.Errorf("the teacher is at %v, want %v", got, want)
		}
	}
	if got := store.GetVariable("/teacher/method/mean").MustValue().Value().([]float32); got[0] != 7 {
		t.Errorf("the teacher's own statistics moved to %v", got)
	}
	if store.GetVariable("/teacher/encoder/weight").Trainable {
		t.Error("the teacher is trained")
	}
}

func TestTeacherStartsAtTheStudent(t *testing.T) {
	recipe := taught()
	recipe.Steps, recipe.MonitorEvery, recipe.CheckpointEvery = 1, 1, 1
	run := pretrained(t, t.TempDir(), recipe)
	before, _, err := encoder.ReadSafetensors(filepath.Join(run.Dir, initialFile))
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := encoder.ReadSafetensors(filepath.Join(run.Dir, encoderFile))
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	if _, err := restoreCheckpoint(run.Dir, store); err != nil {
		t.Fatal(err)
	}
	// After one step with momentum 1/2 the teacher is half-way between the student before and after it.
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
	for name, recipe := range map[string]Recipe{
		"a teacher": taught(), "a queue": queue, "stochastic depth": dropping, "clips": clips, "pairs of images": pairs,
	} {
		dir := t.TempDir()
		pretrained(t, dir, recipe)
		checkResumed(t, dir, recipe, name)
	}
}
