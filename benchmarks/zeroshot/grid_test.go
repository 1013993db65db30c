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
	if len(names) != 6 || !names["clip-1"] || !names["clip-shuffled-captions-3"] {
		t.Errorf("cells %v", names)
	}
}
