package curate

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestUnit(t *testing.T) {
	x := []float32{3, 4, 0, 0, 0, -2}
	before := slices.Clone(x)
	got, err := Unit(x, 3, 2)
	if want := []float32{.6, .8, 0, 0, 0, -1}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Unit(%v) is %v, %v, want %v", x, got, err, want)
	}
	if !slices.Equal(x, before) {
		t.Errorf("Unit changed its input to %v, want %v", x, before)
	}
	if _, err := Unit(x, 2, 2); err == nil || !strings.Contains(err.Error(), "x holds 6 values") {
		t.Errorf("6 values as [2, 2]: error is %v", err)
	}
	x[4] = float32(math.NaN())
	if _, err := Unit(x, 3, 2); err == nil || !strings.Contains(err.Error(), "row 2 column 0") {
		t.Errorf("a value that is no number: error is %v", err)
	}
}

// Every product comes once, rows of b in rising order, to the rounding of float32.
func TestProductsAgainstPlainSums(t *testing.T) {
	const n, m, dim = productTile + 3, 2*productTile + 1, 11
	random := rand.New(rand.NewPCG(1, 2))
	a, b := make([]float32, n*dim), make([]float32, m*dim)
	for _, x := range [][]float32{a, b} {
		for i := range x {
			x[i] = float32(random.NormFloat64())
		}
	}
	got := make([][]float32, n) // Each row is one worker's.
	products(a, b, dim, func(i, start int, row []float32) {
		if start != len(got[i]) {
			t.Errorf("row %d goes on at %d, want %d", i, start, len(got[i]))
		}
		got[i] = append(got[i], row...)
	})
	for i := range n {
		if len(got[i]) != m {
			t.Fatalf("row %d has %d products, want %d", i, len(got[i]), m)
		}
		for j, v := range got[i] {
			var want float64
			for d := range dim {
				want += float64(a[i*dim+d]) * float64(b[j*dim+d])
			}
			if math.Abs(float64(v)-want) > 1e-5 {
				t.Errorf("product %d, %d is %g, want %g", i, j, v, want)
			}
		}
	}
}

func BenchmarkNeighborVotes(b *testing.B) {
	const n, dim, classes = 4000, 512, 10
	random := rand.New(rand.NewPCG(1, 2))
	x, labels := make([]float32, n*dim), make([]int, n)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	for i := range labels {
		labels[i] = i % classes
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (NeighborVotes{}).Suspects(x, n, dim, labels, classes); err != nil {
			b.Fatal(err)
		}
	}
}
