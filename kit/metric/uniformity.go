package metric

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// Alignment is the mean squared distance between positive pairs on the unit
// sphere, mean ‖x_i - y_i‖², where x_i and y_i are the embeddings of two views
// of image i, made unit length here. It lies in [0, 4]: 0 when the views of an
// image coincide, 2 when they are orthogonal. Lower is better, but a collapsed
// encoder reaches 0: read it with [Uniformity]. x and y are [n, dim].
//
// T. Wang and P. Isola, "Understanding contrastive representation learning
// through alignment and uniformity on the hypersphere", ICML 2020, with α = 2
// (arXiv:2005.10242).
func Alignment(x, y []float32, n, dim int) (float64, error) {
	if err := checkMatrix("Alignment", "x", x, n, dim, 1); err != nil {
		return 0, err
	}
	if err := checkMatrix("Alignment", "y", y, n, dim, 1); err != nil {
		return 0, err
	}
	unitX, unitY := normalised(x, dim), normalised(y, dim)
	var sum float64
	for i, v := range unitX {
		d := v - unitY[i]
		sum += d * d
	}
	return sum / float64(n), nil
}

// uniformityBlock bounds the memory of the pairwise products: a block is
// 512 × 512 products, 2 MiB.
const uniformityBlock = 512

// Uniformity is the logarithm of the mean Gaussian potential over all distinct
// pairs of the [n, dim] embeddings x, made unit length here:
// log mean_{i<j} exp(-2‖x_i - x_j‖²). It lies in [-8, 0]: 0 when all embeddings
// coincide (collapsed), near -4 for many dimensions evenly used; only two
// opposite points reach -8. Lower is better. n must be at least 2; the cost is
// n²·dim, so a few thousand rows are usual.
//
// T. Wang and P. Isola, ICML 2020, with t = 2 (arXiv:2005.10242).
func Uniformity(x []float32, n, dim int) (float64, error) {
	if err := checkMatrix("Uniformity", "x", x, n, dim, 2); err != nil {
		return 0, err
	}
	unit := normalised(x, dim)
	for i := range n {
		if row := unit[i*dim : (i+1)*dim]; !anyNonZero(row) {
			return 0, fmt.Errorf("metric.Uniformity: x row %d is zero and has no direction", i)
		}
	}
	rows := func(start, end int) blas64.General {
		return blas64.General{Rows: end - start, Cols: dim, Stride: dim, Data: unit[start*dim : end*dim]}
	}
	products := make([]float64, uniformityBlock*uniformityBlock)
	var sum float64
	for i := 0; i < n; i += uniformityBlock {
		iEnd := min(i+uniformityBlock, n)
		for j := i; j < n; j += uniformityBlock {
			jEnd := min(j+uniformityBlock, n)
			width := jEnd - j
			block := blas64.General{Rows: iEnd - i, Cols: width, Stride: width, Data: products[:(iEnd-i)*width]}
			blas64.Gemm(blas.NoTrans, blas.Trans, 1, rows(i, iEnd), rows(j, jEnd), 0, block)
			for a := i; a < iEnd; a++ {
				for b := max(j, a+1); b < jEnd; b++ {
					// ‖x-y‖² = 2 - 2xᵀy on the unit sphere.
					sum += math.Exp(-4 + 4*block.Data[(a-i)*width+b-j])
				}
			}
		}
	}
	pairs := float64(n) * float64(n-1) / 2
	return math.Log(sum / pairs), nil
}

func anyNonZero(row []float64) bool {
	for _, v := range row {
		if v != 0 {
			return true
		}
	}
	return false
}
