package main

import (
	"fmt"
	"slices"
	"strings"
)

// table is the tidy record as Markdown: the shares, the survivors, and all mutants with the tests
// that caught them.
func (r record) table() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\n%d cores, %d GiB, %s; program of commit %s.\n", r.Protocol, r.Machine.Cores, r.Machine.MemoryGiB,
		r.Machine.Processor, r.Commit)

	var names, shares []string // Cases, each once.
	for _, row := range r.Rows {
		if list := &shares; !slices.Contains(names, row.Case) && !slices.Contains(shares, row.Case) {
			if row.Mutant != nil {
				list = &names
			}
			*list = append(*list, row.Case)
		}
	}
	fmt.Fprint(&out, "\n| | caught before | caught after |\n|---|---:|---:|\n")
	for _, name := range shares {
		fmt.Fprintf(&out, "| %s | %s | %s |\n", name, r.share(name, before), r.share(name, after))
	}
	for _, side := range []string{before, after} {
		if survivors := r.survivors(side); len(survivors) > 0 {
			fmt.Fprintf(&out, "\nSurvived %s:\n\n", side)
			for _, row := range survivors {
				fmt.Fprintf(&out, "- `%s`: %s\n", row.Case, row.Mutant.Breaks)
			}
		}
	}
	fmt.Fprint(&out, "\n| mutant | what is wrong | before | after |\n|---|---|---|---|\n")
	for _, name := range names {
		var breaks string
		for _, row := range r.Rows {
			if row.Case == name && row.Mutant != nil {
				breaks = row.Mutant.Breaks // The later side's, where they differ.
			}
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", name, breaks, r.fate(name, before), r.fate(name, after))
	}
	return out.String()
}

// row finds the row of a case and metric.
func (r record) row(name, metric string) (row, bool) {
	at := slices.IndexFunc(r.Rows, func(row row) bool { return row.Case == name && row.Metric == metric })
	if at < 0 {
		return row{}, false
	}
	return r.Rows[at], true
}

// share is a cell of the table of shares.
func (r record) share(name, side string) string {
	row, ok := r.row(name, "share "+metricOf(side))
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%.0f of %d, %.1f %% [%.1f, %.1f]", row.Value/100*float64(row.N), row.N, row.Value, row.Low, row.High)
}

// fate is a cell of the table of mutants.
func (r record) fate(name, side string) string {
	row, ok := r.row(name, metricOf(side))
	switch {
	case !ok:
		return "–"
	case !row.Mutant.Caught:
		return "**survived**"
	case row.Mutant.Timeout:
		return fmt.Sprintf("%s of `%s` took too long", orUnnamed(row.Mutant.Killer), row.Mutant.Package)
	}
	return fmt.Sprintf("%s of `%s`", orUnnamed(row.Mutant.Killer), row.Mutant.Package)
}

// orUnnamed is the name of a test as code, or what stands for one that no output names.
func orUnnamed(killer string) string {
	if killer == "" {
		return "a test"
	}
	return "`" + killer + "`"
}

// survivors are the rows of mutants that no test caught on a side.
func (r record) survivors(side string) []row {
	var rows []row
	for _, row := range r.Rows {
		if row.Metric == metricOf(side) && !row.Mutant.Caught {
			rows = append(rows, row)
		}
	}
	return rows
}
