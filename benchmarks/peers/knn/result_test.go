package main

import (
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/kit/ssl"
)

// Seeds that are good for both sides hide nothing: the difference is seed by seed, and says which is
// above.
func TestSidesAreComparedSeedBySeed(t *testing.T) {
	t.Parallel()
	of := func(values ...float64) (all []outcome) {
		for _, v := range values {
			all = append(all, outcome{knn: v, training: result.Training{Recipe: []byte(`{}`), Commit: "abc"}})
		}
		return all
	}
	for name, test := range map[string]struct {
		there []outcome
		want  string
	}{
		"above":  {of(9, 19.2, 28.9), "above 0"},
		"below":  {of(11, 20.8, 31.1), "below 0"},
		"either": {of(9, 21, 30), "not told from 0"},
	} {
		s := side{method: ssl.SimCLR{}, here: of(10, 20, 30), there: test.there, choices: [2]statistics.Choice{{}, {Side: "simclr/lightly"}}}
		rows, verdict, err := s.lightlyRows("cifar10/net", "cifar10")
		if err != nil || !strings.Contains(verdict, test.want) {
			t.Errorf("%s: %q, %v", name, verdict, err)
			continue
		}
		if rows[1].Unit != "points" || len(rows[1].Runs) != 3 || rows[0].Choice.Side != "simclr/lightly" || rows[1].Commit != "abc" || rows[1].Data != "cifar10" {
			t.Errorf("%s: %+v", name, rows)
		}
	}
	short := side{method: ssl.SimCLR{}, here: of(10), there: of(9)}
	if _, verdict, err := short.lightlyRows("cifar10/net", "cifar10"); err != nil || !strings.Contains(verdict, "one seed") {
		t.Errorf("one seed: %q, %v", verdict, err)
	}
}
