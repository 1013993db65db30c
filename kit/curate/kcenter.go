package curate

import (
	"fmt"
	"math"
	"math/rand/v2"

	"sslkit/kit/setting"
)

// KCenter chooses images so that no other is far from a chosen one: greedily,
// always the image that is furthest from all chosen so far. Its largest distance
// is at most twice the best possible. Sener and Savarese, "Active learning for
// convolutional neural networks: A core-set approach" (ICLR 2018,
// arXiv:1708.00489), algorithm 1.
//
// It takes outliers first: clear a set of broken images and duplicates before.
type KCenter struct {
	Labelled []int  // images that are chosen already, such as those with labels. Default: none, and the first image is drawn.
	Seed     uint64 // of that draw
}

// Choose returns m images in the order of choice, so that fewer of them are
// the choice of fewer, and the largest Euclidean distance of any image to its
// nearest chosen or labelled one. x is [n, dim], and is not normalised. Errors:
// mismatched lengths, values that are not finite, m below 1 or above the images
// that are not labelled, labelled images out of range or named twice.
func (k KCenter) Choose(x []float32, n, dim, m int) (chosen []int, radius float64, err error) {
	if err := checkMatrix("KCenter", "x", x, n, dim); err != nil {
		return nil, 0, err
	}
	// nearest is the squared distance to the nearest chosen image; -1 for these
	// themselves, so that copies of them can still be chosen.
	nearest := make([]float64, n)
	for i := range nearest {
		nearest[i] = math.Inf(1)
	}
	take := func(center int) {
		row := x[center*dim : (center+1)*dim]
		parallel(n, func(i int) {
			if nearest[i] >= 0 {
				nearest[i] = min(nearest[i], squaredDistance(row, x[i*dim:(i+1)*dim]))
			}
		})
		nearest[center] = -1
	}
	for at, i := range k.Labelled {
		if err := setting.Within(0, float64(n-1), fmt.Sprintf("curate.KCenter: Labelled[%d]", at), float64(i)); err != nil {
			return nil, 0, err
		}
		if nearest[i] < 0 {
			return nil, 0, fmt.Errorf("curate.KCenter: Labelled[%d] is %d for the second time", at, i)
		}
		take(i)
	}
	free := n - len(k.Labelled)
	if err := setting.Must(m >= 1 && m <= free, "curate.KCenter: m", m,
		fmt.Sprintf("from 1 to the %d images that are not labelled", free)); err != nil {
		return nil, 0, err
	}
	furthest := func() int {
		best := 0
		for i, d := range nearest {
			if d > nearest[best] {
				best = i
			}
		}
		return best
	}
	next := furthest()
	if len(k.Labelled) == 0 {
		next = rand.New(rand.NewPCG(k.Seed, 0)).IntN(n)
	}
	for range m {
		chosen = append(chosen, next)
		take(next)
		next = furthest()
	}
	return chosen, math.Sqrt(max(nearest[next], 0)), nil
}

func squaredDistance(a, b []float32) float64 {
	b = b[:len(a)]
	var sum float64
	for j, v := range a {
		d := float64(v) - float64(b[j])
		sum += d * d
	}
	return sum
}
