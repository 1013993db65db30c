package eval

import (
	"math"
	"testing"
)

// Fewer images than dimensions, two of them the same: the fit on coordinates is the one on the
// features themselves.
func TestSpanFitsAsTheFeaturesThemselves(t *testing.T) {
	const n, dim, classes, l2, tolerance = 15, 40, 3, .01, 1e-8
	f := gaussians("wide", n, dim, classes, 1, 1)
	copy(f.Row(3), f.Row(0))
	standard := newStandardizer(f)
	whole, err := newLogistic(standard.apply(f), f.Labels, dim, classes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(whole.close)
	minimum, err := whole.minimize(make([]float64, (dim+1)*classes), l2, tolerance, 1000)
	if err != nil {
		t.Fatal(err)
	}
	want := newLinearModel(f, standard, minimum, Fit{}, "")
	got, err := Linear{L2: []float64{l2}, Tolerance: tolerance, MaxIterations: 1000}.Fit(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want.Weights {
		if math.Abs(got.Weights[i]-w) > 1e-5 {
			t.Fatalf("weight %d is %g, on all dimensions %g", i, got.Weights[i], w)
		}
	}
	if math.Abs(got.Fit.Loss-minimum.loss) > 1e-12 {
		t.Errorf("loss is %g, on all dimensions %g", got.Fit.Loss, minimum.loss)
	}
}

func TestSpan(t *testing.T) {
	const n, dim = 5, 12
	f := gaussians("wide", n, dim, 2, 1, 1)
	x := newStandardizer(f).apply(f)
	s := newSpan(x, n, dim)
	for i := range n {
		for j := range dim {
			var sum float64
			for k := range n {
				sum += s.coordinates[i*n+k] * s.basis.Data[k*dim+j]
			}
			if math.Abs(sum-x[i*dim+j]) > 1e-12 {
				t.Fatalf("coordinates · basis is %g at image %d, dimension %d, want %g", sum, i, j, x[i*dim+j])
			}
		}
		for k := range n {
			var dot float64
			for j := range dim {
				dot += s.basis.Data[i*dim+j] * s.basis.Data[k*dim+j]
			}
			want := 0.
			if i == k {
				want = 1
			}
			if math.Abs(dot-want) > 1e-12 {
				t.Errorf("rows %d and %d of the basis: product %g, want %g", i, k, dot, want)
			}
		}
	}
}
