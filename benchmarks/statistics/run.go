// Package statistics is how benchmarks claim something: over which runs a figure is, which interval is
// right for them, how two sides are compared, and how many settings each side may try.
package statistics

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Run is what one run measured. Runs of one Seed share initial weights and whatever else the seed
// decides; runs of one Draw share the labelled images that were drawn.
type Run struct {
	Seed  uint64  `json:"seed"`
	Draw  uint64  `json:"draw,omitempty"` // 0 where nothing is drawn but by the seed.
	Value float64 `json:"value"`
}

// key is what two runs have in common that may be compared.
type key struct{ seed, draw uint64 }

func (k key) String() string {
	if k.draw == 0 {
		return fmt.Sprintf("seed %d", k.seed)
	}
	return fmt.Sprintf("seed %d, draw %d", k.seed, k.draw)
}

func (r Run) key() key { return key{r.Seed, r.Draw} }

// sorted are runs by seed and draw. It is an error where there is none, or two of one key.
func sorted(runs []Run) ([]Run, error) {
	if len(runs) == 0 {
		return nil, fmt.Errorf("there are no runs; there must be at least 1")
	}
	runs = slices.Clone(runs)
	slices.SortFunc(runs, func(a, b Run) int { return cmp.Or(cmp.Compare(a.Seed, b.Seed), cmp.Compare(a.Draw, b.Draw)) })
	for i := 1; i < len(runs); i++ {
		if runs[i].key() == runs[i-1].key() {
			return nil, fmt.Errorf("there are two runs of %s", runs[i].key())
		}
	}
	return runs, nil
}

// Difference is, for each seed and draw, a's value less b's. It is an error where one side has a run
// that the other lacks: what is left out on one side could be what spoke for the other.
func Difference(a, b []Run) ([]Run, error) {
	a, err := sorted(a)
	if err != nil {
		return nil, fmt.Errorf("the first side: %w", err)
	}
	if b, err = sorted(b); err != nil {
		return nil, fmt.Errorf("the second side: %w", err)
	}
	var alone []string
	for _, side := range [][2][]Run{{a, b}, {b, a}} {
		for _, r := range side[0] {
			if !slices.ContainsFunc(side[1], func(other Run) bool { return other.key() == r.key() }) {
				alone = append(alone, r.key().String())
			}
		}
	}
	if alone != nil {
		return nil, fmt.Errorf("of %s only one side has a run: they can't be paired", strings.Join(alone, "; "))
	}
	out := make([]Run, len(a))
	for i, r := range a {
		out[i] = Run{Seed: r.Seed, Draw: r.Draw, Value: r.Value - b[i].Value}
	}
	return out, nil
}
