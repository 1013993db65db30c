package encoder

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// Variables are always entered with Scope.At: an encoder is applied to several views, and each
// application shares them.

// conv is a k × k convolution without bias, padded by k/2 on each side, initialised as He et al.
// 2015 (fan-out), which is what torchvision and timm do.
//
//	x: [batch, h, w, in] -> [batch, h/stride, w/stride, out]
func conv(scope *model.Scope, x *Node, out, kernel, stride int) *Node {
	in := x.Shape().Dim(-1)
	std := math.Sqrt(2 / float64(out*kernel*kernel))
	w := scope.WithInitializer(initializer.RandomNormalFn(scope, std)).
		VariableWithShape("weight", shapes.Make(dtypes.Float32, kernel, kernel, in, out)).
		NodeValue(x.Graph())
	w = ConvertDType(w, x.DType())
	if kernel > 1 && max(ceilDiv(x.Shape().Dim(1), stride), ceilDiv(x.Shape().Dim(2), stride)) <= 2 {
		return convAsProduct(x, w, stride)
	}
	pad := kernel / 2
	return Convolve(x, w).
		Strides(stride).
		PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).
		Done()
}

// convAsProduct is the same convolution as one matrix product, for maps of at most 2 × 2 output
// pixels: there nearly every output sees nearly every input, and XLA, which on a CPU turns
// convolutions whose kernel is larger than the map into plain loops, is several times slower.
//
//	x: [batch, h, w, in], weight: [kernel, kernel, in, out] -> [batch, h', w', out]
func convAsProduct(x, weight *Node, stride int) *Node {
	batch, h, w, in := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2), x.Shape().Dim(3)
	kernel, out := weight.Shape().Dim(0), weight.Shape().Dim(3)
	outH, outW := ceilDiv(h, stride), ceilDiv(w, stride)
	none := Zeros(x.Graph(), shapes.Make(weight.DType(), in, out))
	var rows []*Node // For each input pixel, its weight to every output pixel: [in, h' × w' × out].
	for i := range h * w {
		var taps []*Node
		for o := range outH * outW {
			y := i/w - o/outW*stride + kernel/2
			x := i%w - o%outW*stride + kernel/2
			tap := none
			if 0 <= y && y < kernel && 0 <= x && x < kernel {
				tap = Squeeze(Slice(weight, AxisElem(y), AxisElem(x)), 0, 1)
			}
			taps = append(taps, tap)
		}
		rows = append(rows, Concatenate(taps, 1))
	}
	product := dot(Reshape(x, batch, h*w*in), Concatenate(rows, 0)).Product() // [batch, h' × w' × out]
	return Reshape(product, batch, outH, outW, out)
}

// linear is a dense layer, initialised as PyTorch's nn.Linear: uniform in ±1/sqrt(in).
//
//	x: [batch, in] -> [batch, out]
func linear(scope *model.Scope, x *Node, out int, bias bool) *Node {
	g, in := x.Graph(), x.Shape().Dim(-1)
	bound := 1 / math.Sqrt(float64(in))
	scope = scope.WithInitializer(initializer.RandomUniformFn(scope, -bound, bound))
	w := scope.VariableWithShape("weight", shapes.Make(dtypes.Float32, in, out)).NodeValue(g)
	y := dot(x, ConvertDType(w, x.DType())).Product()
	if bias {
		b := scope.VariableWithShape("bias", shapes.Make(dtypes.Float32, out)).NodeValue(g)
		y = Add(y, Reshape(ConvertDType(b, x.DType()), 1, out))
	}
	return y
}

const (
	batchNormMomentum = 0.1 // How much of the batch's statistics enters the running ones: PyTorch's convention and default.
	batchNormEpsilon  = 1e-5
)

// batchNorm normalises every channel over all the other axes (Ioffe & Szegedy 2015). In training it
// uses the statistics of the batch and updates the running ones; otherwise it uses the running
// ones.
//
// It is written as reductions, not as XLA's batch-norm op: the reductions are partitioned when the
// batch is sharded over devices, which also makes it a synchronised batch-norm. Statistics are in
// float32 whatever the dtype of x.
//
//	x: [..., channels] -> the same shape; gamma is the initial scale: 1, or 0 for the last norm of a residual branch
func batchNorm(scope *model.Scope, x *Node, gamma float64) *Node {
	g, channels := x.Graph(), x.Shape().Dim(-1)
	shape := shapes.Make(dtypes.Float32, channels)
	weight := scope.WithInitializer(constant(gamma)).VariableWithShape("weight", shape).NodeValue(g)
	bias := scope.WithInitializer(initializer.Zero).VariableWithShape("bias", shape).NodeValue(g)
	return normalized(scope, x, weight, bias)
}

// plainBatchNorm is batchNorm without scale and offset.
func plainBatchNorm(scope *model.Scope, x *Node) *Node {
	shape := shapes.Make(dtypes.Float32, x.Shape().Dim(-1))
	return normalized(scope, x, Ones(x.Graph(), shape), Zeros(x.Graph(), shape))
}

// normalized is a batch-norm with that scale and offset, of [channels] each.
func normalized(scope *model.Scope, x, weight, bias *Node) *Node {
	g, channels := x.Graph(), x.Shape().Dim(-1)
	shape := shapes.Make(dtypes.Float32, channels)
	runningMean := scope.WithInitializer(initializer.Zero).VariableWithShape("running_mean", shape).SetTrainable(false)
	runningVar := scope.WithInitializer(initializer.One).VariableWithShape("running_var", shape).SetTrainable(false)

	x32 := ConvertDType(x, dtypes.Float32)
	mean, variance := runningMean.NodeValue(g), runningVar.NodeValue(g) // [channels]
	if scope.IsTraining(g) {
		axes := make([]int, x.Rank()-1) // All but the channels.
		for i := range axes {
			axes[i] = i
		}
		n := float64(x.Shape().Size() / channels)
		mean = ReduceMean(x32, axes...)
		if x.Rank() == 2 { // Embeddings: what collapses has a deviation far below its mean, which only two passes see.
			variance = ReduceMean(Square(Sub(x32, ExpandLeftToRank(mean, 2))), axes...)
		} else { // Maps: one pass, since both reductions fuse, and reading them is what costs.
			variance = MaxScalar(Sub(ReduceMean(Square(x32), axes...), Square(mean)), 0)
		}

		unbiased := StopGradient(MulScalar(variance, n/max(n-1, 1)))
		runningMean.SetNodeValue(lerp(runningMean.NodeValue(g), StopGradient(mean), batchNormMomentum))
		runningVar.SetNodeValue(lerp(runningVar.NodeValue(g), unbiased, batchNormMomentum))
	}
	scale := Mul(weight, Reciprocal(Sqrt(AddScalar(variance, batchNormEpsilon)))) // Rsqrt has no gradient in GoMLX.
	shift := Sub(bias, Mul(mean, scale))
	y := Add(Mul(x32, ExpandLeftToRank(scale, x.Rank())), ExpandLeftToRank(shift, x.Rank()))
	return ConvertDType(y, x.DType())
}

// relu is max(x, 0).
func relu(x *Node) *Node { return MaxScalar(x, 0) }

// lerp is a moved towards b by the fraction t.
func lerp(a, b *Node, t float64) *Node { return Add(MulScalar(a, 1-t), MulScalar(b, t)) }

// constant initialises a variable with one value.
func constant(value float64) model.VariableInitializer {
	return func(g *Graph, shape shapes.Shape) *Node { return FillScalar(g, shape, value) }
}
