package main

import (
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

// Every method of the comparison, at its paper's settings, goes through the trainer with a tiny encoder: views, loss,
// gradient, update, monitors and checkpoint.
func TestEveryMethodPretrains(t *testing.T) {
	t.Setenv("GOMLX_BACKEND", "go") // Which has run such small graphs before XLA has compiled them.
	names := map[string]bool{}
	for _, e := range entries {
		name := e.method.Name()
		if names[name] {
			t.Errorf("two methods have the name %s", name)
		}
		names[name] = true
		t.Run(name, func(t *testing.T) {
			tiny := encoder.Encoder(encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem})
			if _, ok := e.family.encoder.(encoder.ViT); ok {
				tiny = encoder.ViT{Patch: 8, Width: 16, Depth: 1, Heads: 2}
			}
			run, err := kit.Pretrain(t.TempDir(), kit.Recipe{
				Data: data.Shapes{Train: methodsBatch, Validation: 16, Test: 16}, Encoder: tiny, Method: e.method,
				Optimizer: optim.SGD{LR: .01}, Batch: methodsBatch, Steps: 2, Seed: 1, MonitorEvery: 2, CheckpointEvery: 2,
			})
			if err != nil {
				t.Fatal(err)
			}
			if metrics, err := run.Metrics(); err != nil || len(metrics) != 3 || metrics[2].GradientNorm <= 0 {
				t.Errorf("metrics %+v, error %v", metrics, err)
			}
		})
	}
}
