package main

import (
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// Pixels, the encoders that runs began with and the trained ones become rows that tell all, over seeds.
func TestRows(t *testing.T) {
	t.Chdir(t.TempDir()) // The runs are where the process is, since the flag that says where is not set.
	source := data.Shapes{Train: 100, Validation: 16, Test: 32}
	of := training{"simclr/cifar10/tiny", func(seed uint64, rate float64) kit.Recipe {
		return kit.Recipe{Data: source, Encoder: encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem}, Method: ssl.SimCLR{Hidden: 4, Out: 4},
			Optimizer: optim.SGD{LR: rate}, Batch: 16, Steps: 2, Seed: seed}
	}}
	o := options{seeds: 2}
	for _, c := range append(trialGrid(o, []training{of}).Cells, grid(o, []training{of}).Cells...) {
		if err := c.Run(); err != nil || !c.Done() {
			t.Fatalf("%s: done %v, %v", c.Name, c.Done(), err)
		}
	}
	rows, err := rowsOf(o, source, []training{of})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Case+": "+r.Metric)
	}
	want := "pixels/cifar10: k-NN accuracy; random/cifar10/tiny: k-NN accuracy; simclr/cifar10/tiny: k-NN accuracy; " +
		"simclr/cifar10/tiny: k-NN accuracy, less that of its random encoder"
	if got := strings.Join(names, "; "); got != want {
		t.Fatalf("rows %s, want %s", got, want)
	}
	if rows[0].N != 32 || rows[0].Low == rows[0].High || rows[2].Choice == nil || len(rows[2].Choice.Trials) != len(rates) || rows[3].Measure.Less == nil {
		t.Errorf("%+v", rows)
	}
	r := result.Result{Rows: rows, Data: []result.Data{{Name: "cifar10", Splits: []result.Split{{Name: "train", Images: 100, Fingerprint: "a"}}}}}
	for _, missing := range r.Check() {
		if !strings.Contains(missing, "trained by commit") { // Outside of a repository there is none.
			t.Error(missing)
		}
	}
}
