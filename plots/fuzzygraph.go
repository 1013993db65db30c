package plots

import "math"

// The constants of smooth_knn_dist in umap-learn.
const (
	bandwidthTolerance = 1e-5
	leastBandwidth     = 1e-3 // Of the mean distance of a point's neighbours, or of all.
)

// newFuzzyGraph is the fuzzy simplicial set of vectors (McInnes et al. 2018, section 3.1 and algorithms 2
// and 3), as umap-learn makes it: a point is a neighbour of itself, so that it has k − 1 others. The weight
// from i to j is exp(−(d_ij − ρ_i)/σ_i), ρ_i being the distance of the nearest other point that is not
// equal, and σ_i such that a point's weights sum to log₂ k; p and q both ways are joined as p + q − pq.
func newFuzzyGraph(x []float32, n, dim, k int) *affinities {
	others := k - 1
	neighbour, distance := nearestNeighbours(x, n, dim, others)
	var all float64
	for e, squared := range distance {
		distance[e] = math.Sqrt(squared)
		all += distance[e]
	}
	all /= float64(n * k) // With the zero of each point itself, as in umap-learn.
	for i := range n {
		memberships(distance[i*others:(i+1)*others], all)
	}
	return symmetric(neighbour, distance, n, others, func(p, q float64) float64 { return p + q - p*q })
}

// memberships turns a point's distances to its nearest others, rising, into weights; mean is that of the
// distances of all points.
func memberships(distance []float64, mean float64) {
	var nearest, own float64
	for j := len(distance) - 1; j >= 0; j-- {
		if distance[j] > 0 {
			nearest = distance[j]
		}
		own += distance[j]
	}
	own /= float64(len(distance) + 1)

	goal := math.Log2(float64(len(distance) + 1))
	low, high, sigma := 0., math.Inf(1), 1.
	for range 64 {
		var sum float64
		for _, d := range distance {
			sum += math.Exp(-max(d-nearest, 0) / sigma)
		}
		if math.Abs(sum-goal) < bandwidthTolerance {
			break
		}
		if sum > goal {
			high = sigma
		} else if low = sigma; math.IsInf(high, 1) {
			sigma *= 2
			continue
		}
		sigma = (low + high) / 2
	}
	if nearest > 0 {
		mean = own
	}
	sigma = max(sigma, leastBandwidth*mean)
	for j, d := range distance {
		if d <= nearest || sigma == 0 {
			distance[j] = 1
		} else {
			distance[j] = math.Exp(-(d - nearest) / sigma)
		}
	}
}
