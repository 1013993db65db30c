package plots

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ErrEqual is the error of vectors that are all equal, but for the rounding of float32: there is
// nothing to draw, and what a projection showed would be the rounding.
var ErrEqual = errors.New("x has no variance: all vectors are equal, or differ by no more than float32 rounds")

// PCA projects n row-major vectors of dim values, each centred, on their k first principal axes. It
// returns the projection (n × k, row-major) and the share of the variance that each axis explains,
// in [0, 1].
//
// An axis has no direction of its own: here its largest component is positive, so that the result
// is a function of the input. k is at least 1 and at most min(n, dim). Vectors that differ by no more
// than float32 rounds are [ErrEqual].
func PCA(x []float32, n, dim, k int) (proj []float64, explained []float64, err error) {
	if err := checkVectors(x, n, dim); err != nil {
		return nil, nil, fmt.Errorf("plots.PCA: %w", err)
	}
	if k < 1 || k > min(n, dim) {
		return nil, nil, fmt.Errorf("plots.PCA: k is %d; it must be from 1 to min(n, dim) = %d", k, min(n, dim))
	}
	if err := CheckSpread(x, n, dim); err != nil {
		return nil, nil, fmt.Errorf("plots.PCA: %w", err)
	}
	centred := centre(x, n, dim)
	axes, variance, err := principalAxes(centred)
	if err != nil {
		return nil, nil, fmt.Errorf("plots.PCA: %w", err)
	}
	var total float64
	for _, v := range variance {
		total += v
	}
	explained = make([]float64, k)
	for j := range k {
		explained[j] = variance[j] / total
		orient(axes, j)
	}
	projection := mat.NewDense(n, k, nil)
	projection.Mul(centred, axes.Slice(0, dim, 0, k))
	return projection.RawMatrix().Data, explained, nil
}

// CheckSpread is [ErrEqual] where n row-major vectors of dim values differ by no more than float32
// rounds: then who is near to whom is chance, too.
func CheckSpread(x []float32, n, dim int) error {
	if err := checkVectors(x, n, dim); err != nil {
		return err
	}
	var squares float64
	for _, v := range centre(x, n, dim).RawMatrix().Data {
		squares += v * v
	}
	if math.Sqrt(squares/float64(n)) <= rounding(x, dim) {
		return ErrEqual
	}
	return nil
}

// rounding is how far vectors that should be equal lie from their mean where each value is the sum of
// about dim products in float32: the root of dim roundings at a time, four of them for the layers in
// between, of their length (root mean square).
func rounding(x []float32, dim int) float64 {
	const epsilon = 0x1p-24
	var squares float64
	for _, v := range x {
		squares += float64(v) * float64(v)
	}
	length := math.Sqrt(squares / float64(len(x)/dim))
	return 4 * math.Sqrt(float64(dim)) * epsilon * length
}

// checkVectors checks n row-major vectors of dim values.
func checkVectors(x []float32, n, dim int) error {
	if n < 1 || dim < 1 {
		return fmt.Errorf("n is %d and dim is %d; both must be at least 1", n, dim)
	}
	if len(x) != n*dim {
		return fmt.Errorf("x has %d values; it must have n·dim = %d·%d = %d", len(x), n, dim, n*dim)
	}
	for i, v := range x {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("x[%d] (vector %d) is %v; it must be finite", i, i/dim, v)
		}
	}
	return nil
}

// centre returns the vectors less their mean. // [n, dim]
func centre(x []float32, n, dim int) *mat.Dense {
	mean := make([]float64, dim)
	for i, v := range x {
		mean[i%dim] += float64(v) / float64(n)
	}
	data := make([]float64, len(x))
	for i, v := range x {
		data[i] = float64(v) - mean[i%dim]
	}
	return mat.NewDense(n, dim, data)
}

// principalAxes returns the principal axes as columns [dim, min(n, dim)] with the variance along
// each, the largest first. It takes the eigenvectors of the smaller of the covariance XᵀX [dim,
// dim] and the Gram matrix XXᵀ [n, n], which have the same eigenvalues: stat.PC's singular value
// decomposition of X itself costs many times that for the long and thin matrices that features are.
func principalAxes(x *mat.Dense) (*mat.Dense, []float64, error) {
	n, dim := x.Dims()
	gram := dim > n
	size, factor := dim, mat.Matrix(x.T())
	if gram {
		size, factor = n, x
	}
	product := mat.NewSymDense(size, nil)
	product.SymOuterK(1/float64(max(n-1, 1)), factor)
	var eigen mat.EigenSym
	if !eigen.Factorize(product, true) {
		return nil, nil, errors.New("the eigenvalues of x's covariance did not converge")
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	if gram {
		var lifted mat.Dense
		lifted.Mul(x.T(), &vectors) // Xᵀu is the axis times its singular value
		vectors = lifted
	}
	axes := mat.NewDense(dim, size, nil)
	variance := make([]float64, size)
	column := make([]float64, dim)
	for j, v := range eigen.Values(nil) { // smallest first
		to := size - 1 - j
		variance[to] = max(v, 0)
		mat.Col(column, j, &vectors)
		if length := mat.Norm(mat.NewVecDense(dim, column), 2); length > 0 {
			for i := range column {
				column[i] /= length
			}
		}
		axes.SetCol(to, column)
	}
	return axes, variance, nil
}

// orient turns column j so that its largest component is positive.
func orient(axes *mat.Dense, j int) {
	rows, _ := axes.Dims()
	largest := 0.0
	for i := range rows {
		if v := axes.At(i, j); math.Abs(v) > math.Abs(largest) {
			largest = v
		}
	}
	if largest < 0 {
		for i := range rows {
			axes.Set(i, j, -axes.At(i, j))
		}
	}
}
