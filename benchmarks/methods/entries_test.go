package main

import (
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// tinyRecipe is an entry with a tiny encoder of its family on a few images.
func tinyRecipe(e entry) kit.Recipe {
	tiny := encoder.Encoder(encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem})
	switch e.family.encoder.(type) {
	case encoder.ViT:
		tiny = encoder.ViT{Patch: 8, Width: 16, Depth: 1, Heads: 2, Pool: e.family.encoder.(encoder.ViT).Pool}
	case encoder.IGPT:
		tiny = encoder.IGPT{Side: 4, Levels: 2, Width: 16, Depth: 1, Heads: 2}
	}
	few := 8
	if _, ok := e.method.(ssl.WMSE); ok {
		few = batch // Its covariances need this many.
	}
	return kit.Recipe{
		Data: data.Shapes{Train: 2048, Validation: 16, Test: 16}, Encoder: tiny, Method: e.method, Augment: e.augment,
		Optimizer: optim.SGD{LR: .01}, Batch: few, Steps: 2, Seed: 1, MonitorEvery: 2, CheckpointEvery: 2,
	}
}

// Every method of the comparison, at its paper's settings, goes through the trainer with a tiny
// encoder: views, loss, gradient, update, monitors and checkpoint.
func TestEveryMethodPretrains(t *testing.T) {
	names := map[string]bool{}
	for _, e := range entries(question.ShapesView, convolutional(10, 16)) {
		name := e.method.Name()
		if names[name] {
			t.Errorf("two methods have the name %s", name)
		}
		names[name] = true
		t.Run(name, func(t *testing.T) {
			run, err := kit.Pretrain(t.TempDir(), tinyRecipe(e))
			if err != nil {
				t.Fatal(err)
			}
			if metrics, err := run.Metrics(); err != nil || len(metrics) != 3 || metrics[2].GradientNorm <= 0 {
				t.Errorf("metrics %+v, error %v", metrics, err)
			}
		})
	}
}

// constantResNet and constantViT give every image the same representation: the degenerate solution.
type constantResNet struct{ encoder.ResNet }

func (c constantResNet) Encode(scope *model.Scope, images *Node) encoder.Output {
	return constant(c.ResNet.Encode(scope, images))
}

type constantViT struct{ encoder.ViT }

func (c constantViT) Encode(scope *model.Scope, images *Node) encoder.Output {
	return constant(c.ViT.Encode(scope, images))
}

func (c constantViT) EncodeHidden(scope *model.Scope, images, hidden *Node) encoder.Output {
	return constant(c.ViT.EncodeHidden(scope, images, hidden))
}

// constant leaves the image out of a representation.
func constant(out encoder.Output) encoder.Output {
	out.Pooled = OnePlus(MulScalar(out.Pooled, 0))
	return out
}

// The alarm is raised by the degenerate solution, whatever the method that compares embeddings.
func TestConstantEncoderRaisesTheAlarmOfEveryMethod(t *testing.T) {
	for _, e := range entries(question.ShapesView, convolutional(10, 16)) {
		if _, ok := ssl.Main(e.method).(ssl.CanCollapse); !ok {
			continue
		}
		t.Run(e.method.Name(), func(t *testing.T) {
			recipe := tinyRecipe(e)
			switch tiny := recipe.Encoder.(type) {
			case encoder.ResNet:
				recipe.Encoder = constantResNet{tiny}
			case encoder.ViT:
				recipe.Encoder = constantViT{tiny}
			}
			recipe.Steps, recipe.MonitorEvery, recipe.CheckpointEvery = 1, 1, 1 // The first step tells.
			run, err := kit.Pretrain(t.TempDir(), recipe)
			if err != nil {
				t.Fatal(err)
			}
			if alarm, err := run.Alarm(); err != nil || alarm == nil || alarm.Since != 1 {
				t.Errorf("alarm %v, error %v", alarm, err)
			}
		})
	}
}

// The committed results hold every method of the comparison.
func TestResultsHoldEveryMethod(t *testing.T) {
	rows := result.ReadRows(filepath.Join("..", "results", "methods.json"))
	if rows == nil {
		t.Fatal("benchmarks/results/methods.json is missing: go run ./benchmarks/methods makes it")
	}
	for _, e := range entries(question.ShapesView, convolutional(10, 16)) {
		name := e.method.Name() + "/shapes/" + e.family.name
		measured := slices.ContainsFunc(rows, func(r result.Row) bool { return r.Case == name && r.Recipe != nil })
		if waits := slices.Contains(unmeasured, e.method.Name()); measured == waits {
			t.Errorf("benchmarks/results/methods.json has a row %s: %v, and it is told not to be measured yet: %v; go run ./benchmarks/methods "+
				"adds it", name, measured, waits)
		}
	}
}

// unmeasured are the methods of which methods.json has no rows yet, as README.md says.
var unmeasured = []string{"dinov2", "mmcr", "ressl", "densecl", "data2vec", "msn"}
