package ssl

import (
	"math"

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
	images, prototypes := scores.Shape().Dim(0), scores.Shape().Dim(1)
	share := math.Log(float64(images) / float64(prototypes)) // Each prototype's, where an image counts 1.
	s := DivScalar(StopGradient(ConvertDType(scores, dtypes.Float32)), epsilon)
	u := ZerosLike(ReduceAndKeep(s, ReduceSum, 1)) // What a row is divided by, its logarithm: [images, 1]
	v := ZerosLike(ReduceAndKeep(s, ReduceSum, 0)) // and a column: [1, prototypes]
	for range iterations {
		v = AddScalar(ExpandAxes(logSumExp(Transpose(Sub(s, u), 0, 1)), 0), -share)
		u = ExpandAxes(logSumExp(Sub(s, v)), -1)
	}
	return StopGradient(Exp(Sub(Sub(s, u), v)))
}
