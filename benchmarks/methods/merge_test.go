package main

import (
	"slices"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/kit/ssl"
)

// A method that is measured alone comes to its place among those that were measured before.
func TestMergedKeepsTheOthers(t *testing.T) {
	all := []entry{{ssl.SimCLR{}, nil, family{name: "net"}}, {ssl.TiCo{}, nil, family{name: "net"}}, {ssl.MAE{}, nil, family{name: "vit"}}}
	row := func(name string, value float64) result.Row {
		return result.Row{Case: name + "/shapes/net", Value: value}
	}
	earlier := result.Result{Commit: "a", Rows: []result.Row{
		row("random", 1), row("simclr", 2), row("simclr", 3), row("gone", 4),
		{Case: "random/shapes/vit", Value: 5}, {Case: "mae/shapes/vit", Value: 6}, {Case: "mae/cifar10/vit", Value: 7},
	}}
	got := merged("shapes", all, []result.Row{row("random", 8), row("tico", 9)}, earlier, "b")
	var values []float64
	for _, r := range got {
		values = append(values, r.Value)
		if was := r.Case != "tico/shapes/net"; was != (r.Commit == "a") {
			t.Errorf("%s is of commit %q", r.Case, r.Commit)
		}
	}
	if want := []float64{1, 2, 3, 9, 5, 6}; !slices.Equal(values, want) {
		t.Errorf("the values are %v, want %v", values, want)
	}
	if got := merged("shapes", all, []result.Row{row("random", 8), row("tico", 9)}, result.Result{}, "b"); len(got) != 2 {
		t.Errorf("without an earlier result there are %d rows, want 2", len(got))
	}
}
