package fcos

import (
	"math/bits"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/encoder"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// checkPatch returns an error where simplePyramid can't make levels out of patches of that size.
func (m FCOS) checkPatch(e encoder.Masked) error {
	patch := e.PatchSize()
	finer := patch == m.Finest || patch == 2*m.Finest || patch == 4*m.Finest
	coarser := m.Finest%patch == 0 && bits.OnesCount(uint(m.Finest/patch)) == 1
	return setting.Must(finer || coarser, "fcos.FCOS: Finest", m.Finest,
		"the patch size of encoder "+e.Name()+" times 1/4, 1/2, 1, 2, 4, …")
}

// simplePyramid is that of ViTDet (Li et al. 2022, arXiv:2203.16527): all levels are made of the last
// map of a ViT, enlarged or reduced. It follows facebookresearch/detectron2,
// modeling/backbone/vit.py, SimpleFeaturePyramid, which reduces at most by 2, has no biases
// before norms, and one bias for the four places of an enlarged one.
//
//	x: [batch, height/patch, width/patch, dim] -> levels
func (m FCOS) simplePyramid(network ssl.Network, x *Node, patch int) []*Node {
	levels := make([]*Node, m.Levels)
	for i := range levels {
		scope, level := network.Scope.At("pyramid").At("%d", i), x
		switch stride := m.stride(i); {
		case patch == 4*stride:
			level = layerNorm(scope.At("norm0"), enlarged(scope.At("0"), level))
			level = enlarged(scope.At("1"), activation.Gelu(level))
		case patch == 2*stride:
			level = enlarged(scope.At("0"), level)
		case patch < stride:
			level = MaxPool(level).Window(stride / patch).Done()
		}
		level = layerNorm(scope.At("lateral").At("norm"), convolve(scope.At("lateral"), level, m.Channels, 1, 1, fanIn(level, 1), 0))
		levels[i] = layerNorm(scope.At("output").At("norm"), convolve(scope.At("output"), level, m.Channels, 3, 1, fanIn(level, 3), 0))
	}
	return levels
}

// enlarged is a transposed convolution of kernel and stride 2, which halves the channels: each place
// becomes four by a linear layer each.
//
//	x: [batch, h, w, channels] -> [batch, 2h, 2w, channels/2]
func enlarged(scope *model.Scope, x *Node) *Node {
	d := x.Shape().Dimensions
	out := max(d[3]/2, 1)
	x = convolve(scope, x, 4*out, 1, 1, fanIn(x, 1), 0)
	x = TransposeAllDims(Reshape(x, d[0], d[1], d[2], 2, 2, out), 0, 1, 3, 2, 4, 5)
	return Reshape(x, d[0], 2*d[1], 2*d[2], out)
}
