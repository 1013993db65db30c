package plots

import (
	"cmp"
	"iter"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/viterin/vek/vek32"
)

// tile is how many vectors are compared with how many at a time: at 512 dimensions, 256 KB that stay
// in a core's cache.
const tile = 64

// nearestNeighbours returns the k nearest of each of n vectors, itself left out, [n, k], and their
// squared Euclidean distances, nearest first; equal distances go by index.
//
// All pairs are compared, since trees prune next to nothing at the dimensions of an encoder's
// features: in float32, by ‖a‖² + ‖b‖² − 2ab, with a bound on the rounding. Whoever may be among the
// k by that is compared again in float64, so that the result is exact.
func nearestNeighbours(x []float32, n, dim, k int) (index []int32, squared []float64) {
	small := centredWithin1(x, n, dim)
	length := make([]float32, n) // squared
	for i := range length {
		row := small[i*dim : (i+1)*dim]
		length[i] = vek32.Dot(row, row)
	}
	// A sum of dim products in float32 is off by at most dim·2⁻²⁴·‖a‖·‖b‖ in whatever order it is
	// taken (Higham 2002, section 3.1); the rest is for the rounding of the vectors and of the other
	// terms. A distance is above (1−slack)(‖a‖²+‖b‖²) − 2ab and below (1+slack)(‖a‖²+‖b‖²) − 2ab, but
	// for what is too small for float32.
	const underflow = 1e-30
	slack := float32(dim+16) * 0x1p-23

	index, squared = make([]int32, n*k), make([]float64, n*k)
	parallel(n, tile, func(blocks iter.Seq2[int, int]) {
		products := make([]float32, tile*n)
		highest := make([]float32, 0, k) // the lowest of the upper bounds, rising
		var candidates []candidate
		for from, to := range blocks {
			for start := 0; start < n; start += tile {
				for i := from; i < to; i++ {
					a, row := small[i*dim:(i+1)*dim], products[(i-from)*n:]
					for j := start; j < min(start+tile, n); j++ {
						row[j] = vek32.Dot(a, small[j*dim:(j+1)*dim])
					}
				}
			}
			for i := from; i < to; i++ {
				row := products[(i-from)*n : (i-from+1)*n]
				highest = highest[:0]
				for j, product := range row {
					upper := (1+slack)*(length[i]+length[j]) - 2*product
					if j != i && (len(highest) < k || upper < highest[k-1]) {
						highest = keepLowest(highest, upper, k)
					}
				}
				limit := highest[k-1] + underflow
				candidates = candidates[:0]
				for j, product := range row {
					if j != i && (1-slack)*(length[i]+length[j])-2*product <= limit {
						candidates = append(candidates, candidate{int32(j), squaredDistance(x, dim, i, j)})
					}
				}
				slices.SortFunc(candidates, func(a, b candidate) int {
					return cmp.Or(cmp.Compare(a.squared, b.squared), int(a.index-b.index))
				})
				for j, c := range candidates[:k] {
					index[i*k+j], squared[i*k+j] = c.index, c.squared
				}
			}
		}
	})
	return index, squared
}

type candidate struct {
	index   int32
	squared float64
}

// keepLowest puts a value in its place among the at most k lowest, which rise.
func keepLowest(lowest []float32, value float32, k int) []float32 {
	at, _ := slices.BinarySearch(lowest, value)
	if len(lowest) == k {
		lowest = lowest[:k-1]
	}
	return slices.Insert(lowest, at, value)
}

func squaredDistance(x []float32, dim, i, j int) float64 {
	a, b := x[i*dim:(i+1)*dim], x[j*dim:(j+1)*dim]
	var sum float64
	for d, v := range a {
		diff := float64(v) - float64(b[d])
		sum += diff * diff
	}
	return sum
}

// centredWithin1 returns the vectors less their mean, all scaled alike so that none is longer than 1:
// neighbours stay the same, and float32 is at its finest.
func centredWithin1(x []float32, n, dim int) []float32 {
	centred := centre(x, n, dim).RawMatrix().Data
	var longest float64
	for i := range n {
		var squares float64
		for _, v := range centred[i*dim : (i+1)*dim] {
			squares += v * v
		}
		longest = max(longest, squares)
	}
	scale := 1.0
	if longest > 0 {
		scale = 1 / math.Sqrt(longest)
	}
	small := make([]float32, len(x))
	for i, v := range centred {
		small[i] = float32(v * scale)
	}
	return small
}

// parallel runs worker once on each core. The workers share the blocks of [0, n): whoever is free
// takes the next, so that a core that is slower, or has the longer blocks, holds up no other.
func parallel(n, block int, worker func(blocks iter.Seq2[int, int])) {
	var taken atomic.Int64
	blocks := func(yield func(from, to int) bool) {
		for {
			to := int(taken.Add(int64(block)))
			if from := to - block; from >= n || !yield(from, min(to, n)) {
				return
			}
		}
	}
	var wait sync.WaitGroup
	for range min((n+block-1)/block, runtime.GOMAXPROCS(0)) {
		wait.Go(func() { worker(blocks) })
	}
	wait.Wait()
}
