package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

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
		tiny = encoder.ViT{Patch: 8, Width: 16, Depth: 1, Heads: 2}
	case encoder.IGPT:
		tiny = encoder.IGPT{Side: 4, Levels: 2, Width: 16, Depth: 1, Heads: 2}
	}
	return kit.Recipe{
		Data: data.Shapes{Train: methodsBatch, Validation: 16, Test: 16}, Encoder: tiny, Method: e.method,
		Optimizer: optim.SGD{LR: .01}, Batch: methodsBatch, Steps: 2, Seed: 1, MonitorEvery: 2, CheckpointEvery: 2,
	}
}

// Every method of the comparison, at its paper's settings, goes through the trainer with a tiny encoder: views, loss,
// gradient, update, monitors and checkpoint.
func TestEveryMethodPretrains(t *testing.T) {
	names := map[string]bool{}
	for _, e := range entries(shapesView, convolutional(10, 16)) {
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
	for _, e := range entries(shapesView, convolutional(10, 16)) {
		if _, ok := e.method.(ssl.CanCollapse); !ok {
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
			recipe.MonitorEvery = 1
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
	rows := readRows(filepath.Join("results", "methods.json"))
	if rows == nil {
		t.Fatal("benchmarks/results/methods.json is missing: go run ./benchmarks methods makes it")
	}
	for _, e := range entries(shapesView, convolutional(10, 16)) {
		name := e.method.Name() + "/shapes/" + e.family.name
		if !slices.ContainsFunc(rows, func(r row) bool { return r.Case == name && r.Recipe != nil }) {
			t.Errorf("benchmarks/results/methods.json has no row %s: go run ./benchmarks methods adds it", name)
		}
	}
}

func TestNotClear(t *testing.T) {
	rows := []row{
		{Case: "random/shapes/a", Metric: "k-NN accuracy", N: 3, Low: 10, High: 12},
		{Case: "above/shapes/a", Metric: "k-NN accuracy", N: 3, Low: 13, High: 15},
		{Case: "touching/shapes/a", Metric: "k-NN accuracy", N: 3, Low: 11, High: 20},
		{Case: "above/shapes/a", Metric: "linear probe accuracy", N: 3, Low: 1, High: 2},
		{Case: "random/shapes/b", Metric: "k-NN accuracy", N: 3, Low: 20, High: 22},
		{Case: "below/shapes/b", Metric: "k-NN accuracy", N: 3, Low: 13, High: 15},
	}
	if got := notClear("shapes", rows); !strings.HasSuffix(got, "but for touching, below.") {
		t.Error(got)
	}
	if got := notClear("shapes", []row{{Case: "random/shapes/a", Metric: "k-NN accuracy", N: 1}}); !strings.Contains(got, "one seed") {
		t.Error(got)
	}
	if got := notClear("shapes", rows[:2]); !strings.HasSuffix(got, "intervals apart.") {
		t.Error(got)
	}
}
