package encoder

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// GoMLX's gradient of a grouped convolution is one convolution for each channel, and XLA's grouped
// convolution on a CPU is a plain loop, so a depthwise convolution is written here in three other
// ways. Milliseconds forward, and forward with gradient, for 64 maps and a kernel of 7, on two busy
// cores with xla:cpu:
//
//	                     16 × 16 × 64    8 × 8 × 128    4 × 4 × 256
//	Convolve             246             101            50           (gradient: not tried)
//	depthwiseByShifts    5.5, 275        3.1, 156       2.0, 91
//	depthwiseByRows       31,  58        5.8,  14       3.1, 6.1
//	depthwiseByMap        30,  53        3.2, 6.4       1.6, 2.8
//
// On larger maps the products of depthwiseByMap grow with the square of the map's area.

// mostByMap is the side of the largest maps that are convolved by depthwiseByMap.
const mostByMap = 8

// depthwise is a convolution with a kernel of its own for each channel, odd in side, padded to keep
// the map's size, and a bias.
//
//	x: [batch, h, w, channels] -> the same shape
func depthwise(scope *model.Scope, x *Node, side int) *Node {
	g, channels := x.Graph(), x.Shape().Dim(-1)
	weight := ConvertDType(small(scope, "weight", side, side, 1, channels).NodeValue(g), x.DType())
	bias := scope.WithInitializer(initializer.Zero).
		VariableWithShape("bias", shapes.Make(dtypes.Float32, channels)).NodeValue(g)
	return Add(depthwiseConv(x, weight), Reshape(ConvertDType(bias, x.DType()), 1, 1, 1, channels))
}

// depthwiseConv chooses how to compute a depthwise convolution.
//
//	x: [batch, h, w, channels], weight: [k, k, 1, channels] -> as x
func depthwiseConv(x, weight *Node) *Node {
	if max(x.Shape().Dim(1), x.Shape().Dim(2)) <= mostByMap {
		return depthwiseByMap(x, weight)
	}
	// Forward by shifts, and the gradient as if it had been by rows.
	y, _ := InternalFusedOpCaller(
		func() *Node { return depthwiseByShifts(x, weight) },
		func() *Node { return depthwiseByRows(x, weight) }, true)
	return y
}

// depthwiseByShifts adds up shifted maps, one for each tap of the kernel, in float32. XLA fuses the
// sum into one pass.
func depthwiseByShifts(x, weight *Node) *Node {
	dtype, h, w, channels := x.DType(), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	side := weight.Shape().Dim(0)
	x, weight = ConvertDType(x, dtypes.Float32), ConvertDType(weight, dtypes.Float32)
	x = withZeros(withZeros(x, 1, side/2), 2, side/2) // [batch, h + side - 1, w + side - 1, channels]
	var sum *Node
	for i := range side {
		for j := range side {
			tap := Reshape(Slice(weight, AxisElem(i), AxisElem(j)), 1, 1, 1, channels)
			shifted := Mul(Slice(x, AxisRange(), AxisRange(i, i+h), AxisRange(j, j+w)), tap)
			if sum == nil {
				sum = shifted
			} else {
				sum = Add(sum, shifted)
			}
		}
	}
	return ConvertDType(sum, dtype)
}

// depthwiseByRows is one matrix product for each channel: a row of the result sees `side` rows of
// the map.
func depthwiseByRows(x, weight *Node) *Node {
	h, w, channels := x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	side := weight.Shape().Dim(0)
	x = withZeros(x, 1, side/2)
	var rows []*Node
	for i := range side {
		rows = append(rows, Slice(x, AxisRange(), AxisRange(i, i+h)))
	}
	x = Concatenate(rows, 2) // [batch, h, side × w, channels]
	matrix := einsum("yxc,xjv->cyjv", Squeeze(weight, 2), taps(weight, w))
	return einsum("bipc,cpv->bivc", x, Reshape(matrix, channels, side*w, w))
}

// depthwiseByMap is one matrix product for each channel: a pixel of the result sees the whole map.
func depthwiseByMap(x, weight *Node) *Node {
	batch, h, w, channels := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	matrix := einsum("yxc,xjv->ycjv", Squeeze(weight, 2), taps(weight, w))
	matrix = einsum("ycjv,yiu->cijuv", matrix, taps(weight, h)) // [channels, from h, from w, to h, to w]
	y := einsum("bpc,cpq->bqc", Reshape(x, batch, h*w, channels), Reshape(matrix, channels, h*w, h*w))
	return Reshape(y, batch, h, w, channels)
}

// taps says which tap of the kernel joins which positions on a line of n: 1 where it does, else 0.
//
//	-> [side, from n, to n]
func taps(weight *Node, n int) *Node {
	side := weight.Shape().Dim(0)
	joins := make([][][]float32, side)
	for tap := range joins {
		joins[tap] = make([][]float32, n)
		for from := range joins[tap] {
			joins[tap][from] = make([]float32, n)
			if to := from - tap + side/2; 0 <= to && to < n {
				joins[tap][from][to] = 1
			}
		}
	}
	return ConvertDType(Const(weight.Graph(), joins), weight.DType())
}

// withZeros puts n zeros on both ends of an axis. Pad gives the same bits, but training by it took
// 6 to 27 % longer on xla:cpu, in four pairs of runs.
func withZeros(x *Node, axis, n int) *Node {
	shape := x.Shape().Clone()
	shape.Dimensions[axis] = n
	zeros := Zeros(x.Graph(), shape)
	return Concatenate([]*Node{zeros, x, zeros}, axis)
}
