package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// MLP is a projection head: Layers linear layers with batch-norm and ReLU between them, and a
// batch-norm without ReLU behind the last when OutputNorm is set. Layers that a norm follows have
// no bias, the last has none either when NoBias is set.
type MLP struct {
	Hidden     int  // Features of the layers between.
	Out        int  // Features of the last.
	Layers     int  // Number of linear layers, at least 1.
	OutputNorm bool // Normalise the output too.
	PlainNorm  bool // The output's norm has no scale and offset.
	NoBias     bool // The last layer has no bias, whether or not a norm follows.
}

// Apply builds the head with its variables in scope, named "0", "1", …, and their norms "0/bn", …
//
//	x: [batch, in] -> [batch, Out]
func (m MLP) Apply(scope *model.Scope, x *Node) *Node {
	for i := range m.Layers {
		last := i == m.Layers-1
		out, norm := m.Hidden, true
		if last {
			out, norm = m.Out, m.OutputNorm
		}
		layer := scope.At("%d", i)
		x = linear(layer, x, out, !norm && !(last && m.NoBias))
		if norm && last && m.PlainNorm {
			x = plainBatchNorm(layer.At("bn"), x)
		} else if norm {
			x = batchNorm(layer.At("bn"), x, 1)
		}
		if !last {
			x = relu(x)
		}
	}
	return x
}
