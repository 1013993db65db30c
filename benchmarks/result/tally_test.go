package result

import (
	"strings"
	"testing"

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

// Rows of trained encoders tell all that Check wants, and a difference is paired.
func TestTallyTellsOfTrainings(t *testing.T) {
	knn := &Measure{KNN: &eval.KNN{K: 5}}
	var tally Tally
	for seed := uint64(1); seed <= 2; seed++ {
		run, err := Pretrain(t.TempDir(), kit.Recipe{
			Data: data.Shapes{Train: 40, Validation: 16, Test: 16, Seed: seed}, Encoder: encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem},
			Method: ssl.SimCLR{Hidden: 4, Out: 4}, Optimizer: optim.SGD{LR: .1}, Batch: 16, Steps: 2, Seed: seed,
		})
		if err != nil {
			t.Fatal(err)
		}
		value, err := knn.Of(run, 0)
		if err != nil {
			t.Fatal(err)
		}
		tally.Add(Value{Case: "simclr", Metric: "k-NN", Unit: "%", Data: "shapes", Run: statistics.Run{Seed: seed, Value: value}, Of: run, Measure: knn})
		begun := *knn
		begun.Begun = true
		if value, err = begun.Of(run, 0); err != nil {
			t.Fatal(err)
		}
		tally.Add(Value{Case: "random", Metric: "k-NN", Unit: "%", Data: "shapes", Run: statistics.Run{Seed: seed, Value: value}, Of: run, Measure: &begun, Begun: true})
	}
	if err := tally.Less("simclr", "random", "k-NN", ", less random"); err != nil {
		t.Fatal(err)
	}
	rows, err := tally.Rows()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[1].Metric != "k-NN, less random" || rows[1].Measure == nil || rows[1].Measure.Less == nil || !rows[2].Untrained ||
		rows[1].Runs[1].Value != rows[0].Runs[1].Value-rows[2].Runs[1].Value {
		t.Errorf("%+v", rows)
	}
	if string(rows[0].Patches[0]) != "{}" || !strings.Contains(string(rows[0].Patches[1]), `"Seed":2`) {
		t.Errorf("patches %s", rows[0].Patches)
	}
	r := Result{Data: []Data{{Name: "shapes", Splits: []Split{{Name: "train", Images: 40, Fingerprint: "a"}}}}, Rows: rows}
	for _, missing := range r.Check() {
		if !strings.Contains(missing, "trained by commit") { // Of a tree in which files are changed.
			t.Error(missing)
		}
	}
	if c := rows[0].Cost; c == nil || c.ImagesSeen != 32 || c.FLOPs <= 0 || c.PeakMemoryGiB <= 0 {
		t.Errorf("cost %+v", c)
	}
	if err := tally.Less("simclr", "nobody", "k-NN", ""); err == nil {
		t.Error("no error of a case that is not there")
	}
}
