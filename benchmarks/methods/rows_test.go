package main

import (
	"strings"
	"testing"

	"sslkit/benchmarks/result"
)

func TestNotClear(t *testing.T) {
	rows := []result.Row{
		{Case: "random/shapes/a", Metric: "k-NN accuracy", N: 3, Low: 10, High: 12},
		{Case: "above/shapes/a", Metric: "k-NN accuracy", N: 3, Low: 13, High: 15},
		{Case: "touching/shapes/a", Metric: "k-NN accuracy", N: 3, Low: 11, High: 20},
		{Case: "above/shapes/a", Metric: "linear probe accuracy", N: 3, Low: 1, High: 2},
		{Case: "random/shapes/b", Metric: "k-NN accuracy", N: 3, Low: 20, High: 22},
		{Case: "below/shapes/b", Metric: "k-NN accuracy", N: 3, Low: 13, High: 15},
	}
	if got := notClear("shapes", rows); !strings.HasSuffix(got, "but for touching, below.") {
		t.Error(got)
	}
	if got := notClear("shapes", []result.Row{{Case: "random/shapes/a", Metric: "k-NN accuracy", N: 1}}); !strings.Contains(got, "one seed") {
		t.Error(got)
	}
	if got := notClear("shapes", rows[:2]); !strings.HasSuffix(got, "intervals apart.") {
		t.Error(got)
	}
}
