package metric

import "math"

// EmbeddingStd is the standard deviation over the batch of each dimension of
// the unit-length embeddings, averaged over the dimensions. It lies in
// [0, 1/sqrt(dim)]: 0 when all embeddings coincide (complete collapse), and
// 1/sqrt(dim) when they spread evenly about the origin. It does not see
// dimensional collapse (a few directions used well): for that see [RankMe]. x
// is [n, dim], n at least 2; the deviation divides by n. A row of zeros counts
// as it stands.
//
// X. Chen and K. He, "Exploring simple Siamese representation learning", CVPR
// 2021, section 4.1 and figure 2 (arXiv:2011.10566).
func EmbeddingStd(x []float32, n, dim int) (float64, error) {
	if err := checkMatrix("EmbeddingStd", "x", x, n, dim, 2); err != nil {
		return 0, err
	}
	unit := normalised(x, dim)
	mean, variance := make([]float64, dim), make([]float64, dim)
	for i, v := range unit {
		mean[i%dim] += v / float64(n)
	}
	// The second pass avoids E[x²]-E[x]², which cancels near collapse.
	for i, v := range unit {
		d := v - mean[i%dim]
		variance[i%dim] += d * d / float64(n)
	}
	var sum float64
	for _, v := range variance {
		sum += math.Sqrt(v)
	}
	return sum / float64(dim), nil
}
