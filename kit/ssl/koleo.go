package ssl

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// koLeoEpsilon keeps the distance of two equal rows, and its logarithm, finite.
const koLeoEpsilon = 1e-8

// KoLeo spreads representations over the sphere: it is the mean of -log of the distance of each
// row, scaled to length 1, to the row that is nearest to it (Sablayrolles et al. 2018, "Spreading
// vectors for similarity search", arXiv:1806.03198, equation 3, as facebookresearch/dinov2 has it
// in dinov2/loss/koleo_loss.py). It is computed in float32. Which row is the nearest is chosen
// without gradient; the gradient flows into both rows of a pair.
//
//	x: [n, dim], n of at least 2 -> scalar
func KoLeo(x *Node) *Node {
	x = unit(x)
	g, n := x.Graph(), x.Shape().Dim(0)
	similarity := StopGradient(Dot(x, Transpose(x, 0, 1)).Product()) // [n, n]
	self := Equal(Iota(g, similarity.Shape(), 0), Iota(g, similarity.Shape(), 1))
	similarity = Where(self, FillScalar(g, similarity.Shape(), -2), similarity)
	nearest := OneHot(ArgMax(similarity, -1), n, dtypes.Float32) // [n, n]

	apart := AddScalar(Sub(x, Dot(nearest, x).Product()), koLeoEpsilon)
	distance := Sqrt(ReduceSum(Square(apart), -1)) // [n]
	return Neg(ReduceAllMean(Log(AddScalar(distance, koLeoEpsilon))))
}
