package curate

import (
	"fmt"
	"math"

	"github.com/viterin/vek/vek32"
)

// checkMatrix says what is wrong with x, the argument called name, as an
// [n, dim] matrix of finite values.
func checkMatrix(what, name string, x []float32, n, dim int) error {
	if n < 1 || dim < 1 {
		return fmt.Errorf("curate.%s: %s is [%d, %d]; it must have at least 1 row and 1 column", what, name, n, dim)
	}
	if len(x) != n*dim {
		return fmt.Errorf("curate.%s: %s holds %d values; it must hold n*dim = %d*%d", what, name, len(x), n, dim)
	}
	for i, v := range x {
		// v-v is 0 for every finite v, and NaN for NaN and the infinities.
		if v-v != 0 {
			return fmt.Errorf("curate.%s: %s row %d column %d is %g; it must be finite", what, name, i/dim, i%dim, v)
		}
	}
	return nil
}

// checkLabels says what is wrong with labels of n images.
func checkLabels(what string, labels []int, n, classes int) error {
	if classes < 2 {
		return fmt.Errorf("curate.%s: classes is %d; it must be at least 2", what, classes)
	}
	if len(labels) != n {
		return fmt.Errorf("curate.%s: labels holds %d values; it must hold n = %d", what, len(labels), n)
	}
	for i, label := range labels {
		if label < -1 || label >= classes {
			return fmt.Errorf("curate.%s: labels[%d] is %d; it must be -1 (unlabelled) or from 0 to %d", what, i, label, classes-1)
		}
	}
	return nil
}

// Unit is x, [n, dim], with every row of Euclidean length 1, so that the distances of [KCenter] and
// [Balanced] are those of directions, as k-NN by cosine has them. Rows of zeros stay. x itself is
// left as it is. Errors: another number of values than n·dim, or one that is not finite.
func Unit(x []float32, n, dim int) ([]float32, error) {
	if err := checkMatrix("Unit", "x", x, n, dim); err != nil {
		return nil, err
	}
	return unit(x, n, dim), nil
}

// unit is x with every row of length 1; rows of zeros stay.
func unit(x []float32, n, dim int) []float32 {
	out := make([]float32, len(x))
	parallel(n, func(i int) {
		row := x[i*dim : (i+1)*dim]
		if squared := square(row); squared > 0 {
			scale := 1 / math.Sqrt(squared)
			for j, v := range row {
				out[i*dim+j] = float32(float64(v) * scale)
			}
		}
	})
	return out
}

func square(row []float32) float64 {
	var sum float64
	for _, v := range row {
		sum += float64(v) * float64(v)
	}
	return sum
}

// productTile is how many rows are multiplied with how many at a time: at 512
// columns, 256 KB that stay in a core's cache.
const productTile = 64

// products calls do, on all cores, with the products of every row i of a with
// the rows start to start+len(row) of b, for one block of b after the other. row
// is do's own for its duration only.
func products(a, b []float32, dim int, do func(i, start int, row []float32)) {
	n, m := len(a)/dim, len(b)/dim
	parallel((n+productTile-1)/productTile, func(tile int) {
		row := make([]float32, min(productTile, m))
		first, end := tile*productTile, min((tile+1)*productTile, n)
		for start := 0; start < m; start += productTile {
			row := row[:min(productTile, m-start)]
			for i := first; i < end; i++ {
				for j := range row {
					row[j] = vek32.Dot(a[i*dim:(i+1)*dim], b[(start+j)*dim:(start+j+1)*dim])
				}
				do(i, start, row)
			}
		}
	})
}
