package ssl

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// unit scales every row to length 1, in float32.
//
//	x: [..., dim] -> the same shape
func unit(x *Node) *Node { return L2Normalize(ConvertDType(x, dtypes.Float32), -1) }

// cosines are the cosine similarities of the rows of a and b, row by row.
//
//	a, b: [n, dim] -> [n]
func cosines(a, b *Node) *Node { return ReduceSum(Mul(unit(a), unit(b)), -1) }

// logSumExp is log Σ exp over the last axis, with the largest value taken out before it could
// overflow.
//
//	x: [n, m] -> [n]
func logSumExp(x *Node) *Node {
	largest := StopGradient(ReduceAndKeep(x, ReduceMax, -1)) // [n, 1]
	return Add(Log(ReduceSum(Exp(Sub(x, largest)), -1)), Squeeze(largest, -1))
}
