package main

import (
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
)

// The difference from the control is paired by seed, and the note tells the accuracy among all
// combinations too.
func TestRowsArePairedWithTheControl(t *testing.T) {
	t.Parallel()
	of := func(values ...float64) []measurement {
		var runs []measurement
		for _, v := range values {
			m := measurement{Training: result.Training{Recipe: []byte(`{}`), Commit: "abc"}}
			for i := range differ + 1 {
				m.Answers = append(m.Answers, answer{Metric: tasks()[i].name, Value: v - float64(i), Low: v, High: v, Chance: 5, N: 100})
			}
			runs = append(runs, m)
		}
		return runs
	}
	rows, err := allRows([][]measurement{of(70, 80), of(5, 16)}, []statistics.Choice{{Side: "clip"}, {Side: "control"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2*(differ+1)+differ || rows[0].Choice.Side != "clip" || rows[differ+1+differ].Choice.Side != "control" {
		t.Fatalf("%d rows: %+v", len(rows), rows)
	}
	less := rows[differ+1]
	if !strings.HasSuffix(less.Metric, ", less that of the control") || less.Unit != "points" || less.Runs[0].Value != 65 || less.Runs[1].Value != 64 || less.Commit != "abc" {
		t.Errorf("%+v", less)
	}
	said := strings.Join(notes(of(70, 80), rows), " ")
	if !strings.Contains(said, "Among all 80 combinations, the seen ones too, it is 74.0 %") || !strings.Contains(said, "Seeds: 2") {
		t.Error(said)
	}
}
