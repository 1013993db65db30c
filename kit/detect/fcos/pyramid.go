package fcos

import (
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// pyramid are maps of the strides of the levels.
//
//	images: [batch, height, width, 3] -> levels × [batch, height/stride, width/stride, Channels]
func (m FCOS) pyramid(network ssl.Network, images *Node) []*Node {
	build, err := m.pyramidOn(network.Encoder)
	if err != nil {
		panic(err)
	}
	return build(network, images)
}

// pyramidOn is how the pyramid is built on an encoder. It is an error where it can't be.
func (m FCOS) pyramidOn(e encoder.Encoder) (func(network ssl.Network, images *Node) []*Node, error) {
	switch e := e.(type) {
	case encoder.Staged:
		first := slices.Index(e.Strides(), m.Finest)
		if first < 0 {
			return nil, fmt.Errorf("fcos.FCOS: Finest is %d; the stages of encoder %s have strides %v, and it must be one of them",
				m.Finest, e.Name(), e.Strides())
		}
		return func(network ssl.Network, images *Node) []*Node {
			stages := network.EncodeStages(images)[first:]
			return m.featurePyramid(network, stages[:min(m.Levels, len(stages))])
		}, nil
	case encoder.Masked:
		if err := m.checkPatch(e); err != nil {
			return nil, err
		}
		return func(network ssl.Network, images *Node) []*Node {
			return m.simplePyramid(network, network.Encode(images).Map, e.PatchSize())
		}, nil
	}
	return nil, fmt.Errorf("fcos.FCOS needs maps of known strides, and encoder %s has none; take an encoder.Staged, such as "+
		"encoder.ResNet, or an encoder.Masked, such as encoder.ViT", e.Name())
}

// featurePyramid is that of Lin et al. 2017 (arXiv:1612.03144): from the coarsest stage on, each map
// is what its stage says and, enlarged, what the map above it says. Levels beyond the last stage are
// convolutions of stride 2 of the level before, as FCOS has them.
//
//	stages: [batch, height/stride, width/stride, any], from Finest on -> levels
func (m FCOS) featurePyramid(network ssl.Network, stages []*Node) []*Node {
	scope := network.Scope.At("pyramid")
	levels := make([]*Node, m.Levels)
	var above *Node
	for i := len(stages) - 1; i >= 0; i-- {
		scope := scope.At("%d", i)
		x := convolve(scope.At("lateral"), stages[i], m.Channels, 1, 1, fanIn(stages[i], 1), 0)
		if above != nil {
			x = Add(x, doubled(above))
		}
		levels[i], above = convolve(scope.At("output"), x, m.Channels, 3, 1, fanIn(x, 3), 0), x
	}
	for i := len(stages); i < m.Levels; i++ {
		x := levels[i-1]
		if i > len(stages) {
			x = relu(x)
		}
		levels[i] = convolve(scope.At("%d", i).At("output"), x, m.Channels, 3, 2, fanIn(x, 3), 0)
	}
	return levels
}

// fanIn is the standard deviation that keeps the size of what a convolution of x gives.
func fanIn(x *Node, kernel int) float64 {
	return 1 / math.Sqrt(float64(kernel*kernel*x.Shape().Dim(3)))
}

// doubled is a map at twice the resolution, each place four times.
//
//	x: [batch, h, w, channels] -> [batch, 2h, 2w, channels]
func doubled(x *Node) *Node {
	d := x.Shape().Dimensions
	x = BroadcastToDims(Reshape(x, d[0], d[1], 1, d[2], 1, d[3]), d[0], d[1], 2, d[2], 2, d[3])
	return Reshape(x, d[0], 2*d[1], 2*d[2], d[3])
}
