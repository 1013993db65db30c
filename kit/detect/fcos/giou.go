package fcos

import (
	. "github.com/gomlx/gomlx/core/graph"
)

const giouEpsilon = 1e-7

// giou is the loss of generalised intersection over union (Rezatofighi et al. 2019,
// arXiv:1902.09630) of two boxes around one place, each given by the distances of its four sides:
//
//	1 - shared/union + (around - union)/around, in [0, 2)
//
// It is that of torchvision.ops.generalized_box_iou_loss.
//
//	a, b: left, upper, right, lower, each [...] -> [...]
func giou(a, b [4]*Node) *Node {
	area := func(d [4]*Node) *Node { return Mul(Add(d[0], d[2]), Add(d[1], d[3])) }
	var inner, outer [4]*Node
	for k := range a {
		inner[k], outer[k] = Min(a[k], b[k]), Max(a[k], b[k])
	}
	shared, around := area(inner), area(outer)
	union := Sub(Add(area(a), area(b)), shared)
	iou := Div(shared, AddScalar(union, giouEpsilon))
	return Add(OneMinus(iou), Div(Sub(around, union), AddScalar(around, giouEpsilon)))
}
