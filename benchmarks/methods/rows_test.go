package main

import (
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/kit/ssl"
)

// Below is said as above is, and the difference is paired: seeds that are good for both hide nothing.
func TestVerdicts(t *testing.T) {
	of := func(knn ...float64) []measurement {
		var runs []measurement
		for _, v := range knn {
			runs = append(runs, measurement{KNN: v, Linear: v, losses: []float64{1}, Training: &result.Training{
				Recipe: []byte(`{}`), Commit: "0123456789ab"}})
		}
		return runs
	}
	net := family{name: "net"}
	chosen := []entry{{ssl.SimCLR{}, nil, net}, {ssl.BYOL{}, nil, net}, {ssl.TiCo{}, nil, net}}
	random := map[string][]measurement{"net": of(10, 20, 30)}
	rows, err := setRows("shapes", chosen, [][]measurement{of(11, 21, 31.5), of(8, 22, 31), of(9, 19, 28.5)}, random)
	if err != nil {
		t.Fatal(err)
	}
	want := "above 0 for simclr; not told from 0 for byol; below 0 for tico."
	if got := verdicts("shapes", rows); !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	cases := map[string]int{}
	for _, r := range rows {
		cases[r.Case]++
		if trained := !strings.HasPrefix(r.Case, "random"); r.Commit != "0123456789ab" || r.Untrained == trained || r.Data != "shapes" || r.Measure == nil {
			t.Errorf("%s, %s is of commit %q, untrained %v, of images %q, measured by %+v", r.Case, r.Metric, r.Commit, r.Untrained, r.Data, r.Measure)
		}
	}
	if cases["random/shapes/net"] != 2 || cases["simclr/shapes/net"] != 4 {
		t.Errorf("the rows are of %v", cases)
	}
	more := of(11)
	more[0].choice.Trials = []statistics.Trial{{Setting: "rate 1"}}
	if _, err := setRows("shapes", chosen, [][]measurement{more, of(8), of(9)}, map[string][]measurement{"net": of(10)}); err == nil {
		t.Error("one method was tried with more rates than the others")
	}
	if rows, err = setRows("shapes", chosen, [][]measurement{of(11), of(8), of(9)}, map[string][]measurement{"net": of(10)}); err != nil {
		t.Fatal(err)
	}
	if got := verdicts("shapes", rows); !strings.Contains(got, "one seed") {
		t.Error(got)
	}
}
