package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

func TestMain(m *testing.M) { devicetest.Main(m) }

// Rows of all kinds come out again from what was written, to the bit, and a bit that is another is
// seen.
func TestRowsComeOutAgain(t *testing.T) {
	dir := t.TempDir()
	var tally result.Tally
	for seed := uint64(1); seed <= 2; seed++ {
		recipe := kit.Recipe{
			Data: data.Shapes{Train: 80, Validation: 16, Test: 32, Seed: seed}, Encoder: encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem},
			Method: ssl.SimCLR{Hidden: 4, Out: 4}, Optimizer: optim.SGD{LR: .1}, Batch: 16, Steps: 2, Seed: seed,
		}
		run, err := result.Pretrain(filepath.Join(dir, "a", string('0'+rune(seed))), recipe)
		if err != nil {
			t.Fatal(err)
		}
		recipe.Start, recipe.Method = run.WeightsFile(), ssl.Supervised{Classes: 10}
		recipe.Data = data.Labelled{From: recipe.Data, Subset: data.Subset{PerClass: 2, Seed: 100 * seed}}
		tuned, err := result.Pretrain(filepath.Join(dir, "b", string('0'+rune(seed))), recipe)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []result.Value{
			{Case: "begun", Of: run, Begun: true, Measure: &result.Measure{KNN: &eval.KNN{K: 5}, Begun: true}},
			{Case: "few", Of: run, Measure: &result.Measure{Linear: &eval.Linear{L2: []float64{.1}}, PerClass: 2}},
			{Case: "simclr", Of: run, Measure: (result.Measure{KNN: &eval.KNN{K: 5}}).LessBegun()},
			{Case: "tuned", Of: tuned, Start: run, Measure: &result.Measure{Classifier: true}},
			{Case: "own", Of: tuned, Start: run},
		} {
			v.Metric, v.Unit, v.Data, v.Run = "accuracy", "%", "shapes", statistics.Run{Seed: seed, Draw: 100 * seed}
			if v.Measure != nil {
				if v.Run.Value, err = v.Measure.Of(v.Of, v.Run.Draw); err != nil {
					t.Fatal(err)
				}
			}
			tally.Add(v)
		}
	}
	r := result.Result{Benchmark: "made"}
	var err error
	if r.Rows, err = tally.Rows(); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	if r, err = result.Read(filepath.Join(dir, "made.json")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // Where the runs are made again.
	for i, row := range r.Rows {
		again, err := remake(options{row: i + 1}, r)
		if row.Measure == nil {
			if err == nil || !strings.Contains(err.Error(), "go run ./benchmarks/made makes it") {
				t.Errorf("%s: %v", row.Case, err)
			}
			continue
		}
		if err != nil || len(again) != 2 {
			t.Fatalf("%s: %d runs, %v", row.Case, len(again), err)
		}
		for _, m := range again {
			if !m.same() {
				t.Errorf("%s: %s", row.Case, m)
			}
		}
	}
	r.Rows[1].Runs[0].Value = math.Nextafter(r.Rows[1].Runs[0].Value, 1000)
	if again, err := remake(options{row: 2, runs: 1}, r); err != nil || len(again) != 1 || again[0].same() {
		t.Errorf("another bit: %v, %v", again, err)
	}
	if _, err := remake(options{row: 9}, r); err == nil || !strings.Contains(err.Error(), "from 1 to 5") {
		t.Errorf("a row that is none: %v", err)
	}
}
