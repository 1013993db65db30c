package fcos

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/nn"
)

// groupChannels are normalised together by groupNorm: the authors' 32 groups of 256 channels.
const groupChannels = 8

// convolve is a convolution with a bias, padded by kernel/2; its weights begin at that standard
// deviation, its bias at that value.
//
//	x: [batch, h, w, in] -> [batch, h/stride, w/stride, out]
func convolve(scope *model.Scope, x *Node, out, kernel, stride int, deviation, bias float64) *Node {
	g, in, pad := x.Graph(), x.Shape().Dim(3), kernel/2
	weight := scope.WithInitializer(initializer.RandomNormalFn(scope, deviation)).
		VariableWithShape("weight", shapes.Make(dtypes.Float32, kernel, kernel, in, out)).NodeValue(g)
	x = Convolve(x, weight).Strides(stride).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
	return Add(x, perChannel(scope, "bias", x, bias))
}

// perChannel is a variable with a number for each channel of x, all equal at first: [1, 1, 1, channels].
func perChannel(scope *model.Scope, name string, x *Node, value float64) *Node {
	initial := func(g *Graph, shape shapes.Shape) *Node { return FillScalar(g, shape, value) }
	channels := x.Shape().Dim(3)
	v := scope.WithInitializer(initial).VariableWithShape(name, shapes.Make(dtypes.Float32, channels))
	return Reshape(v.NodeValue(x.Graph()), 1, 1, 1, channels)
}

// groupNorm normalises groups of channels over the whole map of each image (Wu & He 2018,
// arXiv:1803.08494), and so does not depend on the batch.
//
//	x: [batch, h, w, channels] -> the same shape
func groupNorm(scope *model.Scope, x *Node) *Node {
	dims := x.Shape().Dimensions
	groups := Reshape(x, dims[0], dims[1]*dims[2], dims[3]/groupChannels, groupChannels)
	normalised := Reshape(nn.LayerNorm(groups, []int{1, 3}, 1e-5, nil, nil, nil), dims...)
	return Add(Mul(normalised, perChannel(scope, "weight", x, 1)), perChannel(scope, "bias", x, 0))
}

// layerNorm normalises the channels of each place.
//
//	x: [batch, h, w, channels] -> the same shape
func layerNorm(scope *model.Scope, x *Node) *Node {
	normalised := nn.LayerNorm(x, []int{3}, 1e-6, nil, nil, nil)
	return Add(Mul(normalised, perChannel(scope, "weight", x, 1)), perChannel(scope, "bias", x, 0))
}

// relu is max(x, 0).
func relu(x *Node) *Node { return MaxScalar(x, 0) }
