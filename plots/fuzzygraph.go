package plots

import "math"

// The constants of smooth_knn_dist in umap-learn.
const (
	bandwidthTolerance = 1e-5
	leastBandwidth     = 1e-3 // As a part of the mean distance to a point's neighbours.
)

// newFuzzyGraph is the fuzzy simplicial set of vectors (McInnes et al. 2018, section 3.1 and algorithms 2
// and 3), as umap-learn makes it: a point is a neighbour of itself, so that it has k − 1 others. The weight
// from i to j is exp(−(d_ij − ρ_i)/σ_i), ρ_i being the distance of the nearest other point that is not
// equal, and σ_i such that a point's weights sum to log₂ k where that can be; the weights p and q of the two
// directions are joined as p + q − pq.
func newFuzzyGraph(x []float32, n, dim, k int) *affinities {
	others := k - 1
	neighbour, distance := nearestNeighbours(x, n, dim, others)
	for e, squared := range distance {
		distance[e] = math.Sqrt(squared)
	}
	for i := range n {
		memberships(distance[i*others : (i+1)*others])
	}
	return symmetric(neighbour, distance, n, others, func(p, q float64) float64 { return p + q - p*q })
}

// memberships turns a point's distances to its nearest others, rising, into weights. The search for σ
// begins at their mean, and not at 1 as in umap-learn, whose 64 halvings or doublings do not reach the σ of
// distances below 1e-17 or above 1e18: here the weights are the same in whatever unit distances are given.
func memberships(distance []float64) {
	var nearest, mean float64
	for j := len(distance) - 1; j >= 0; j-- {
		if distance[j] > 0 {
			nearest = distance[j]
		}
		mean += distance[j]
	}
	mean /= float64(len(distance) + 1) // With the 0 of the point itself, as in umap-learn.
	if mean == 0 {                     // All others are equal to it.
		for j := range distance {
			distance[j] = 1
		}
		return
	}

	goal := math.Log2(float64(len(distance) + 1))
	low, high, sigma := 0., math.Inf(1), mean
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
	sigma = max(sigma, leastBandwidth*mean)
	for j, d := range distance {
		distance[j] = math.Exp(-max(d-nearest, 0) / sigma)
	}
}
