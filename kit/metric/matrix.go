package metric

import (
	"fmt"
	"math"
)

// Float is what scores and probabilities may be: float32 as they come off the
// device, or float64 from a probe on the host. Sums are float64 either way.
type Float interface{ float32 | float64 }

// checkMatrix says what is wrong with x as an [n, dim] matrix of finite values
// of at least minRows rows.
func checkMatrix[F Float](name, field string, x []F, n, dim, minRows int) error {
	if n < minRows || dim < 1 {
		return fmt.Errorf("metric.%s: %s is [%d, %d]; it must have at least %d rows and 1 column", name, field, n, dim, minRows)
	}
	if len(x) != n*dim {
		return fmt.Errorf("metric.%s: %s holds %d values; it must hold n*dim = %d*%d", name, field, len(x), n, dim)
	}
	for i, v := range x {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("metric.%s: %s row %d column %d is %g; it must be finite", name, field, i/dim, i%dim, v)
		}
	}
	return nil
}

// normalised is x with every row divided by its Euclidean length. A row of
// zeros has no direction and stays zero.
func normalised(x []float32, dim int) []float64 {
	out := make([]float64, len(x))
	for start := 0; start < len(x); start += dim {
		row := x[start : start+dim]
		var sum float64
		for _, v := range row {
			sum += float64(v) * float64(v)
		}
		if sum == 0 {
			continue
		}
		scale := 1 / math.Sqrt(sum)
		for j, v := range row {
			out[start+j] = float64(v) * scale
		}
	}
	return out
}
