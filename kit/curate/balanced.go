package curate

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Balanced chooses images evenly over what the set shows: it is cut into
// clusters by k-means, and these give the same number of images each, drawn at
// random; one that is too small gives all it has. What is rare in the set is
// then less rare in the subset.
type Balanced struct {
	Clusters   int    // of k-means, 1 to the number of images; default: the smaller of m and 100
	Iterations int    // of k-means at most, at least 1; default 50
	Seed       uint64 // of the clusters and the draws
}

// Choose returns m images, sorted. x is [n, dim]; distances are Euclidean, so
// rows of length 1 make it one of cosines. Errors: mismatched lengths, values
// that are not finite, m below 1 or above n, settings out of range.
func (b Balanced) Choose(x []float32, n, dim, m int) ([]int, error) {
	if err := checkMatrix("Balanced", "x", x, n, dim); err != nil {
		return nil, err
	}
	if m < 1 || m > n {
		return nil, fmt.Errorf("curate: Balanced: m is %d, want 1 to the %d images of x", m, n)
	}
	if b.Clusters == 0 {
		b.Clusters = min(m, 100)
	}
	if b.Iterations == 0 {
		b.Iterations = 50
	}
	if b.Clusters < 1 || b.Clusters > n {
		return nil, fmt.Errorf("curate: Balanced.Clusters is %d, want 0 (at most 100) or 1 to the %d images of x", b.Clusters, n)
	}
	if b.Iterations < 1 {
		return nil, fmt.Errorf("curate: Balanced.Iterations is %d, want 0 (50) or at least 1", b.Iterations)
	}
	random := rand.New(rand.NewPCG(b.Seed, 0))
	cluster := kMeans(x, n, dim, b.Clusters, b.Iterations, random)
	// Deal each cluster's images out in rounds: the k-th of every cluster before
	// the k+1-th of any.
	order := random.Perm(n)
	dealt, round := make([]int, b.Clusters), make([]int, n)
	for _, i := range order {
		round[i] = dealt[cluster[i]]
		dealt[cluster[i]]++
	}
	slices.SortStableFunc(order, func(i, j int) int { return round[i] - round[j] })
	chosen := order[:m]
	slices.Sort(chosen)
	return chosen, nil
}
