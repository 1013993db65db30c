package result

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sslkit/benchmarks/statistics"
	"sslkit/kit/rundir"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	written := Result{
		Benchmark: "speed", Commit: "abc", Backend: "go", Protocol: "Ten runs.", Notes: []string{"All were quick."},
		Rows: []Row{
			{Case: "simclr/shapes", Metric: "accuracy", Value: 50, Low: 40, High: 60, Unit: "%", N: 10, Seed: 1,
				Cost:   &Cost{ImagesSeen: 640, Seconds: 120, ImagesPerSecond: 5.4, FLOPs: 2.5e12},
				Choice: &statistics.Choice{Side: "simclr", Chosen: "rate 1", On: "held-out images", Trials: []statistics.Trial{{Setting: "rate 1"}}}},
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
		"| simclr/shapes | accuracy | 50.0 % | 40.0 to 60.0 | 640 | 2.5 | 2.0 | 5 | – |",
		"| simclr/shapes | parameters | 7.0  | – | – | – | – | – | – |",
		"Chosen by held-out images: simclr: rate 1 of 1 (rate 1).",
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
	for _, name := range []string{"labels", "methods", "trust", "compress", "zeroshot", "real", "shapes", "slurm", "memory", "input", "larger",
		"projection", "speed", "quickstart", "peers-weights"} {
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

// Figures differ by a bit, what the clock measured may differ.
func TestDifferences(t *testing.T) {
	row := Row{Case: "simclr/shapes", Metric: "accuracy", Value: 50, Low: 40, High: 60, Unit: "%", N: 10, Cost: &Cost{Seconds: 1}}
	a := Result{Rows: []Row{row, row}}
	for name, test := range map[string]struct {
		change func(*Row)
		want   int
	}{
		"seconds": {func(r *Row) { r.Cost = &Cost{Seconds: 2} }, 0},
		"commit":  {func(r *Row) { r.Commit = "abc" }, 0},
		"value":   {func(r *Row) { r.Value = math.Nextafter(50, 51) }, 1},
		"bound":   {func(r *Row) { r.Low = math.Nextafter(40, 41) }, 1},
		"detail":  {func(r *Row) { r.Detail = "loss 3" }, 1},
	} {
		b := Result{Rows: []Row{row, row}}
		test.change(&b.Rows[1])
		if got := Differences(a, b); len(got) != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := Differences(a, Result{Rows: a.Rows[:1]}); len(got) != 1 || got[0] != "2 rows, and 1" {
		t.Errorf("a row too few: %q", got)
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{[]float64{7}, 7}, {[]float64{3, 1}, 2}, {[]float64{5, 1, 2}, 2}, {[]float64{1, 8, 2, 4}, 3}} {
		given := slices.Clone(test.values)
		if got := Median(test.values); got != test.want || !slices.Equal(test.values, given) {
			t.Errorf("of %v: %g, want %g; then %v", given, got, test.want, test.values)
		}
	}
	if got := Median(nil); !math.IsNaN(got) {
		t.Errorf("of none: %g, want NaN", got)
	}
}

// A result that was gathered elsewhere tells where its runs trained.
func TestTellRuns(t *testing.T) {
	here := rundir.Machine{Cores: 2}
	there := rundir.Machine{Cores: 8, Processor: "fast", Accelerator: "H200"}
	run := func(machine rundir.Machine, commit string) string {
		dir := t.TempDir()
		began := rundir.Environment{Conditions: rundir.Conditions{Backend: "xla:cuda", Machine: machine}, Commit: commit}
		if err := rundir.WriteJSON(filepath.Join(dir, rundir.EnvironmentFile), began); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	one, two, other := run(there, "a"), run(there, "a"), run(here, "b")
	r := Result{Commit: "a", Backend: "xla:cpu", Machine: here}
	if err := r.TellRuns([]string{one, two}); err != nil || r.Machine != there || r.Backend != "xla:cuda" || r.Notes != nil {
		t.Errorf("%+v, error %v", r, err)
	}
	r.Commit = "c"
	if err := r.TellRuns([]string{one}); err != nil || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "1 by commit a on 8 cores") {
		t.Errorf("of another commit: %q, error %v", r.Notes, err)
	}
	r = Result{Commit: "b", Machine: here}
	if err := r.TellRuns([]string{other, one, two}); err != nil || r.Machine != there || len(r.Notes) != 1 ||
		!strings.Contains(r.Notes[0], "Of 3 runs trained: 2 by commit a on 8 cores") || !strings.Contains(r.Notes[0], "1 by commit b on 2 cores") {
		t.Errorf("of two machines: %+v, error %v", r, err)
	}
	if err := r.TellRuns([]string{t.TempDir()}); err == nil {
		t.Error("no error without env.json")
	}
}
