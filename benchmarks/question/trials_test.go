package question

import (
	"testing"

	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// Sides are tried as often, on images that the trials do not train on, and what was tried is kept.
func TestRatesChoose(t *testing.T) {
	dir := t.TempDir()
	trials := Rates("simclr", dir, []float64{1e15, .01}, func(rate float64) kit.Recipe {
		return kit.Recipe{
			Data: data.Shapes{Train: 200, Validation: 16, Test: 16}, Encoder: encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem},
			Method: ssl.SimCLR{Hidden: 8, Out: 8}, Optimizer: optim.SGD{LR: rate}, Batch: 32, Steps: 15, Seed: 7,
		}
	})
	cells := trials.Cells()
	if len(cells) != 2 || cells[0].Done() {
		t.Fatalf("%d cells, done %v", len(cells), cells[0].Done())
	}
	if err := cells[1].Run(); err != nil || !cells[1].Done() {
		t.Fatalf("done %v, %v", cells[1].Done(), err)
	}
	best, choice, err := trials.Choose()
	if err != nil || best != 1 || choice.Chosen != "rate 0.01" || choice.On != HeldOutImages {
		t.Fatalf("chosen is %d: %+v, %v", best, choice, err)
	}
	for _, trial := range choice.Trials { // A fifth of the steps.
		if trial.Images != 3*32 || trial.Seed != TrialSeed {
			t.Errorf("%+v", trial)
		}
	}
	if choice.Trials[0].HeldOut != 0 || choice.Trials[1].HeldOut == 0 {
		t.Errorf("a rate beyond all numbers gives %g, one that teaches %g", choice.Trials[0].HeldOut, choice.Trials[1].HeldOut)
	}
	_, again, err := trials.Choose()
	if err != nil || statistics.CheckFair(choice, again) != nil || again.String() != choice.String() {
		t.Errorf("again it is %v, %v", again, err)
	}
}
