package ssl

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// polarSteps take a singular value of 1e-5 of the matrix's norm to 1.
const polarSteps = 30

// nuclearNorm is the sum of the singular values of matrices, with its gradient: for x = U S Vᵀ that
// is U Vᵀ, the polar factor. Since ⟨x, U Vᵀ⟩ is the norm, no gradient needs to flow through how the
// factor is found, by Newton–Schulz iterations: X ← (3X - X Xᵀ X)/2 from x / ‖x‖ (Higham 2008,
// Functions of Matrices, chapter 8). Singular values that are far smaller than ‖x‖ have less weight
// in the gradient, and next to nothing of the norm. It is computed in float32.
//
//	x: [n, rows, columns] -> [n]
func nuclearNorm(x *Node) *Node {
	x = ConvertDType(x, dtypes.Float32)
	if x.Shape().Dim(1) > x.Shape().Dim(2) { // The smaller of X Xᵀ and Xᵀ X.
		x = Transpose(x, 1, 2)
	}
	// Above 0 after collapse, too.
	length := Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceSum, 1, 2), 1e-12))
	polar := StopGradient(Div(x, length)) // [n, rows, columns]
	for range polarSteps {
		squared := MatMul(polar, Transpose(polar, 1, 2)) // [n, rows, rows]
		polar = MulScalar(Sub(MulScalar(polar, 3), MatMul(squared, polar)), .5)
	}
	return ReduceSum(Mul(x, StopGradient(polar)), 1, 2)
}
