package encoder

import (
	"strings"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// dot is GoMLX's Dot, with a gradient in the dtype of the operands. GoMLX's own asks for sums in
// float32 where these are bfloat16, and then converts both operands of each product of the gradient
// to float32, which takes an accelerator twice the time and memory, or more. XLA sums bfloat16 up in
// float32 without being asked.
func dot(a, b *Node) *DotBuilder { return Dot(a, b).WithAccumulatorDType(dtypes.InvalidDType) }

// einsum is GoMLX's Einsum, by dot. An axis that the operands share is summed up, or else in the
// result too; any other is in the result.
func einsum(equation string, a, b *Node) *Node {
	if !a.DType().IsHalfPrecision() {
		return Einsum(equation, a, b)
	}
	operands, result, _ := strings.Cut(equation, "->")
	ofA, ofB, _ := strings.Cut(operands, ",")
	var batchA, batchB, sumA, sumB []int
	var batch, cross string // The axes of the product: those of batch, of a alone, of b alone.
	for i, axis := range ofA {
		switch j := strings.IndexRune(ofB, axis); {
		case j < 0:
			cross += string(axis)
		case strings.ContainsRune(result, axis):
			batchA, batchB, batch = append(batchA, i), append(batchB, j), batch+string(axis)
		default:
			sumA, sumB = append(sumA, i), append(sumB, j)
		}
	}
	for _, axis := range ofB {
		if !strings.ContainsRune(ofA, axis) {
			cross += string(axis)
		}
	}
	product := dot(a, b).General(sumA, batchA, sumB, batchB)
	if result == batch+cross {
		return product
	}
	var axes []int
	for _, axis := range result {
		axes = append(axes, strings.IndexRune(batch+cross, axis))
	}
	return TransposeAllAxes(product, axes...)
}
