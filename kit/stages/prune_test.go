package stages

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/kit/compress"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
)

// TestEachRoundPrunesWhatTheOneBeforeTrained: what a round starts from is what the round before
// ended with, but for the weights that are pruned now, and these are the smallest.
func TestEachRoundPrunesWhatTheOneBeforeTrained(t *testing.T) {
	recipe := small()
	recipe.Steps, recipe.Optimizer, recipe.Schedule = 2, optim.SGD{LR: .1}, optim.Constant{}
	from := trainedWeights(t)
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
		ended = filepath.Join(run.Dir, rundir.EncoderFile)
	}
}

func TestPrunedGradually(t *testing.T) {
	recipe := small()
	recipe.Steps = 3
	from := trainedWeights(t)
	dir := t.TempDir()
	pruning := Pruning{From: from, Sparsities: []float64{.5, .75}, Recipe: recipe}
	runs, err := PruneGradually(dir, pruning)
	if err != nil {
		t.Fatal(err)
	}
	for i, sparsity := range pruning.Sparsities {
		for _, path := range []string{runs[i].Recipe.Start, filepath.Join(runs[i].Dir, rundir.EncoderFile)} {
			weights, _, err := rundir.ReadWeights(path)
			if err != nil {
				t.Fatal(err)
			}
			zeros, all := 0, 0
			for _, w := range weights {
				if !compress.Prunable(len(w.Shape)) {
					continue
				}
				all += len(w.Data)
				for _, v := range w.Data {
					if v == 0 {
						zeros++
					}
				}
			}
			if got := float64(zeros) / float64(all); got < sparsity-.001 || got > sparsity+.001 {
				t.Errorf("%s: %.4f of the weights are zero, want %g", path, got, sparsity)
			}
		}
		if bytes.Equal(content(t, runs[i].Dir, rundir.EncoderFile), content(t, runs[i].Dir, rundir.InitialFile)) {
			t.Errorf("round %d trained nothing", i+1)
		}
	}
	before, err := os.Stat(runs[0].Recipe.Start)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := PruneGradually(dir, pruning); err != nil || len(again) != 2 || again[1].Dir != runs[1].Dir {
		t.Errorf("again: %v, %v", again, err)
	}
	if after, err := os.Stat(runs[0].Recipe.Start); err != nil || !os.SameFile(before, after) {
		t.Errorf("what is finished is written again, which can't be where only reading is allowed: %v", err)
	}
	for what, change := range map[string]func(*Pruning){
		"Sparsities is empty":                                  func(p *Pruning) { p.Sparsities = nil },
		"Sparsities[0] is 1; it must be in (0, 1)":             func(p *Pruning) { p.Sparsities = []float64{1} },
		"Sparsities[1] is 0.5; it must be in (0, 1) and above": func(p *Pruning) { p.Sparsities = []float64{.5, .5} },
		"From": func(p *Pruning) { p.From = "" }, "Start of Recipe": func(p *Pruning) { p.Recipe.Start = from },
		"Batch": func(p *Pruning) { p.Recipe.Batch = 0 }, "does not fit": func(p *Pruning) { p.Recipe.Encoder = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 1} },
	} {
		bad := pruning
		change(&bad)
		_, err := PruneGradually(t.TempDir(), bad)
		if err == nil || !strings.Contains(err.Error(), "stages.Pruning") || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}
