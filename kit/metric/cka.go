package metric

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// LinearCKA is how alike two representations of the same n images are, up to
// rotation and a common scale: ‖YᵀX‖² / (‖XᵀX‖·‖YᵀY‖) in Frobenius norms, of
// the columns centred here. x is [n, dimX], y is [n, dimY], row i of both the
// same image; n at least 2. It lies in [0, 1], 1 when y is x rotated, scaled
// and shifted, and is symmetric. With n not much larger than the dimensions,
// unrelated representations read well above 0: compare at equal n. A
// representation that is constant over the images makes an error that wraps
// [ErrUndefined].
//
// S. Kornblith et al., "Similarity of neural network representations
// revisited", ICML 2019, section 3 (arXiv:1905.00414).
func LinearCKA(x, y []float32, n, dimX, dimY int) (float64, error) {
	if err := checkMatrix("LinearCKA", "x", x, n, dimX, 2); err != nil {
		return 0, err
	}
	if err := checkMatrix("LinearCKA", "y", y, n, dimY, 2); err != nil {
		return 0, err
	}
	a, b := centred(x, n, dimX), centred(y, n, dimY)
	var cross, selfA, selfB float64
	if features, images := dimX*dimX+dimX*dimY+dimY*dimY, n*(dimX+dimY); features <= images {
		squared := func(left, right blas64.General) float64 {
			p := product(blas.Trans, left, blas.NoTrans, right, left.Cols, right.Cols)
			return dot(p, p)
		}
		cross, selfA, selfB = squared(b, a), squared(a, a), squared(b, b)
	} else {
		// ‖YᵀX‖² is the inner product of the two [n, n] Gram matrices, which is
		// cheaper for few images of many dimensions.
		k := product(blas.NoTrans, a, blas.Trans, a, n, n)
		l := product(blas.NoTrans, b, blas.Trans, b, n, n)
		cross, selfA, selfB = dot(k, l), dot(k, k), dot(l, l)
	}
	if selfA == 0 {
		return 0, fmt.Errorf("metric.LinearCKA: x is the same for all images: %w", ErrUndefined)
	}
	if selfB == 0 {
		return 0, fmt.Errorf("metric.LinearCKA: y is the same for all images: %w", ErrUndefined)
	}
	return cross / (math.Sqrt(selfA) * math.Sqrt(selfB)), nil
}

// centred is the [n, dim] x with each column's mean subtracted. The first row
// goes first: a constant column is then exactly zero, and a large common offset
// costs no digits.
func centred(x []float32, n, dim int) blas64.General {
	data, mean := make([]float64, len(x)), make([]float64, dim)
	for i, v := range x {
		data[i] = float64(v) - float64(x[i%dim])
		mean[i%dim] += data[i] / float64(n)
	}
	for i := range data {
		data[i] -= mean[i%dim]
	}
	return blas64.General{Rows: n, Cols: dim, Stride: dim, Data: data}
}

func product(tA blas.Transpose, a blas64.General, tB blas.Transpose, b blas64.General, rows, cols int) []float64 {
	out := blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: make([]float64, rows*cols)}
	blas64.Gemm(tA, tB, 1, a, b, 0, out)
	return out.Data
}

func dot(a, b []float64) float64 {
	return blas64.Dot(blas64.Vector{N: len(a), Inc: 1, Data: a}, blas64.Vector{N: len(b), Inc: 1, Data: b})
}
