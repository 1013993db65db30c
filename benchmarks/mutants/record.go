package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/result"
	"sslkit/kit/metric"
)

// The sides: columns of the table.
const (
	before = "before"
	after  = "after"
)

// record is a result file in the shared format, whose rows hold what happened to the mutant too.
type record struct {
	result.Result
	Rows []row `json:"rows"`
}

// row is a mutant on one side, or a share over several.
type row struct {
	result.Row
	Mutant *outcome `json:"mutant,omitempty"` // Nil for a share.
}

// outcome is what happened to a mutant.
type outcome struct {
	File    string  `json:"file"`
	Breaks  string  `json:"breaks"`            // What is wrong in it.
	Commit  string  `json:"commit"`            // Of the tree that was mutated.
	Caught  bool    `json:"caught"`            // By any test that was run.
	Killer  string  `json:"killer,omitempty"`  // The test that failed first.
	Package string  `json:"package,omitempty"` // Of that test.
	Timeout bool    `json:"timeout,omitempty"` // It did not fail, it took too long.
	Seconds float64 `json:"seconds"`           // Of all that ran, with compiling.
	Ran     []ran   `json:"ran"`               // In this order.
}

// ran is one step that was run.
type ran struct {
	Package string  `json:"package"`
	Tests   string  `json:"tests"` // Which of its tests.
	Backend string  `json:"backend"`
	Short   bool    `json:"short,omitempty"`
	Skipped string  `json:"skipped,omitempty"` // Tests that were left out.
	None    bool    `json:"none,omitempty"`    // There was no such test.
	Seconds float64 `json:"seconds"`
}

// same reports whether the other step is this one, however it went.
func (r ran) same(other ran) bool {
	r.Seconds, other.Seconds = 0, 0
	r.None, other.None = false, false
	return r == other
}

// metricOf is the metric of a mutant's row.
func metricOf(side string) string { return "caught " + side }

// readRecord reads a result file. Where there is none, the record is empty.
func readRecord(name string) (record, error) {
	encoded, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return record{}, nil
	} else if err != nil {
		return record{}, fmt.Errorf("reading earlier results: %w", err)
	}
	var r record
	if err := json.Unmarshal(encoded, &r); err != nil {
		return record{}, fmt.Errorf("reading earlier results: %s: %w", name, err)
	}
	return r, nil
}

// find is what happened to a mutant on a side of a tree's commit, or nil.
func (r record) find(name, side, commit string) *outcome {
	for _, row := range r.Rows {
		if row.Case == name && row.Metric == metricOf(side) && row.Mutant != nil && row.Mutant.Commit == commit {
			return row.Mutant
		}
	}
	return nil
}

// put replaces a mutant's row of a side, or adds it.
func (r *record) put(name, side string, o outcome) {
	caught := 0.
	if o.Caught {
		caught = 1
	}
	made := row{result.Exact(name, metricOf(side), caught, ""), &o}
	made.Detail = o.String()
	at := slices.IndexFunc(r.Rows, func(old row) bool { return old.Case == name && old.Metric == metricOf(side) })
	if at < 0 {
		r.Rows = append(r.Rows, made)
	} else {
		r.Rows[at] = made
	}
}

// String tells in a line what happened.
func (o outcome) String() string {
	switch {
	case !o.Caught:
		return fmt.Sprintf("survived %d runs of tests, %.0f s", len(o.Ran), o.Seconds)
	case o.Timeout:
		return fmt.Sprintf("caught: %s of %s took too long, %.0f s", o.Killer, o.Package, o.Seconds)
	}
	return fmt.Sprintf("caught by %s of %s, %.0f s", o.Killer, o.Package, o.Seconds)
}

// tidy drops rows of mutants that are no more, sorts the others as the list has them, and makes the
// shares anew.
func (r *record) tidy(all []mutant) error {
	place := map[string]int{}
	for i, m := range all {
		place[m.name] = i
	}
	r.Rows = slices.DeleteFunc(r.Rows, func(row row) bool {
		_, known := place[row.Case]
		return row.Mutant == nil || !known
	})
	slices.SortStableFunc(r.Rows, func(a, b row) int { return place[a.Case] - place[b.Case] })
	mutantRows := slices.Clone(r.Rows)
	for _, side := range []string{before, after} {
		for _, folder := range folders(all) {
			share, err := shareOf(mutantRows, side, folder)
			if err != nil {
				return err
			}
			if share != nil {
				r.Rows = append(r.Rows, *share)
			}
		}
	}
	return nil
}

// folders are those of the mutants, in their order, behind "all".
func folders(all []mutant) []string {
	names := []string{"all"}
	for _, m := range all {
		if !slices.Contains(names, m.folder()) {
			names = append(names, m.folder())
		}
	}
	return names
}

// shareOf is the row of the share of the mutants of a folder that were caught, nil where none was
// tried.
func shareOf(rows []row, side, folder string) (*row, error) {
	caught, tried := 0, 0
	for _, row := range rows {
		if row.Metric != metricOf(side) || folder != "all" && path.Dir(row.Mutant.File) != folder {
			continue
		}
		tried++
		if row.Mutant.Caught {
			caught++
		}
	}
	if tried == 0 {
		return nil, nil
	}
	share, err := metric.Wilson(caught, tried)
	if err != nil {
		return nil, fmt.Errorf("the share of %s: %w", folder, err)
	}
	return &row{Row: result.Percent(folder, "share "+metricOf(side), share, 0)}, nil
}

// write writes the JSON and the table beside it, each in one step.
func (r record) write(name string, all []mutant) error {
	if err := r.tidy(all); err != nil {
		return err
	}
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	table := strings.TrimSuffix(name, ".json") + ".md"
	for file, content := range map[string][]byte{name: append(encoded, '\n'), table: []byte(r.table())} {
		if err := os.WriteFile(file+".part", content, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
		if err := os.Rename(file+".part", file); err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
	}
	return nil
}
