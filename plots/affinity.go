package plots

import (
	"iter"
	"math"
	"slices"
)

// affinities is a symmetric matrix of how closely each point is tied to its nearest neighbours, in
// compressed rows. That of t-SNE is P, p_ij = (p_j|i + p_i|j) / 2n over each point's 3·perplexity nearest
// neighbours (van der Maaten 2014, eq. 5 to 7), and sums to 1; for that of UMAP see newFuzzyGraph.
type affinities struct {
	start   []int // row i is at [start[i], start[i+1])
	element []element
}

type element struct {
	column int32
	p      float64
}

// newAffinities calibrates each vector's affinities to its nearest neighbours.
func newAffinities(x []float32, n, dim int, perplexity float64) *affinities {
	k := min(n-1, int(3*perplexity))
	neighbour, conditional := nearestNeighbours(x, n, dim, k)
	parallel(n, tile, func(blocks iter.Seq2[int, int]) {
		squared := make([]float64, k)
		for from, to := range blocks {
			for i := from; i < to; i++ {
				row := conditional[i*k : (i+1)*k]
				copy(squared, row)
				calibrate(row, squared, perplexity)
			}
		}
	})
	part := float64(2 * n)
	return symmetric(neighbour, conditional, n, k, func(p, q float64) float64 { return p/part + q/part })
}

// calibrate sets row to p_j|i ∝ exp(−β d_j) of squared distances d_j, nearest first, with the β at
// which their perplexity 2^H is the one asked for, found by bisection. Where no β reaches it, since
// more neighbours than that are equally near, the result is the closest: those neighbours,
// uniformly.
func calibrate(row, squared []float64, perplexity float64) {
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

// symmetric joins the affinities of each point to its k neighbours, [n, k], with their transpose, row by
// row. That to a point that is no neighbour is 0, and join(p, q) must equal join(q, p).
func symmetric(neighbour []int32, conditional []float64, n, k int, join func(p, q float64) float64) *affinities {
	// The transpose's row j holds who has j as a neighbour, in rising order.
	begin := make([]int, n+1)
	for _, j := range neighbour {
		begin[j+1]++
	}
	for j := range n {
		begin[j+1] += begin[j]
	}
	transposed := make([]element, n*k)
	next := slices.Clone(begin[:n])
	for e, j := range neighbour {
		transposed[next[j]] = element{int32(e / k), conditional[e]}
		next[j]++
	}
	a := &affinities{start: make([]int, 1, n+1), element: make([]element, 0, 2*n*k)}
	row := make([]element, 0, k)
	for i := range n {
		row = row[:0]
		for e := i * k; e < (i+1)*k; e++ {
			row = append(row, element{neighbour[e], conditional[e]})
		}
		slices.SortFunc(row, func(a, b element) int { return int(a.column - b.column) })
		for _, t := range transposed[begin[i]:begin[i+1]] {
			for len(row) > 0 && row[0].column < t.column {
				a.element, row = append(a.element, element{row[0].column, join(row[0].p, 0)}), row[1:]
			}
			own := 0.
			if len(row) > 0 && row[0].column == t.column {
				own, row = row[0].p, row[1:]
			}
			a.element = append(a.element, element{t.column, join(t.p, own)})
		}
		for _, e := range row {
			a.element = append(a.element, element{e.column, join(e.p, 0)})
		}
		a.start = append(a.start, len(a.element))
	}
	return a
}

// forces are what moves points of the plane, and what is kept between steps to find it.
type forces struct {
	p                     *affinities
	tree                  quadtree
	attraction, repulsion [][2]float64
	partial               []float64 // of the normalisation Z, by point
}

func newForces(p *affinities) *forces {
	n := len(p.start) - 1
	return &forces{
		p: p, attraction: make([][2]float64, n), repulsion: make([][2]float64, n), partial: make([]float64, n),
	}
}

// at sets force to a quarter of the gradient of KL(P‖Q) at y: attraction along P, times the
// exaggeration, less the repulsion of all pairs through the tree (van der Maaten 2014, eq. 8). With
// q_ij ∝ 1/(1+‖y_i−y_j‖²) = w_ij/Z,
//
//	¼ ∂KL/∂y_i = Σ_j p_ij w_ij (y_i−y_j) − 1/Z Σ_j w_ij² (y_i−y_j).
func (f *forces) at(y [][2]float64, theta, exaggeration float64, force [][2]float64) {
	f.tree.build(y, theta)
	parallel(len(y), tile, func(blocks iter.Seq2[int, int]) {
		for from, to := range blocks {
			for _, point := range f.tree.points[from:to] { // Who is near walks the same cells.
				f.repulsion[point.index], f.partial[point.index] = f.tree.repulsion(point.at)
			}
			for i := from; i < to; i++ {
				f.attraction[i] = f.p.attraction(y, i)
			}
		}
	})
	// Summed in order of the points, so that the result does not depend on how many cores there
	// are.
	var z float64
	for _, sum := range f.partial {
		z += sum
	}
	for i := range force {
		for axis := range 2 {
			force[i][axis] = exaggeration*f.attraction[i][axis] - f.repulsion[i][axis]/z
		}
	}
}

// attraction returns Σ_j p_ij w_ij (y_i−y_j).
func (a *affinities) attraction(y [][2]float64, i int) (sum [2]float64) {
	at := y[i]
	for _, e := range a.element[a.start[i]:a.start[i+1]] {
		other := y[e.column]
		dx, dy := at[0]-other[0], at[1]-other[1]
		pull := e.p / (1 + dx*dx + dy*dy)
		sum[0] += pull * dx
		sum[1] += pull * dy
	}
	return sum
}
