package ssl

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// inMicroBatches is what encode makes of the images, and of what goes with them, in MicroBatches
// passes over a part of the rows each. One pass keeps nothing but its results for the backward pass,
// which computes the rest of it again. What comes behind sees the results of all rows at once, so
// that the gradient is that of the whole batch.
//
// Only one pass of a call is to be in memory at a time, forward as backward. A compiler is free to compute in
// any order what does not depend on each other, so that each pass is made to wait for the one
// before, and its gradient for the one behind.
//
//	inputs: [rows, ...] each, the images first -> [rows, ...] each, or nil where encode gives nil
func (n Network) inMicroBatches(inputs []*Node, encode func(part []*Node) []*Node) []*Node {
	rows := inputs[0].Shape().Dim(0)
	passes := min(n.MicroBatches, rows)
	if passes <= 1 {
		return encode(inputs)
	}
	var results [][]*Node // Of each pass.
	gradients := make([][]*Node, passes)
	for pass := range passes {
		part := make([]*Node, len(inputs))
		for i, input := range inputs {
			part[i] = SliceAxis(input, 0, AxisRange(pass*rows/passes, (pass+1)*rows/passes))
		}
		if pass > 0 {
			part[0] = SchedulingBarrier(part[0], present(results[pass-1])...)
		}
		part[0] = part[0].Checkpoint()
		restore := n.watchGradients(part[0].Graph(), &gradients[pass])
		out := encode(part)
		restore()
		for i, result := range out {
			if result == nil {
				continue
			}
			out[i] = result.StopCheckpoint()
			if pass+1 < passes && result.DType().IsFloat() {
				out[i] = IdentityWithCustomGradient(out[i], func(_, gradient *Node) *Node {
					return SchedulingBarrier(gradient, gradients[pass+1]...)
				})
			}
		}
		results = append(results, out)
	}
	whole := make([]*Node, len(results[0]))
	for i := range whole {
		if results[0][i] == nil {
			continue
		}
		parts := make([]*Node, passes)
		for pass := range parts {
			parts[pass] = results[pass][i]
		}
		whole[i] = Concatenate(parts, 0)
	}
	return whole
}

// watchGradients lets what is built until restore is called use the encoder's weights through nodes
// that note the weights' gradients, once they are there.
func (n Network) watchGradients(g *Graph, gradients *[]*Node) (restore func()) {
	was := map[*model.Variable]*Node{}
	for v := range n.EncoderScope.IterVariables() {
		if !v.Trainable || !v.InUseByGraph(g) {
			continue
		}
		was[v] = v.NodeValue(g)
		v.SetNodeValue(IdentityWithCustomGradient(was[v], func(_, gradient *Node) *Node {
			*gradients = append(*gradients, gradient)
			return gradient
		}))
	}
	return func() {
		for v, node := range was {
			v.SetNodeValue(node)
		}
	}
}

// present are the nodes that are not nil.
func present(nodes []*Node) []*Node {
	var all []*Node
	for _, node := range nodes {
		if node != nil {
			all = append(all, node)
		}
	}
	return all
}
