package plots

import (
	"math"
	"runtime"
	"slices"
	"sync"
)

// affinities is the symmetric matrix P of t-SNE in compressed rows: p_ij = (p_j|i + p_i|j) / 2n
// over each point's 3·perplexity nearest neighbours (van der Maaten 2014, eq. 5 to 7). It sums to
// 1.
type affinities struct {
	start   []int // row i is at [start[i], start[i+1])
	column  []int32
	p       []float64
	partial []float64 // of the normalisation, by row; kept between iterations
}

// newAffinities finds the neighbours exactly, by comparing all pairs: at 2,000 vectors that is a
// thousandth of the descent, and a vantage-point tree prunes next to nothing at the dimensions of
// an encoder's features.
func newAffinities(x []float32, n, dim int, perplexity float64) *affinities {
	k := min(n-1, int(3*perplexity))
	neighbour := make([]int32, n*k)
	conditional := make([]float64, n*k)
	parallel(n, func(from, to int) {
		distance := make([]float64, n)
		order := make([]int32, n)
		for i := from; i < to; i++ {
			nearest := nearestNeighbours(x, dim, i, k, distance, order)
			row := conditional[i*k : (i+1)*k]
			for j, other := range nearest {
				neighbour[i*k+j] = other
				row[j] = distance[other]
			}
			calibrate(row, perplexity)
		}
	})
	return symmetric(neighbour, conditional, n, k)
}

// nearestNeighbours returns the k nearest of vector i, itself left out; equal distances go by
// index. It leaves the squared distances in distance.
func nearestNeighbours(x []float32, dim, i, k int, distance []float64, order []int32) []int32 {
	order = order[:0]
	a := x[i*dim : (i+1)*dim]
	for j := range distance {
		b := x[j*dim : (j+1)*dim]
		var sum float64
		for d, v := range a {
			diff := float64(v) - float64(b[d])
			sum += diff * diff
		}
		distance[j] = sum
		if j != i {
			order = append(order, int32(j))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch {
		case distance[a] < distance[b]:
			return -1
		case distance[a] > distance[b]:
			return 1
		}
		return int(a - b)
	})
	return order[:k]
}

// calibrate turns squared distances d_j, nearest first, into p_j|i ∝ exp(−β d_j), with the β at
// which their perplexity 2^H is the one asked for, found by bisection. Where no β reaches it, since
// more neighbours than that are equally near, the result is the closest: those neighbours,
// uniformly.
func calibrate(row []float64, perplexity float64) {
	squared := slices.Clone(row)
	nearest := squared[0] // exp(−β(d−nearest)) is the same distribution without underflow
	low, high, beta := 0.0, math.Inf(1), 1.0
	if spread := squared[len(squared)-1] - nearest; spread > 0 {
		beta = 1 / spread
	}
	goal := math.Log(perplexity)
	for range 200 {
		var sum, weighted float64
		for j, d := range squared {
			row[j] = math.Exp(-beta * (d - nearest))
			sum += row[j]
			weighted += row[j] * (d - nearest)
		}
		for j := range row {
			row[j] /= sum
		}
		entropy := math.Log(sum) + beta*weighted/sum
		switch {
		case math.Abs(entropy-goal) < 1e-10:
			return
		case entropy > goal:
			low = beta
		default:
			high = beta
		}
		if beta = (low + high) / 2; math.IsInf(beta, 1) {
			if beta = 2 * low; math.IsInf(beta, 1) {
				return
			}
		}
	}
}

// symmetric adds the conditional affinities to their transpose, row by row.
func symmetric(neighbour []int32, conditional []float64, n, k int) *affinities {
	type element struct {
		column int32
		p      float64
	}
	rows := make([][]element, n)
	for i := range n {
		for j := range k {
			other, half := neighbour[i*k+j], conditional[i*k+j]/float64(2*n)
			rows[i] = append(rows[i], element{other, half})
			rows[other] = append(rows[other], element{int32(i), half})
		}
	}
	a := &affinities{start: make([]int, 1, n+1), partial: make([]float64, n)}
	for _, row := range rows {
		slices.SortStableFunc(row, func(a, b element) int { return int(a.column - b.column) })
		for j, e := range row {
			if j > 0 && row[j-1].column == e.column {
				a.p[len(a.p)-1] += e.p
				continue
			}
			a.column, a.p = append(a.column, e.column), append(a.p, e.p)
		}
		a.start = append(a.start, len(a.p))
	}
	return a
}

// forces sets force to a quarter of the gradient of KL(P‖Q) at y: attraction along P, times the
// exaggeration, less the repulsion of all pairs through the tree (van der Maaten 2014, eq. 8). With
// q_ij ∝ 1/(1+‖y_i−y_j‖²) = w_ij/Z,
//
//	¼ ∂KL/∂y_i = Σ_j p_ij w_ij (y_i−y_j) − 1/Z Σ_j w_ij² (y_i−y_j).
func (a *affinities) forces(force, y [][2]float64, tree *quadtree, theta, exaggeration float64) {
	parallel(len(y), func(from, to int) {
		for i := from; i < to; i++ {
			force[i], a.partial[i] = tree.repulsion(y[i], theta)
		}
	})
	// Summed in order of the points, so that the result does not depend on how many cores there
	// are.
	var z float64
	for _, sum := range a.partial {
		z += sum
	}
	parallel(len(y), func(from, to int) {
		for i := from; i < to; i++ {
			var attraction [2]float64
			for e := a.start[i]; e < a.start[i+1]; e++ {
				other := y[a.column[e]]
				dx, dy := y[i][0]-other[0], y[i][1]-other[1]
				pull := a.p[e] / (1 + dx*dx + dy*dy)
				attraction[0] += pull * dx
				attraction[1] += pull * dy
			}
			for axis := range 2 {
				force[i][axis] = exaggeration*attraction[axis] - force[i][axis]/z
			}
		}
	})
}

// parallel runs f over [0, n) in one contiguous part a core.
func parallel(n int, f func(from, to int)) {
	parts := min(n, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for part := range parts {
		wait.Go(func() { f(part*n/parts, (part+1)*n/parts) })
	}
	wait.Wait()
}
