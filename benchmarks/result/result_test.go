package result

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	written := Result{
		Benchmark: "speed", Commit: "abc", Backend: "go", Protocol: "Ten runs.", Notes: []string{"All were quick."},
		Rows: []Row{
			{Case: "simclr/shapes", Metric: "accuracy", Value: 50, Low: 40, High: 60, Unit: "%", N: 10, Seed: 1,
				Cost: &Cost{ImagesSeen: 640, Seconds: 120, ImagesPerSecond: 5.4}},
			{Case: "simclr/shapes", Metric: "parameters", Value: 7, Low: 7, High: 7, N: 1},
		},
	}
	dir := filepath.Join(t.TempDir(), "made")
	if err := written.Write(dir); err != nil {
		t.Fatal(err)
	}
	read, err := Read(filepath.Join(dir, "speed.json"))
	if err != nil || !reflect.DeepEqual(read, written) {
		t.Errorf("read %+v, %v, want %+v", read, err, written)
	}
	table, err := os.ReadFile(filepath.Join(dir, "speed.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| simclr/shapes | accuracy | 50.0 % | 40.0 to 60.0 | 640 | 2.0 | 5 | – |",
		"| simclr/shapes | parameters | 7.0  | – | – | – | – | – |",
		"All were quick.",
	} {
		if !strings.Contains(string(table), line+"\n") {
			t.Errorf("the table lacks %q:\n%s", line, table)
		}
	}
}

func TestReadNamesTheFile(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{broken, filepath.Join(t.TempDir(), "missing.json")} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("Read(%s): error is %v, want one that names it", path, err)
		}
	}
}

// What notebooks and README tell from is there, and every interval holds its value.
func TestCommittedResults(t *testing.T) {
	for _, name := range []string{"labels", "methods", "trust", "compress", "zeroshot", "real", "shapes"} {
		r, err := Read(filepath.Join("..", "results", name+".json"))
		if err != nil {
			t.Error(err)
			continue
		}
		if r.Benchmark != name || r.Protocol == "" || len(r.Rows) == 0 {
			t.Errorf("%s: benchmark %q, protocol %q, %d rows", name, r.Benchmark, r.Protocol, len(r.Rows))
		}
		for _, row := range r.Rows {
			if row.Case == "" || row.Metric == "" || !(row.Low <= row.Value && row.Value <= row.High) {
				t.Errorf("%s: %s, %s: %g [%g, %g]", name, row.Case, row.Metric, row.Value, row.Low, row.High)
			}
		}
	}
}
