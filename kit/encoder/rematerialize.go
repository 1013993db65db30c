package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// rematerializeParam is the name of the graph's parameter that Rematerialize sets.
const rematerializeParam = "rematerialize"

// Rematerialize makes the blocks of all encoders and transformers that are built in scope from here
// on, in this graph, keep nothing but their input for the backward pass, which computes the rest of
// them again (activation checkpointing: Chen et al. 2016, arXiv:1604.06174). Results are the same,
// but for rounding. In GoMLX v0.28.8 that is graph.Node.Checkpoint.
func Rematerialize(scope *model.Scope, g *Graph) { scope.SetGraphParam(g, rematerializeParam, true) }

// rematerialized is what block makes of x, computed again in the backward pass where Rematerialize
// asks for it.
func rematerialized(scope *model.Scope, x *Node, block func(x *Node) *Node) *Node {
	if !model.GetGraphParamOr(scope, x.Graph(), rematerializeParam, false) {
		return block(x)
	}
	return block(x.Checkpoint()).StopCheckpoint()
}
