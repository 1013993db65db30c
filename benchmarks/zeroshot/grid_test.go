package main

import (
	"testing"

	"sslkit/benchmarks/question"
)

func TestGrid(t *testing.T) {
	names := map[string]bool{}
	for _, c := range grid(question.Options{}, 3).Cells {
		names[c.Name] = true
	}
	if n := len(trialGrid(question.Options{}).Cells); n != len(cases)*len(rates) {
		t.Errorf("%d trials, want as many for each case", n)
	}
	if name := tasks()[seenAmongAll].name; name != "seen combinations among all" {
		t.Errorf("rates are chosen by %q", name)
	}
	if len(names) != 6 || !names["clip-1"] || !names["clip-shuffled-captions-3"] {
		t.Errorf("cells %v", names)
	}
}
