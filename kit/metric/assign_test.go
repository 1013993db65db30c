package metric

import (
	"math"
	"slices"
	"testing"
)

func TestAssignAgainstSciPy(t *testing.T) {
	t.Parallel()
	for _, c := range readDense(t).Assignment {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, err := Assign(slices.Concat(c.Cost...), len(c.Cost), len(c.Cost[0]))
			if err != nil {
				t.Fatal(err)
			}
			want := make([]int, len(c.Cost))
			for i := range want {
				want[i] = -1
			}
			for i, row := range c.Rows {
				want[row] = c.Columns[i]
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestAssignRefuses(t *testing.T) {
	t.Parallel()
	for name, cost := range map[string][]float64{"length": {1, 2, 3}, "NaN": {1, 2, math.NaN(), 3}, "infinite": {1, 2, 3, math.Inf(1)}} {
		if got, err := Assign(cost, 2, 2); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
