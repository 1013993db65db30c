package ssl

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Sinkhorn assigns images to prototypes so that all prototypes get the same share of the images: of
// all such assignments Q, up to factors, the one that maximises Tr(Qᵀ scores) + ε H(Q) (Caron et
// al. 2020, arXiv:2006.09882, section 3.1; Cuturi 2013, arXiv:1306.0895). Starting at
// exp(scores/ε), each iteration scales the columns to the same sum, then the rows. Since the rows
// come last, they are exact, and the columns are near.
//
// It is computed in float32 and in logarithms, so that a small ε does not underflow. No gradient
// flows through it.
//
//	scores: [images, prototypes] -> codes of the same shape; each row sums to 1
func Sinkhorn(scores *Node, epsilon float64, iterations int) *Node {
	return balanced(DivScalar(ConvertDType(scores, dtypes.Float32), epsilon), nil, iterations)
}

// balanced is Sinkhorn of scores that are divided by ε already. The rows that do not count take no
// share of the prototypes from the others: each is the code that it would have if it came after
// them.
//
//	scores: [images, prototypes]; counts: bool [images], nil where all rows count -> float32 of the shape of scores
func balanced(scores, counts *Node, iterations int) *Node {
	s := StopGradient(ConvertDType(scores, dtypes.Float32))
	u := ZerosLike(ReduceAndKeep(s, ReduceSum, 1)) // What a row is divided by, its logarithm: [images, 1]
	v := ZerosLike(ReduceAndKeep(s, ReduceSum, 0)) // and a column, up to a factor of all columns: [1, prototypes]
	for range iterations {
		shared := Sub(s, u)
		if counts != nil {
			shared = Where(BroadcastToDims(ExpandAxes(counts, -1), s.Shape().Dimensions...), shared, FillScalar(s.Graph(), s.Shape(), -1e9))
		}
		v = ExpandAxes(logSumExp(Transpose(shared, 0, 1)), 0)
		u = ExpandAxes(logSumExp(Sub(s, v)), -1)
	}
	return Exp(Sub(Sub(s, u), v))
}
