package curate

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"sslkit/kit/setting"
)

// KMeans returns the centres, [k, dim], of k clusters of the rows of x, [n, dim]: k-means of at most
// `iterations` rounds from the centres of greedy k-means++. Distances are Euclidean, so rows of length
// 1 make it one of cosines. It is a pure function of its arguments. Errors: mismatched lengths, values
// that are not finite, k outside [1, n], no round.
func KMeans(x []float32, n, dim, k, iterations int, seed uint64) ([]float32, error) {
	if err := cmp.Or(
		checkMatrix("KMeans", "x", x, n, dim),
		setting.Must(k >= 1 && k <= n, "curate.KMeans: k", k, fmt.Sprintf("from 1 to the %d rows of x", n)),
		setting.AtLeast(1, "curate.KMeans: iterations", iterations),
	); err != nil {
		return nil, err
	}
	_, centers := kMeans(x, n, dim, k, iterations, rand.New(rand.NewPCG(seed, 0)))
	return centers, nil
}

// NearestCentre is, for each row of x, [n, dim], the nearest of centres, [k, dim]; of equal ones the
// first. Its errors are those of [KMeans].
func NearestCentre(x []float32, n, dim int, centres []float32) ([]int, error) {
	if err := cmp.Or(
		checkMatrix("NearestCentre", "x", x, n, dim),
		checkMatrix("NearestCentre", "centres", centres, len(centres)/max(dim, 1), dim),
	); err != nil {
		return nil, err
	}
	cluster := make([]int, n)
	assign(x, n, dim, centres, cluster, make([]float64, n))
	return cluster, nil
}

// kMeans cuts the rows of x, [n, dim], into k clusters: Lloyd's iterations from
// the centres of greedy k-means++ (Arthur and Vassilvitskii, SODA 2007), until
// nothing changes. It returns the cluster of every row, and the centres. A cluster that runs empty
// takes the row that is furthest from its centre.
func kMeans(x []float32, n, dim, k, iterations int, random *rand.Rand) (cluster []int, centers []float32) {
	centers = spread(x, n, dim, k, random)
	cluster = make([]int, n)
	distance := make([]float64, n)
	for range iterations {
		moved := assign(x, n, dim, centers, cluster, distance)
		if !moved {
			break
		}
		sums, counts := make([]float64, k*dim), make([]int, k)
		for i, c := range cluster {
			counts[c]++
			for j, v := range x[i*dim : (i+1)*dim] {
				sums[c*dim+j] += float64(v)
			}
		}
		for c, count := range counts {
			if count == 0 {
				furthest := 0
				for i, d := range distance {
					if d > distance[furthest] {
						furthest = i
					}
				}
				distance[furthest] = 0
				copy(centers[c*dim:(c+1)*dim], x[furthest*dim:(furthest+1)*dim])
				continue
			}
			for j, sum := range sums[c*dim : (c+1)*dim] {
				centers[c*dim+j] = float32(sum / float64(count))
			}
		}
	}
	return cluster, centers
}

// assign finds the nearest centre of every row, the first of equal ones, and
// its squared distance; it tells whether any is another than before.
func assign(x []float32, n, dim int, centers []float32, cluster []int, distance []float64) bool {
	k := len(centers) / dim
	half := make([]float32, k) // ‖c‖²/2: the rows' own lengths make no difference
	for c := range half {
		half[c] = float32(square(centers[c*dim:(c+1)*dim]) / 2)
	}
	best, value := make([]int, n), make([]float32, n)
	products(x, centers, dim, func(i, start int, row []float32) {
		for j, product := range row {
			if v := product - half[start+j]; start+j == 0 || v > value[i] {
				best[i], value[i] = start+j, v
			}
		}
	})
	moved := false
	for i, c := range best {
		moved = moved || cluster[i] != c
		cluster[i] = c
	}
	parallel(n, func(i int) {
		c := cluster[i]
		distance[i] = squaredDistance(x[i*dim:(i+1)*dim], centers[c*dim:(c+1)*dim])
	})
	return moved
}

// spread draws k rows as centres: the first at random; for each next one a few
// candidates, each with a chance that grows with the square of its distance to
// the centres before, of which the one that brings all rows nearest is taken.
// With a single candidate, small clusters are often passed over.
func spread(x []float32, n, dim, k int, random *rand.Rand) []float32 {
	centers := make([]float32, 0, k*dim)
	nearest := make([]float64, n)
	for i := range nearest {
		nearest[i] = math.Inf(1)
	}
	// with is what nearest becomes with one more centre, and its sum.
	with := func(center int) ([]float64, float64) {
		row, out := x[center*dim:(center+1)*dim], make([]float64, n)
		parallel(n, func(i int) { out[i] = min(nearest[i], squaredDistance(row, x[i*dim:(i+1)*dim])) })
		var sum float64
		for _, d := range out {
			sum += d
		}
		return out, sum
	}
	candidates := 2 + int(math.Log(float64(k)))
	var total float64
	for c := range k {
		best, bestTotal := []float64(nil), math.Inf(1)
		chosen := 0
		for range candidates {
			candidate := random.IntN(n)
			if c > 0 && total > 0 {
				candidate = proportional(nearest, random.Float64()*total)
			}
			if distances, sum := with(candidate); best == nil || sum < bestTotal {
				chosen, best, bestTotal = candidate, distances, sum
			}
			if c == 0 {
				break
			}
		}
		centers = append(centers, x[chosen*dim:(chosen+1)*dim]...)
		nearest, total = best, bestTotal
	}
	return centers
}

// proportional is the index at which the running sum of weights passes at, in
// [0, their sum).
func proportional(weights []float64, at float64) int {
	last := 0
	for i, w := range weights {
		if w > 0 {
			last = i
			if at -= w; at < 0 {
				break
			}
		}
	}
	return last
}
