package eval

import (
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// span is the space in which features lie that are fewer than their dimensions. A linear model with
// an L2 penalty has its weights there, since what is orthogonal to all features changes no score
// and adds to the penalty (Schölkopf, Herbrich & Smola 2001, "A Generalized Representer Theorem").
// So it is fitted on n coordinates instead of on dim, to the same minimum: 100 labelled images of
// 3,072 pixels have 100.
type span struct {
	basis       blas64.General // [n, dim], orthonormal rows.
	coordinates []float64      // [n, n]: the features in that basis.
}

// newSpan is the span of the features x [n, dim], n at most dim: their LQ decomposition, x =
// coordinates · basis.
func newSpan(x []float64, n, dim int) span {
	a := blas64.General{Rows: n, Cols: dim, Stride: dim, Data: slices.Clone(x)}
	tau, size := make([]float64, n), make([]float64, 1)
	lapack64.Gelqf(a, tau, size, -1) // Asks how much room it wants.
	work := make([]float64, int(size[0]))
	lapack64.Gelqf(a, tau, work, len(work))
	s := span{basis: a, coordinates: make([]float64, n*n)}
	for i := range n {
		copy(s.coordinates[i*n:], a.Data[i*dim:i*dim+i+1]) // The lower triangle.
	}
	lapack64.Orglq(a, tau, work, len(work))
	return s
}

// unfold turns parameters on the coordinates, weights [n, classes] row by row and then a bias, into
// those on the features.
func (s span) unfold(parameters []float64, classes int) []float64 {
	n, dim := s.basis.Rows, s.basis.Cols
	out := make([]float64, (dim+1)*classes)
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, s.basis,
		blas64.General{Rows: n, Cols: classes, Stride: classes, Data: parameters[:n*classes]},
		0, blas64.General{Rows: dim, Cols: classes, Stride: classes, Data: out[:dim*classes]})
	copy(out[dim*classes:], parameters[n*classes:])
	return out
}
