package kit

import (
	"path/filepath"
	"testing"

	"sslkit/kit/compress"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

// TestEachRoundPrunesWhatTheOneBeforeTrained: what a round starts from is what the round before ended with, but for the weights
// that are pruned now, and these are the smallest.
func TestEachRoundPrunesWhatTheOneBeforeTrained(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.Steps, recipe.Optimizer, recipe.Schedule = tiny, 2, optim.SGD{LR: .1}, optim.Constant{}
	from := trainedWeights(t, tiny)
	runs, err := PruneGradually(t.TempDir(), Pruning{From: from, Sparsities: []float64{.3, .5, .8}, Recipe: recipe})
	if err != nil {
		t.Fatal(err)
	}
	ended := from
	for i, run := range runs {
		before, _, err := encoder.ReadSafetensors(ended)
		if err != nil {
			t.Fatal(err)
		}
		start, _, err := encoder.ReadSafetensors(run.Recipe.Start)
		if err != nil {
			t.Fatal(err)
		}
		smallest, largest := float32(1e30), float32(0) // Of those that stay, and of those that are pruned.
		for name, w := range before {
			for j, v := range w.Data {
				got, size := start[name].Data[j], max(v, -v)
				switch {
				case got == 0 && compress.Prunable(len(w.Shape)):
					largest = max(largest, size)
				case got != v:
					t.Fatalf("round %d starts with %g at %d of %s, and the training before it ended with %g", i+1, got, j, name, v)
				case compress.Prunable(len(w.Shape)):
					smallest = min(smallest, size)
				}
			}
		}
		if largest > smallest {
			t.Errorf("round %d prunes a weight of %g and leaves one of %g", i+1, largest, smallest)
		}
		ended = filepath.Join(run.Dir, encoderFile)
	}
}
