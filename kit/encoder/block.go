package encoder

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/nn"
)

// What the blocks of ViT and of ConvNeXt are made of.

const (
	layerNormEpsilon = 1e-6
	// initialDeviation of the weights. The papers draw them from a normal that is cut off; timm
	// cuts it at ±2, a hundred deviations away, so a plain normal is the same.
	initialDeviation = .02
)

// layerNorm is normalised with the epsilon of timm's ViT and ConvNeXt.
func layerNorm(scope *model.Scope, x *Node) *Node { return normalised(scope, x, layerNormEpsilon) }

// normalised normalises the features of every position (Ba et al. 2016, arXiv:1607.06450), in
// float32 whatever the dtype of x.
//
//	x: [..., features] -> the same shape
func normalised(scope *model.Scope, x *Node, epsilon float64) *Node {
	g, shape := x.Graph(), shapes.Make(dtypes.Float32, x.Shape().Dim(-1))
	weight := scope.WithInitializer(initializer.One).VariableWithShape("weight", shape).NodeValue(g)
	bias := scope.WithInitializer(initializer.Zero).VariableWithShape("bias", shape).NodeValue(g)
	y := nn.LayerNorm(ConvertDType(x, dtypes.Float32), []int{x.Rank() - 1}, epsilon, weight, bias, nil)
	return ConvertDType(y, x.DType())
}

// dense is a linear layer on every position, with a bias that starts at zero.
//
//	x: [..., in] -> [..., out]
func dense(scope *model.Scope, x *Node, out int) *Node {
	g, dims := x.Graph(), x.Shape().Dimensions
	in := dims[len(dims)-1]
	weight, bias := denseVariables(scope, in, out)
	y := dot(Reshape(x, -1, in), ConvertDType(weight.NodeValue(g), x.DType())).Product() // [positions, out]
	y = Add(y, Reshape(ConvertDType(bias.NodeValue(g), x.DType()), 1, out))
	return Reshape(y, append(append([]int{}, dims[:len(dims)-1]...), out)...)
}

// denseVariables are the weight [in, out] and the bias [out] of a linear layer.
func denseVariables(scope *model.Scope, in, out int) (weight, bias *model.Variable) {
	return small(scope, "weight", in, out),
		scope.WithInitializer(initializer.Zero).VariableWithShape("bias", shapes.Make(dtypes.Float32, out))
}

// convVariables are the kernel [side, side, in, out] and the bias [out], if it has one, of a
// convolution that start as PyTorch's nn.Conv2d does: uniform in ±1/sqrt(side² × in).
func convVariables(scope *model.Scope, side, in, out int, hasBias bool) (weight, bias *model.Variable) {
	bound := 1 / math.Sqrt(float64(side*side*in))
	scope = scope.WithInitializer(initializer.RandomUniformFn(scope, -bound, bound))
	weight = scope.VariableWithShape("weight", shapes.Make(dtypes.Float32, side, side, in, out))
	if hasBias {
		bias = scope.VariableWithShape("bias", shapes.Make(dtypes.Float32, out))
	}
	return weight, bias
}

// small is a variable that starts at small random values.
func small(scope *model.Scope, name string, dims ...int) *model.Variable {
	return scope.WithInitializer(initializer.RandomNormalFn(scope, initialDeviation)).
		VariableWithShape(name, shapes.Make(dtypes.Float32, dims...))
}

// dropPath leaves a residual branch out, for each image by itself with the given probability, and
// makes up for it where it stays, so that the mean is the same (stochastic depth: Huang et al.
// 2016, arXiv:1603.09382). It does so in training only. Its random numbers are the store's, whose
// state is in the checkpoints.
//
//	branch: [batch, ...] -> the same shape
func dropPath(scope *model.Scope, branch *Node, probability float64) *Node {
	g := branch.Graph()
	if probability == 0 || !scope.IsTraining(g) {
		return branch
	}
	dims := make([]int, branch.Rank()) // [batch, 1, ...]
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = branch.Shape().Dim(0)
	random := scope.RandomUniform(g, shapes.Make(dtypes.Float32, dims...)) // In [0, 1).
	stays := ConvertDType(GreaterOrEqual(random, Scalar(g, dtypes.Float32, probability)), branch.DType())
	return Mul(branch, DivScalar(stays, 1-probability))
}

// pathRate is the probability with which dropPath leaves out the branches of block i of n: it rises
// linearly with the depth, from 0 to the most.
func pathRate(most float64, i, n int) float64 {
	return most * float64(i) / float64(max(n-1, 1))
}
