package metric

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
)

// EffectiveDimension is the participation ratio of the eigenvalues λ of the
// covariance of the [n, dim] embeddings x: (Σλ)² / Σλ². It lies between 1 (all
// variance along one line) and min(n-1, dim) (the same variance in all
// directions). Unlike [RankMe] it centres the embeddings, weighs variances
// rather than deviations, and so answers to the few largest directions. It
// grows with n until n is several times dim: compare at equal n. n must be at
// least 2. Embeddings without variance make an error that wraps [ErrUndefined].
//
// P. Gao et al., "A theory of multineuronal dimensionality, dynamics and
// measurement", bioRxiv 214262 (2017).
func EffectiveDimension(x []float32, n, dim int) (float64, error) {
	if err := checkMatrix("EffectiveDimension", "x", x, n, dim, 2); err != nil {
		return 0, err
	}
	// Σλ is the trace, Σλ² the squared Frobenius norm, of either Gram matrix: no
	// eigenvalue is needed. The factor 1/(n-1) cancels.
	rows := centred(x, n, dim)
	trace := dot(rows.Data, rows.Data)
	if trace == 0 {
		return 0, fmt.Errorf("metric.EffectiveDimension: x is the same in all rows: %w", ErrUndefined)
	}
	var gram []float64
	if n < dim {
		gram = product(blas.NoTrans, rows, blas.Trans, rows, n, n)
	} else {
		gram = product(blas.Trans, rows, blas.NoTrans, rows, dim, dim)
	}
	return trace / dot(gram, gram) * trace, nil
}
