package main

import (
	"strings"
	"testing"

	"sslkit/benchmarks/result"
)

func measured(rows ...result.Row) result.Result { return result.Result{Rows: rows} }

func row(name string, value, low, high float64) result.Row {
	return result.Row{Case: name, Metric: "accuracy", Value: value, Low: low, High: high}
}

func TestFiguresFollowTheirRows(t *testing.T) {
	t.Parallel()
	r := rows{}
	r.add("a.json", measured(row("a", 61.53, 60.5, 62.4), row("b", -2.4, -2.8, -2.0), row("c", 5, .6, 9.3), row("twin", 10, 9, 11), row("other twin", 10, 9, 11),
		row("gone", 33, 32, 34), row("same", 7.25, 7, 7.5)),
		measured(row("a", 62, 60, 64.04), row("b", 1.25, -1, 3.5), row("c", -1, -2, .5), row("twin", 12, 9, 11), row("other twin", 10, 9, 11), row("same", 7.25, 7, 7.5)))
	for name, test := range map[string]struct{ text, want, problem string }{
		"plain":             {"k-NN is 61.5 % [60.5, 62.4], so", "k-NN is 62.0 % [60.0, 64.0], so", ""},
		"over two lines":    {"61.5 %\n[60.5, 62.4]", "62.0 %\n[60.0, 64.0]", ""},
		"within brackets":   {"61.5 % [60.5,\n62.4]", "62.0 % [60.0,\n64.0]", ""},
		"minus":             {"−2.4 points [−2.8, −2.0]", "1.2 points [−1.0, 3.5]", ""},
		"the other side":    {"2.4 points [2.0, 2.8]", "−1.2 points [−3.5, 1.0]", ""},
		"plus":              {"+5.0 points [0.6, 9.3]", "−1.0 points [−2.0, 0.5]", ""},
		"of two rows":       {"10.0 % [9.0, 11.0]", "10.0 % [9.0, 11.0]", "twin"},
		"of none any more":  {"33.0 % [32.0, 34.0]", "33.0 % [32.0, 34.0]", "gone"},
		"of no result":      {"1.0 % [0.5, 1.5]", "1.0 % [0.5, 1.5]", ""},
		"as it was":         {"7.2 % [7.0, 7.5]", "7.2 % [7.0, 7.5]", ""},
		"numbers in others": {"61.5 % [60.5, 62.4] and 61.5", "62.0 % [60.0, 64.0] and 61.5", ""},
	} {
		got, problems, err := r.inText(test.text)
		if err != nil || got != test.want || (test.problem == "") != (problems == nil) || !strings.Contains(strings.Join(problems, ""), test.problem) {
			t.Errorf("%s: %q, %q, %v; want %q", name, got, problems, err, test.want)
		}
	}
}

// Of a notebook the words change, and what a cell has printed does not.
func TestNotebooksKeepWhatTheyPrinted(t *testing.T) {
	t.Parallel()
	r := rows{}
	r.add("a.json", measured(row("a", 61.5, 60.5, 62.4)), measured(row("a", 62, 60, 64)))
	notebook := func(figure string) string {
		return `{"cells": [{"cell_type": "markdown", "source": ["# A < B\n", "It is ` + figure + ` & more\n", "end"]},
 {"cell_type": "code", "source": ["x"], "outputs": [{"text": ["61.5 % [60.5, 62.4]\n"]}]}]}`
	}
	got, problems, err := r.inNotebook(notebook("61.5 % [60.5, 62.4]"))
	if want := notebook("62.0 % [60.0, 64.0]"); err != nil || problems != nil || got != want {
		t.Errorf("got %s, %q, %v\nwant %s", got, problems, err, want)
	}
}
