package fcos

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// focalAlpha is the weight of what is there against that of what is not. The exponent gamma is 2.
const focalAlpha = .25

// focal is the focal loss (Lin et al. 2017, arXiv:1708.02002) of each sigmoid, with p the probability
// that it gives to the truth:
//
//	-α (1 - p)² log p, with 1 - α in place of α where nothing is there
//
// It is that of torchvision.ops.sigmoid_focal_loss.
//
//	logits, there (0 or 1): [...] -> [...]
func focal(logits, there *Node) *Node {
	wrong := Mul(logits, OneMinus(MulScalar(there, 2))) // sigmoid(wrong) = 1 - p, softplus(wrong) = -log p.
	alpha := AddScalar(MulScalar(there, 2*focalAlpha-1), 1-focalAlpha)
	return Mul(alpha, Mul(Square(Sigmoid(wrong)), Softplus(wrong)))
}
