package semi

import (
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// paperSGD is what FixMatch and those after it train by on CIFAR-10, whatever the batch.
var paperSGD = optim.SGD{LR: .03, Scaling: optim.Unscaled, Momentum: .9, Nesterov: true, WeightDecay: 5e-4}

// weakAndStrong are the two views of an image.
func weakAndStrong() []augment.Pipeline { return []augment.Pipeline{WeakView(), StrongView()} }

// encodeWeakStrong gives the logits of images with labels in their weak view, and of those without
// in both. It is one pass over all of them, so that the norms over the batch see them together, as
// in the code of FixMatch.
//
//	labelled: [L, classes]; weak, strong: [batch - L, classes], for L = labelledOf(batch)
func encodeWeakStrong(step *ssl.Step, classes int, labelledOf func(batch int) int) (labelled, weak, strong *Node) {
	features, split := weakStrongFeatures(step, labelledOf)
	return split(classify(step.Scope, features, classes))
}

// weakStrongFeatures are the representations of the views of encodeWeakStrong, with what takes
// anything built on them apart.
//
//	features: [2 batch - L, dim]; split: [2 batch - L, any] -> [L, any], [batch - L, any], [batch - L, any]
func weakStrongFeatures(step *ssl.Step, labelledOf func(batch int) int) (features *Node,
	split func(*Node) (labelled, weak, strong *Node)) {
	batch := step.Views[0].Shape().Dim(0)
	first := labelledOf(batch)
	views := Concatenate([]*Node{step.Views[0], Slice(step.Views[1], AxisRange(first))}, 0) // [2 batch - L, height, width, 3]
	return step.Encode(views).Pooled, func(x *Node) (labelled, weak, strong *Node) {
		return Slice(x, AxisRange(0, first)), Slice(x, AxisRange(first, batch)), Slice(x, AxisRange(batch))
	}
}
