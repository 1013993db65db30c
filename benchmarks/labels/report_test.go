package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
)

// Runs of one seed share initial weights, whatever the way: they count as one in the interval.
func TestRowsKnowWhatIsIndependent(t *testing.T) {
	for _, w := range []way{fromScratch, linearProbe} {
		var c classifiers
		for seed, draws := range [2][2]float64{{.50, .60}, {.70, .60}} { // By seed and draw.
			for draw, value := range draws {
				c = append(c, classifier{Way: w, Seed: uint64(seed + 1), Draw: draw + 1, Result: eval.Result{Value: value}})
			}
		}
		// Of the means 55 and 65: error 5, t(1) = 12.706.
		got, err := c.row("x", "accuracy", accuracyOf)
		if err != nil || got.N != 2 || len(got.Runs) != 4 || math.Abs(got.Value-60) > 1e-9 || math.Abs(got.High-60-63.531) > .001 {
			t.Errorf("%s: %+v, error %v; want 60 ± 63.531", w, got, err)
		}
	}
}

func TestLabelsFor(t *testing.T) {
	at := func(values ...float64) []statistics.Run {
		var runs []statistics.Run
		for seed, v := range values {
			runs = append(runs, statistics.Run{Seed: uint64(seed + 1), Value: v})
		}
		return runs
	}
	c := curve{counts: []int{10, 40, 160}, points: []result.Row{{Runs: at(40, 40)}, {Runs: at(60, 60)}, {Runs: at(70, 70)}}}
	// Of 50 and 60 the seeds need 20 and 40 labels: √800, and a half interval of 12.706 · ln 2 / 2 in the logarithm.
	for want, accuracy := range map[string][]statistics.Run{
		"28 [0, 2312]": at(50, 60), "≤ 10 for 1 of 2 seeds": at(30, 50), "> 160 for 2 of 2 seeds": at(71, 72), "20": at(50)} {
		if got := c.labelsFor(accuracy); got != want {
			t.Errorf("labels for %v %%: %s, want %s", accuracy, got, want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	at := func(low, high float64) statistics.Mean { return statistics.Mean{Low: low, High: high} }
	got := verdicts("here", []curve{
		{fromScratch, []int{10, 50}, []result.Row{{Value: 45}, {Value: 65}}, nil},
		{linearProbe, []int{2, 10, 50}, nil, map[int]statistics.Mean{10: at(1, 2), 50: at(-9, -1)}},
		{fixMatchTuned, []int{10, 50}, nil, map[int]statistics.Mean{10: at(-1, 2), 50: at(3, 3)}},
	})
	want := "On here, the difference from the network trained from scratch, paired by seed and labels, is with 10 labels of each class (45.0 %) " +
		"above 0 for simclr+linear; not told from 0 for simclr+fixmatch; below 0 for none, with 50 labels of each class (65.0 %) above 0 for " +
		"none; not told from 0 for simclr+fixmatch; below 0 for simclr+linear."
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
