package result

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/benchmarks/statistics"
)

// ofBefore are the committed results that do not yet tell all that Check wants. Each goes from the
// list once it is measured anew.
var ofBefore = []string{
	"compress", "labels", "methods", "peers-knn", "real", "shapes", "trust", "zeroshot",
}

// noTraining are results of which no row is about how good a trained encoder is.
var noTraining = []string{
	"augment", "faults", "input", "larger", "memory", "mutants", "peers-sklearn", "peers-weights", "projection", "slurm", "speed",
}

// TestCommittedResultsTellAll: of every training the recipe, the commit, the images, the cost and
// what each run gave.
func TestCommittedResultsTellAll(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "results", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no results: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if slices.Contains(noTraining, name) {
			continue
		}
		r, err := Read(file)
		if err != nil {
			t.Error(err)
			continue
		}
		missing := r.Check()
		if before := slices.Contains(ofBefore, name); before == (len(missing) == 0) {
			t.Errorf("%s: in the list of what is of before: %v; missing: %s", name, before, strings.Join(missing[:min(len(missing), 5)], "\n"))
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	whole := func() Result {
		cost := &Cost{ImagesSeen: 1, Seconds: 1, FLOPs: 1, PeakMemoryGiB: 1}
		return Result{
			Data: []Data{{Name: "shapes", Splits: []Split{{Name: "train", Images: 1, Fingerprint: "a"}}}},
			Rows: []Row{
				{Case: "a", Metric: "k-NN", Data: "shapes", Runs: []statistics.Run{{Seed: 1}}, Recipe: json.RawMessage(`{"Start":{"path":"a.tar"}}`),
					Patches: []json.RawMessage{[]byte("{}")}, Commit: "abc", Cost: cost, Measure: &Measure{}},
				{Case: "a", Metric: "linear", Data: "shapes", Runs: []statistics.Run{{Seed: 1}}},
				{Case: "pixels", Metric: "k-NN", Data: "shapes", Untrained: true},
			},
		}
	}
	for name, test := range map[string]struct {
		change func(*Result)
		want   string
	}{
		"whole":     {func(*Result) {}, ""},
		"recipe":    {func(r *Result) { r.Rows[0].Recipe = nil }, "no row of its case has a recipe"},
		"folder":    {func(r *Result) { r.Rows[0].Recipe = json.RawMessage(`{"Data":{"path":"/home/me/a.tar"}}`) }, "/home/me/a.tar"},
		"changes":   {func(r *Result) { r.Rows[0].Commit = "abc+changes" }, "trained by commit"},
		"no commit": {func(r *Result) { r.Rows[0].Commit = "" }, "trained by commit"},
		"memory":    {func(r *Result) { r.Rows[0].Cost.PeakMemoryGiB = 0 }, "its cost is"},
		"runs":      {func(r *Result) { r.Rows[1].Runs = nil }, "what each run gave"},
		"patches":   {func(r *Result) { r.Rows[0].Patches = nil }, "recipes of 0"},
		"images":    {func(r *Result) { r.Rows[1].Data = "" }, "of which images"},
		"unknown":   {func(r *Result) { r.Rows[1].Data = "cifar10" }, "of which the result does not tell"},
		"no hash":   {func(r *Result) { r.Data[0].Splits[0].Fingerprint = "" }, "with the hash"},
		"interval":  {func(r *Result) { r.Rows[2].Low = 1 }, "0 [1, 0]"},
	} {
		r := whole()
		test.change(&r)
		got := strings.Join(r.Check(), "\n")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
