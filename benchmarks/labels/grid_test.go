package main

import (
	"testing"

	"sslkit/benchmarks/question"
	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/semi"
)

// TestCells: each is done by what it runs, and by no other.
func TestCells(t *testing.T) {
	s := settings{
		sizes:   sizes{seeds: 1, draws: 1, probed: []int{2}, shares: []int{2}},
		encoder: encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem},
	}
	set := imageSet{
		name: "shapes", classes: 10, source: func(seed uint64) data.Source {
			return data.Shapes{Seed: seed, Train: 96, Validation: 16, Test: 32}
		},
		view: question.ShapesView, weak: semi.WeakView(), images: 64, batch: 32, lr: .1, scratch: .1, last: .1, counts: []int{4}, steps: []int{1},
		fixMatch: fixMatch{batch: 16, share: .5, threshold: .9},
	}
	dir := t.TempDir()
	parts := s.parts(set)
	for _, p := range parts {
		c := s.gridCell(dir, set, 1, p)
		if c.Done() {
			t.Fatalf("%s is done before it was run", c.Name)
		}
		if err := c.Run(); err != nil || !c.Done() {
			t.Fatalf("%s: done %v, error %v", c.Name, c.Done(), err)
		}
	}
	if runs := s.runs(dir, set, 1); len(parts) != 2 || len(runs) != 2 {
		t.Errorf("%d cells, runs %q", len(parts), runs)
	}
}
