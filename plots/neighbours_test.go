package plots

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The neighbours are those of a float64 comparison of all pairs, also where float32 cannot tell them
// apart.
func TestNearestNeighboursAreExact(t *testing.T) {
	const n, dim = 3*tile + 7, 24
	random := rand.New(rand.NewPCG(2, 1))
	drawn := func(value func(i, j int) float64) []float32 {
		x := make([]float32, n*dim)
		for at := range x {
			x[at] = float32(value(at/dim, at%dim))
		}
		return x
	}
	normal := func(int, int) float64 { return random.NormFloat64() }
	for name, x := range map[string][]float32{
		"normal":            drawn(normal),
		"tiny":              drawn(func(i, j int) float64 { return 1e-36 * normal(i, j) }),
		"huge":              drawn(func(i, j int) float64 { return 1e36 * normal(i, j) }),
		"far from zero":     drawn(func(i, j int) float64 { return 1e3 + normal(i, j) }),
		"tight, far apart":  drawn(func(i, j int) float64 { return 1e3*float64(i%3) + 1e-3*normal(i, j) }),
		"one far away":      drawn(func(i, j int) float64 { return normal(i, j) + 1e6*float64(i/(n-1)) }),
		"each several":      drawn(func(i, j int) float64 { return math.Sin(float64(i%20 + 7*j)) }),
		"all but one equal": drawn(func(i, j int) float64 { return float64(i / (n - 1)) }),
	} {
		for _, k := range []int{1, 20, n - 1} {
			t.Run(fmt.Sprintf("%s/%d", name, k), func(t *testing.T) {
				index, squared := nearestNeighbours(x, n, dim, k)
				for i := range n {
					var want []candidate
					for j := range n {
						if j != i {
							want = append(want, candidate{int32(j), squaredDistance(x, dim, i, j)})
						}
					}
					slices.SortStableFunc(want, func(a, b candidate) int { return cmp.Compare(a.squared, b.squared) })
					for j, w := range want[:k] {
						if got := (candidate{index[i*k+j], squared[i*k+j]}); got != w {
							t.Fatalf("neighbour %d of vector %d is %v, want %v", j, i, got, w)
						}
					}
				}
			})
		}
	}
}

func BenchmarkNearestNeighbours(b *testing.B) {
	const n, dim = 4000, 512
	x, _ := clusters(n, dim, 10, .5, 1)
	b.ReportAllocs()
	for b.Loop() {
		nearestNeighbours(x, n, dim, 90)
	}
}
