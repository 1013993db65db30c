package curate

import (
	"math"
	"slices"
	"testing"
)

// TestKMeans: three heaps of points have their means as centres, in any order, and each point is
// nearest to that of its heap.
func TestKMeans(t *testing.T) {
	t.Parallel()
	var x []float32
	for i := range 30 {
		x = append(x, float32(i%3*10)+float32(i/3%2)-.5, float32(i/3%5)-2)
	}
	centres, err := KMeans(x, 30, 2, 3, 20, 1)
	if err != nil {
		t.Fatal(err)
	}
	nearest, err := NearestCentre(x, 30, 2, centres)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range nearest {
		if k != nearest[i%3] {
			t.Errorf("row %d is of cluster %d, and row %d of its heap of %d", i, k, i%3, nearest[i%3])
		}
		if x, y := centres[2*k], centres[2*k+1]; math.Abs(float64(x)-float64(i%3*10)) > 1e-5 || math.Abs(float64(y)) > 1e-5 {
			t.Errorf("the centre of heap %d is %g, %g", i%3, x, y)
		}
	}
	if again, err := KMeans(x, 30, 2, 3, 20, 1); err != nil || !slices.Equal(again, centres) {
		t.Errorf("the same again: %v, %v", again, err)
	}
	for name, bad := range map[string]func() error{
		"k":          func() error { _, err := KMeans(x, 30, 2, 31, 20, 1); return err },
		"iterations": func() error { _, err := KMeans(x, 30, 2, 3, 0, 1); return err },
		"length":     func() error { _, err := KMeans(x, 29, 2, 3, 20, 1); return err },
		"centres":    func() error { _, err := NearestCentre(x, 30, 2, centres[:3]); return err },
	} {
		if bad() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
