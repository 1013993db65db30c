package curate

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
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

// Products are computed a block of rows against a block of rows at a time: 4 MB
// of them, however many rows there are.
const productBlock = 1024

// products calls do, on all cores, with the products of every row i of a with
// the rows start to start+len(row) of b, for one block of b after the other.
func products(a, b []float32, dim int, do func(i, start int, row []float32)) {
	n, m := len(a)/dim, len(b)/dim
	block := make([]float32, productBlock*productBlock)
	for q := 0; q < n; q += productBlock {
		rows := min(productBlock, n-q)
		query := blas32.General{Rows: rows, Cols: dim, Stride: dim, Data: a[q*dim : (q+rows)*dim]}
		for start := 0; start < m; start += productBlock {
			columns := min(productBlock, m-start)
			bank := blas32.General{Rows: columns, Cols: dim, Stride: dim, Data: b[start*dim : (start+columns)*dim]}
			out := blas32.General{Rows: rows, Cols: columns, Stride: columns, Data: block[:rows*columns]}
			blas32.Gemm(blas.NoTrans, blas.Trans, 1, query, bank, 0, out)
			parallel(rows, func(i int) { do(q+i, start, out.Data[i*columns:(i+1)*columns]) })
		}
	}
}
