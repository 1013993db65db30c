package compress

import (
	"cmp"
	"fmt"

	"sslkit/kit/setting"
)

// Cubic is a schedule of sparsities for pruning in rounds, with training in between: from one
// sparsity to another along a cubic, which prunes much at first, while there is much to spare, and
// little at the end:
//
//	s(t) = to + (from - to) × (1 - t/rounds)³ for t = 1, …, rounds
//
// Zhu & Gupta 2017, "To prune, or not to prune: exploring the efficacy of pruning for model
// compression", arXiv:1710.01878, equation 1; its rounds are of 100 to 1000 steps. from is in [0,
// 1), 0 for a network that has not been pruned; to is above it and below 1; rounds is at least 1.
func Cubic(from, to float64, rounds int) ([]float64, error) {
	if err := cmp.Or(
		setting.Below(1, "compress.Cubic: from", from),
		setting.Must(to > from && to < 1, "compress.Cubic: to", to, fmt.Sprintf("above from, %v, and below 1", from)),
		setting.AtLeast(1, "compress.Cubic: rounds", rounds),
	); err != nil {
		return nil, err
	}
	sparsities := make([]float64, rounds)
	for i := range sparsities {
		left := 1 - float64(i+1)/float64(rounds)
		sparsities[i] = to + (from-to)*left*left*left
	}
	return sparsities, nil
}
