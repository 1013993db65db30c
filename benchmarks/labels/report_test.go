package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
)

// Runs that share a pretrained network count as one in the interval, others as themselves.
func TestRowsKnowWhatIsIndependent(t *testing.T) {
	accuracy := [2][2]float64{{.50, .60}, {.70, .60}} // By seed and draw.
	both := map[way]classifiers{}
	for seed, draws := range accuracy {
		for draw, value := range draws {
			for _, w := range []way{fromScratch, linearProbe} {
				both[w] = append(both[w], classifier{
					Way: w, Seed: uint64(seed + 1), Draw: draw + 1, Result: eval.Result{Value: value},
				})
			}
		}
	}
	value := func(c classifier) float64 { return c.Result.Value }
	// Of 50, 60, 70, 60: deviation 8.165, error 4.082, t(3) = 3.1824. Of the means 55 and 65: error
	// 5, t(1) = 12.706.
	for w, half := range map[way]float64{fromScratch: 12.992, linearProbe: 63.531} {
		got, err := both[w].row("x", "accuracy", value)
		if err != nil || got.N != 4 || math.Abs(got.Value-60) > 1e-9 || math.Abs(got.High-60-half) > .001 {
			t.Errorf("%s: %+v, error %v; want 60 ± %g", w, got, err, half)
		}
	}
}

func TestLabelsFor(t *testing.T) {
	c := curve{counts: []int{10, 40, 160}, points: []result.Row{{Value: 40}, {Value: 60}, {Value: 70}}}
	for accuracy, want := range map[float64]string{30: "≤ 10", 40: "≤ 10", 50: "20", 60: "40", 65: "80", 70: "160", 71: "> 160"} {
		if got := c.labelsFor(accuracy); got != want {
			t.Errorf("labels for %g %%: %s, want %s", accuracy, got, want)
		}
	}
}

func TestApart(t *testing.T) {
	at := func(low, high float64) result.Row {
		return result.Row{Low: low, High: high, Value: (low + high) / 2}
	}
	got := apart("here", []curve{
		{fromScratch, []int{10, 50}, []result.Row{at(40, 50), at(60, 70)}},
		{linearProbe, []int{2, 10, 50}, []result.Row{at(0, 1), at(51, 52), at(50, 55)}},
		{fixMatchTuned, []int{10, 50}, []result.Row{at(49, 60), at(65, 75)}},
	})
	want := "On here, above the network trained from scratch, with intervals apart: with 10 labels of each class (45.0 %) simclr+linear; " +
		"with 50 labels of each class (65.0 %) none (below it simclr+linear)."
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// All ways go through training and report with a tiny network, and a second call trains nothing.
func TestATinyNetworkGoesAllWays(t *testing.T) {
	s := settings{
		sizes{seeds: 2, draws: 1, probed: []int{3}, shares: []int{2}},
		encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem},
	}
	set := imageSet{
		name: "shapes", classes: 10, view: question.ShapesView, weak: question.ShapesView, images: 64, batch: 16, lr: .1, scratch: .1, last: .1,
		fixMatch: fixMatch{batch: 16, share: .25, threshold: .5}, counts: []int{2, 4}, steps: []int{2, 2},
		source: func(seed uint64) data.Source { return data.Shapes{Train: 96, Validation: 16, Test: 32, Seed: seed} },
	}
	dir := t.TempDir()
	var measured, again classifiers
	for seed := range uint64(s.seeds) {
		if err := s.measure(dir, set, seed+1, &measured); err != nil {
			t.Fatal(err)
		}
	}
	found, err := measured.findings(s, set)
	if err != nil {
		t.Fatal(err)
	}
	if err := found.draw(dir, s, set); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "labels-shapes.png")); err != nil {
		t.Error(err)
	}
	cases := map[string]int{}
	for _, r := range found.rows {
		cases[r.Case]++
		if r.N != 2 || r.Metric == "accuracy" && (r.Cost == nil || r.Cost.FLOPs <= 0) {
			t.Errorf("row %+v", r)
		}
	}
	for name, rows := range map[string]int{"supervised/shapes/2-per-class": 2, "simclr+linear/shapes/3-per-class": 2,
		"simclr+fixmatch/shapes/4-per-class": 3, "simclr+linear-after-32-images/shapes/2-per-class": 2} {
		if cases[name] != rows {
			t.Errorf("%d rows of %s, want %d; there are %v", cases[name], name, rows, cases)
		}
	}
	for _, note := range found.notes {
		if !strings.Contains(note, "shapes") {
			t.Error(note)
		}
	}
	if err := s.measure(dir, set, 1, &again); err != nil || len(again) != len(measured)/2 {
		t.Errorf("%d runs again, error %v", len(again), err)
	}
}
