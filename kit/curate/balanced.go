package curate

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"sslkit/kit/setting"
)

// Balanced chooses images evenly over what the set shows: it is cut into
// clusters by k-means, and these give the same number of images each, drawn at
// random; one that is too small gives all it has. What is rare in the set is
// then less rare in the subset.
type Balanced struct {
	Clusters   int    // of k-means, 1 to the number of images. Default: the smaller of m and 100.
	Iterations int    // of k-means at most, at least 1. Default 50.
	Seed       uint64 // of the clusters and the draws
}

func (b Balanced) withDefaults(m int) Balanced {
	b.Clusters = cmp.Or(b.Clusters, min(m, 100))
	b.Iterations = cmp.Or(b.Iterations, 50)
	return b
}

// Choose returns m images, sorted. x is [n, dim]; distances are Euclidean, so
// rows of length 1 make it one of cosines. Errors: mismatched lengths, values
// that are not finite, m below 1 or above n, settings out of range.
func (b Balanced) Choose(x []float32, n, dim, m int) ([]int, error) {
	if err := checkMatrix("Balanced", "x", x, n, dim); err != nil {
		return nil, err
	}
	b = b.withDefaults(m)
	upToAll := fmt.Sprintf("from 1 to the %d images of x", n)
	if err := cmp.Or(
		setting.Must(m >= 1 && m <= n, "curate.Balanced: m", m, upToAll),
		setting.Must(b.Clusters >= 1 && b.Clusters <= n, "curate.Balanced: Clusters", b.Clusters, upToAll, "the smaller of m and 100"),
		setting.AtLeast(1, "curate.Balanced: Iterations", b.Iterations, Balanced{}.withDefaults(m).Iterations),
	); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(b.Seed, 0))
	cluster, _ := kMeans(x, n, dim, b.Clusters, b.Iterations, random)
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
