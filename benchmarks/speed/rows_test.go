package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/kit"
)

// invented is a bench whose turns have been taken.
func invented(peers bool) *bench {
	parts := []float64{1, 2}
	ours := training(1, .1, .1)
	ours.ProductFLOPs = 1e11
	ours.Profile = &kit.Profile{
		FLOPs: 1e9, First: 2, Input: parts, Transfer: parts, Views: parts, Loss: parts, Gradient: parts, Step: parts,
	}
	b := &bench{turns: map[string]map[string][]sides{doTrain: {}, doStep: {}, doParts: {}}}
	one := sides{sslkit: ours}
	if peers {
		b.python = "python3"
		other := training(1, .2, .2)
		other.Versions = map[string]string{"torch": "2"}
		one = sides{sslkit: ours, lightly: other, pytorch: other, jax: other}
	}
	for _, s := range compared(false, false) {
		b.turns[doTrain][s.name], b.turns[doStep][s.name] = []sides{one, one, one}, []sides{one, one, one}
	}
	for _, s := range alone(false, false) {
		b.turns[doParts][s.name] = []sides{one, one, one}
	}
	return b
}

// Notebooks and tables find rows by these names.
func TestRowNames(t *testing.T) {
	rows, err := invented(true).rows()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, row := range rows {
		name := row.Case + ": " + row.Metric
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		if row.N != 3 || row.Low > row.Value || row.Value > row.High {
			t.Errorf("%+v", row)
		}
	}
	for _, want := range []string{
		"train/simclr/resnet18-w16/sslkit: speed",
		"train/simclr/resnet18-w16-half/lightly: start of the process to the first step",
		"train/simclr/vit6-w192-p4: sslkit's speed over lightly's",
		"step/simclr/resnet18-w16/sslkit: step without views",
		"step/simclr/resnet18-w16/pytorch: step",
		"step/simclr/vit6-w192-p4: jax's step over sslkit's without views",
		"parts/simclr/convnext-atto/sslkit: operations, share of the matrix product's",
		"parts/mae/vit6-w192-p4/sslkit: backward",
	} {
		if !seen[want] {
			t.Errorf("there is no %q", want)
		}
	}
}

// Without the others there are no rows of them, and the result says so.
func TestRowsWithoutPeers(t *testing.T) {
	b := invented(false)
	rows, err := b.rows()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if !strings.HasSuffix(row.Case, "/"+sslkit) {
			t.Errorf("%s, %s is not of sslkit alone", row.Case, row.Metric)
		}
	}
	if b.versions() != nil || !strings.Contains(protocol(b.options), "rows are left out") {
		t.Errorf("versions %v, protocol %q", b.versions(), protocol(b.options))
	}
}

func TestTableTellsVersionsAndRange(t *testing.T) {
	b := invented(true)
	out := result.Result{Commit: "abc", Peer: b.versions(), Rows: []result.Row{row("train/x", "speed", "images/s", []float64{99, 101.2, 9.5})}}
	for _, want := range []string{"torch 2", "commit abc", "| train/x | speed | 99.0 images/s | 9.50 to 101 | 3 |"} {
		if !strings.Contains(table(out), want) {
			t.Errorf("the table lacks %q:\n%s", want, table(out))
		}
	}
}

func TestLoaders(t *testing.T) {
	for cores, want := range map[int]int{1: 2, 2: 4, 16: 4} {
		tried := loaders(cores)
		if len(tried) != want || len(slices.Compact(slices.Clone(tried))) != want {
			t.Errorf("%d cores: %v", cores, tried)
		}
	}
	trials := []trial{{loader{0, 2}, 100}, {loader{1, 2}, 300}, {loader{2, 1}, 200}}
	if best := fastest(trials); best.Loader != (loader{1, 2}) {
		t.Errorf("the fastest is %v", best.Loader)
	}
	if got := fmt.Sprint(trials[1].Loader); got != "1 workers, 2 threads" {
		t.Error(got)
	}
}
