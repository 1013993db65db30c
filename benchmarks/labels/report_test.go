package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/kit/encoder"
)

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
		{"simclr+fixmatch", []int{10, 50}, nil, map[int]statistics.Mean{10: at(-1, 2), 50: at(3, 3)}},
	})
	want := "On here, the difference from the network trained from scratch, paired by seed and labels, is with 10 labels of each class (45.0 %) " +
		"above 0 for simclr+linear; not told from 0 for simclr+fixmatch; below 0 for none, with 50 labels of each class (65.0 %) above 0 for " +
		"none; not told from 0 for simclr+fixmatch; below 0 for simclr+linear."
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// All ways go through training and report with a tiny network, cell by cell, and then nothing is
// left to train.
func TestATinyNetworkGoesAllWays(t *testing.T) {
	s := settings{dir: t.TempDir(), seeds: 2, probed: []int{3}, shares: []int{2}, semi: []string{"fixmatch"},
		encoder: encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem}}
	set := tinySet()
	all, err := ways(set, s.semi)
	if err != nil {
		t.Fatal(err)
	}
	grids, err := grids(options{}, s, []imageSet{set})
	if err != nil {
		t.Fatal(err)
	}
	for stage, want := range []int{4, 12, 8} { // Of pretrainings, trials and classifiers.
		if got := len(grids[stage].Cells); got != want {
			t.Fatalf("%d cells of stage %d, want %d", got, stage, want)
		}
		for _, c := range grids[stage].Cells {
			if c.Done() {
				t.Fatalf("%s is done before it was run", c.Name)
			}
			if err := c.Run(); err != nil || !c.Done() {
				t.Fatalf("%s: done %v, %v", c.Name, c.Done(), err)
			}
		}
	}
	found, err := s.measure(set, all, uint64(s.seeds))
	if err != nil {
		t.Fatal(err)
	}
	if err := found.draw(s.dir, s, set); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "labels-shapes.png")); err != nil {
		t.Error(err)
	}
	cases := map[string]int{}
	for _, r := range found.rows {
		cases[r.Case]++
	}
	for name, rows := range map[string]int{"supervised/shapes/4-per-class": 2, "simclr+linear/shapes/3-per-class": 2, "random+linear/shapes/4-per-class": 3,
		"pixels+linear/shapes/4-per-class": 3, "simclr+fixmatch/shapes/4-per-class": 3, "simclr+linear-after-32-images/shapes/4-per-class": 2} {
		if cases[name] != rows {
			t.Errorf("%d rows of %s, want %d; there are %v", cases[name], name, rows, cases)
		}
	}
	r := result.Result{Rows: found.rows, Data: []result.Data{{Name: "shapes", Splits: []result.Split{{Name: "train", Images: 96, Fingerprint: "a"}}}}}
	for _, missing := range r.Check() {
		if !strings.Contains(missing, "trained by commit") { // Of a tree in which files are changed.
			t.Error(missing)
		}
	}
	dirs := s.runs(set, all, uint64(s.seeds))
	if done := launch.Keeps(dirs...)(); !done || len(dirs) != 12 {
		t.Errorf("%d runs, all there: %v", len(dirs), done)
	}
}
