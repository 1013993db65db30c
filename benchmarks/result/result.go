// Package result is the format of the files in benchmarks/results: what a benchmark of sslkit
// measured, where, and by which protocol. Notebooks read them:
//
//	measured, err := result.Read("../benchmarks/results/methods.json")
//	for _, row := range measured.Rows {
//		fmt.Printf("%s, %s: %.1f %s [%.1f, %.1f]\n", row.Case, row.Metric, row.Value, row.Unit, row.Low, row.High)
//	}
package result

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/statistics"
	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// Result is the content of a result file.
type Result struct {
	Benchmark string         `json:"benchmark"` // Name of the benchmark and, with .json, of the file.
	Commit    string         `json:"commit"`    // Commit of the code, with "+changes" where files differed from it.
	Machine   rundir.Machine `json:"machine"`   // Where it ran.
	// Backend is what computed, such as "xla:cpu (xla_cpu_pjrt.so, PJRT API 0.81), 1 device".
	Backend string `json:"backend"`
	// Peer holds the versions of the packages that sslkit was compared with; nil where there were
	// none.
	Peer     map[string]string `json:"peer,omitempty"`
	Protocol string            `json:"protocol"`        // What was measured, and how, in words.
	Data     []Data            `json:"data,omitempty"`  // The images that the rows are of.
	Notes    []string          `json:"notes,omitempty"` // What the rows say together, in Markdown.
	Rows     []Row             `json:"rows"`            // What was measured.
}

// Row is one measured figure. What is of a training, such as its recipe, stands in the first row of
// its Case, and holds for all of them.
type Row struct {
	Case   string  `json:"case"`   // Method, data and setting: "simclr/cifar10/resnet18-w16".
	Metric string  `json:"metric"` // What Value is.
	Value  float64 `json:"value"`  // The figure, in Unit.
	// Low and High are the bounds of the 95 % interval, in Unit; equal to Value, with N 1, where
	// there is none.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	Unit string  `json:"unit"` // Such as "%", "points" or "µs/image"; empty for a number without one.
	N    int     `json:"n"`    // Number of images, or of repetitions, that the interval is over.
	// Interval says what Low and High are over, in words; empty where the protocol of the result does.
	Interval string           `json:"interval,omitempty"`
	Runs     []statistics.Run `json:"runs,omitempty"` // What each run measured, of which Value is the mean.
	Seed     uint64           `json:"seed"`           // The first seed.
	// Data is the name of its images among those of the result; empty where there are none.
	Data string `json:"data,omitempty"`
	// Measure is how the values of Runs are measured of their trainings; nil where it takes the
	// benchmark's own program.
	Measure *Measure `json:"measure,omitempty"`
	// Untrained tells that nothing was trained for it, so that it has no recipe.
	Untrained bool `json:"untrained,omitempty"`
	// Cost is what one training took, in the mean; nil where there was none, or where another row of
	// the case tells it.
	Cost *Cost `json:"cost,omitempty"`

	// Commit of the code that trained it, or measured it where nothing was trained; empty where it is that
	// of the result.
	Commit string `json:"commit,omitempty"`
	// Recipe is the whole recipe of the first run, as in its recipe.json, with files by their base
	// names.
	Recipe json.RawMessage `json:"recipe,omitempty"`
	// Start is the recipe of the training whose weights it starts from; empty where there is none.
	Start json.RawMessage `json:"start,omitempty"`
	// Patches are what the recipe of each run has other than Recipe, as JSON merge patches (RFC
	// 7396); StartPatches likewise of Start.
	Patches      []json.RawMessage `json:"patches,omitempty"`
	StartPatches []json.RawMessage `json:"start_patches,omitempty"`

	Detail string `json:"detail,omitempty"` // The protocol of this row, in words.
	// Choice is the setting that was chosen for it, with all that was tried.
	Choice *statistics.Choice `json:"choice,omitempty"`
}

// Read reads the JSON file of a benchmark. Errors name the file: that there is none, or that it is
// no result.
func Read(path string) (Result, error) {
	encoded, err := os.ReadFile(path)
	if err != nil {
		return Result{}, fmt.Errorf("reading what a benchmark measured: %w", err)
	}
	var r Result
	if err := json.Unmarshal(encoded, &r); err != nil {
		return Result{}, fmt.Errorf("reading what a benchmark measured: %s: %w", path, err)
	}
	return r, nil
}

// Write writes the result into dir, with its Table, and prints the table. See WriteWith.
func (r Result) Write(dir string) error { return r.WriteWith(dir, r.Table()) }

// WriteWith writes the JSON into dir, which is made where there is none, as <Benchmark>.json, and a
// table made from it as <Benchmark>.md, and prints the table.
func (r Result) WriteWith(dir, table string) error {
	if err := os.MkdirAll(dir, wholefile.FolderPerms); err != nil {
		return fmt.Errorf("writing what a benchmark measured: %w", err)
	}
	path := filepath.Join(dir, r.Benchmark+".json")
	if err := writeJSON(path, r); err != nil {
		return fmt.Errorf("writing what a benchmark measured: %w", err)
	}
	if err := wholefile.WriteBytes(filepath.Join(dir, r.Benchmark+".md"), []byte(table)); err != nil {
		return fmt.Errorf("writing what a benchmark measured: %w", err)
	}
	fmt.Printf("\n%s\nwritten to %s\n", table, path)
	return nil
}

// writeJSON writes a value as a JSON file that a person can read.
func writeJSON(path string, value any) error {
	encoded, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return wholefile.WriteBytes(path, append(encoded, '\n'))
}

// earlierCommits tells, in words, of which other commits rows are.
func (r Result) earlierCommits() string {
	var commits []string
	for _, row := range r.Rows {
		if row.Commit != "" && row.Commit != r.Commit && !slices.Contains(commits, row.Commit) {
			commits = append(commits, row.Commit)
		}
	}
	if commits == nil {
		return ""
	}
	return ", but for rows of " + strings.Join(commits, " and ") + ", as the JSON tells"
}

// Table is the result as Markdown: a line for each row, and the notes.
func (r Result) Table() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\n%d cores, %d GiB, %s; %s; commit %s%s.\n\n", r.Protocol, r.Machine.Cores, r.Machine.MemoryGiB,
		r.Machine.Processor, r.Backend, r.Commit, r.earlierCommits())
	for _, name := range slices.Sorted(maps.Keys(r.Peer)) {
		fmt.Fprintf(&out, "Compared with %s %s.\n\n", name, r.Peer[name])
	}
	for _, d := range r.Data {
		fmt.Fprintf(&out, "%s: %s.\n\n", d.Name, d)
	}
	fmt.Fprintln(&out, "| case | metric | value | 95 % interval | images seen | TFLOP | minutes | images/s | peak GiB |")
	fmt.Fprintln(&out, "|---|---|---:|---|---:|---:|---:|---:|---:|")
	for _, row := range r.Rows {
		interval := "–"
		if row.Low != row.High {
			interval = fmt.Sprintf("%.1f to %.1f", row.Low, row.High)
		}
		fmt.Fprintf(&out, "| %s | %s | %.1f %s | %s |", row.Case, row.Metric, row.Value, row.Unit, interval)
		if c := row.Cost; c != nil {
			known := func(value float64, format string) string {
				if value == 0 {
					return "–"
				}
				return fmt.Sprintf(format, value)
			}
			fmt.Fprintf(&out, " %d | %s | %.1f | %.0f | %s |\n", c.ImagesSeen, known(c.FLOPs/1e12, "%.3g"), c.Seconds/60, c.ImagesPerSecond,
				known(c.PeakMemoryGiB, "%.2f"))
		} else {
			fmt.Fprintln(&out, " – | – | – | – | – |")
		}
	}
	for _, line := range r.choices() {
		fmt.Fprintf(&out, "\n%s\n", line)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&out, "\n%s\n", note)
	}
	return out.String()
}

// choices tells what was tried and chosen, a line for all that was chosen on the same.
func (r Result) choices() []string {
	var on []string
	said := map[string][]string{}
	for _, row := range r.Rows {
		c := row.Choice
		if c == nil {
			continue
		}
		if said[c.On] == nil {
			on = append(on, c.On)
		}
		if text := c.String(); !slices.Contains(said[c.On], text) {
			said[c.On] = append(said[c.On], text)
		}
	}
	for i, o := range on {
		on[i] = fmt.Sprintf("Chosen by %s: %s.", o, strings.Join(said[o], "; "))
	}
	return on
}
