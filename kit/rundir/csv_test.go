package rundir

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"
)

// TestCSV: every value comes back in all its bits, and what was not looked at is empty.
func TestCSV(t *testing.T) {
	t.Parallel()
	d := Dir(t.TempDir())
	log, _, err := d.OpenMetrics(-1)
	if err != nil {
		t.Fatal(err)
	}
	accuracy := .75
	lines := []Metrics{
		{Monitor: &Monitor{EmbeddingStd: .1, RankMe: 3.3}, Probe: &Probe{KNN: .2, Linear: .3}},
		{Step: 1, Epoch: .1, Loss: 1. / 3, LearningRate: 1e-9, GradientNorm: 5, Seconds: 2, Waited: .5},
		{Step: 2, Loss: 2, Validation: &accuracy, Monitor: &Monitor{Alignment: .7, Uniformity: -1.25}},
	}
	for _, m := range lines {
		if err := log.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	path, err := d.WriteCSV()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 4 || len(rows[0]) != 1+len(Scalars()) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, m := range lines {
		for j, scalar := range Scalars() {
			want, ok := scalar.Of(m)
			got, err := strconv.ParseFloat(rows[i+1][j+1], 64)
			if ok != (err == nil) || got != want || rows[0][j+1] != scalar.Name {
				t.Errorf("step %d, %s: %q, want %v (there: %v)", m.Step, scalar.Name, rows[i+1][j+1], want, ok)
			}
		}
	}
}
