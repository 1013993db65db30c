package eval

import "math"

// standardizer shifts and scales each dimension of the features to mean 0 and
// variance about 1 on the labelled images.
type standardizer struct {
	mean, scale []float64 // [dim]
}

// newStandardizer takes mean and variance from f. To the N squared deviations of
// each dimension it adds one pseudo-observation: the mean variance of all
// dimensions. With thousands of images that changes nothing. With ten it keeps a
// dimension that happens to be nearly constant on those ten (common after ReLU)
// from being blown up until it outvotes all others on the test images.
func newStandardizer(f Features) standardizer {
	n := float64(f.N)
	mean, variance := make([]float64, f.Dim), make([]float64, f.Dim)
	for i := range f.N {
		for j, v := range f.Row(i) {
			mean[j] += float64(v) / n
		}
	}
	var meanVariance float64
	for i := range f.N {
		for j, v := range f.Row(i) {
			d := float64(v) - mean[j]
			variance[j] += d * d / n
			meanVariance += d * d / (n * float64(f.Dim))
		}
	}
	scale := make([]float64, f.Dim)
	for j, v := range variance {
		scale[j] = math.Sqrt((n*v + meanVariance) / (n + 1))
		if scale[j] == 0 { // all features are constant
			scale[j] = 1
		}
	}
	return standardizer{mean: mean, scale: scale}
}

// apply is the standardised copy of f.X, [n, dim].
func (s standardizer) apply(f Features) []float64 {
	out := make([]float64, f.N*f.Dim)
	parallel(f.N, func(i int) {
		for j, v := range f.Row(i) {
			out[i*f.Dim+j] = (float64(v) - s.mean[j]) / s.scale[j]
		}
	})
	return out
}
