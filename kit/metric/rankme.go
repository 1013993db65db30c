package metric

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// rankMeEpsilon is the paper's guard against log 0.
const rankMeEpsilon = 1e-7

// RankMe is how many dimensions the [n, dim] embeddings x really use: the
// exponential of the entropy of their singular values, normalised to sum to 1.
// It lies between 1 (every row on one line: collapsed) and min(n, dim) (all
// directions used alike); a rank-one matrix reads a little above 1, since the
// paper's epsilon of 1e-7 is added to every share. It wants no labels; a higher
// value tends to go with a better linear probe when settings of one method are
// compared. The value grows with n until n is several times dim, so compare at
// equal n (the paper takes 25,600 rows). All-zero embeddings are an error.
//
// Q. Garrido et al., "RankMe: assessing the downstream performance of
// pretrained self-supervised representations by their rank", ICML 2023, eq. 1
// (arXiv:2210.02885).
func RankMe(x []float32, n, dim int) (float64, error) {
	if err := checkMatrix("RankMe", "x", x, n, dim, 1); err != nil {
		return 0, err
	}
	singular, err := singularValues(x, n, dim)
	if err != nil {
		return 0, err
	}
	var total float64
	for _, s := range singular {
		total += s
	}
	if total == 0 {
		return 0, errors.New("metric.RankMe: x is zero everywhere and has no rank")
	}
	var entropy float64
	for _, s := range singular {
		p := s/total + rankMeEpsilon
		entropy -= p * math.Log(p)
	}
	return math.Exp(entropy), nil
}

// singularValues are the min(n, dim) singular values of x, as square roots of
// the eigenvalues of the smaller Gram matrix: an order of magnitude cheaper than
// a decomposition of x when n is much larger than dim. Squaring loses what is
// below 1e-8 of the largest singular value, which RankMe's epsilon hides anyway.
func singularValues(x []float32, n, dim int) ([]float64, error) {
	// Division by the largest entry keeps the squares in range.
	var largest float64
	for _, v := range x {
		largest = max(largest, math.Abs(float64(v)))
	}
	if largest == 0 {
		return make([]float64, min(n, dim)), nil
	}
	data := make([]float64, len(x))
	for i, v := range x {
		data[i] = float64(v) / largest
	}
	rows := blas64.General{Rows: n, Cols: dim, Stride: dim, Data: data}
	side, left, right := dim, blas.Trans, blas.NoTrans // XᵀX, [dim, dim]
	if n < dim {
		side, left, right = n, blas.NoTrans, blas.Trans // XXᵀ, [n, n]
	}
	// Both triangles, of which one is used: gonum's Gemm runs on all cores, its
	// Syrk on one.
	product := blas64.General{Rows: side, Cols: side, Stride: side, Data: make([]float64, side*side)}
	blas64.Gemm(left, right, 1, rows, rows, 0, product)
	gram := mat.NewSymDense(side, product.Data)
	var eigen mat.EigenSym
	if !eigen.Factorize(gram, false) {
		return nil, errors.New("metric.RankMe: the eigenvalues of the Gram matrix did not converge")
	}
	values := eigen.Values(nil)
	for i, v := range values {
		values[i] = math.Sqrt(max(0, v)) // rounding can leave a zero eigenvalue slightly negative
	}
	return values, nil
}
