package main

import (
	"testing"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/kit"
)

// What an earlier version measured of a run goes into rows of today, with the memory that it had.
func TestEarlierMeasurementsAreCompleted(t *testing.T) {
	recipe := tinyRecipe(entries(question.ShapesView, convolutional(10, 16))[0])
	run, err := kit.Pretrain(t.TempDir(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	m := measurement{KNN: 40, Cost: &result.Cost{PeakMemoryGiB: 1.5}}
	if err := m.complete(run); err != nil {
		t.Fatal(err)
	}
	if c := m.Training.Cost; c.PeakMemoryGiB != 1.5 || c.FLOPs <= 0 || c.ImagesSeen != 2*recipe.Batch || m.Training.Recipe == nil {
		t.Errorf("%+v", c)
	}
}
