package eval

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Apply is the probe in a graph, on top of an encoder, for what needs gradients through both:
// [batch, Dim] -> [batch, classes], scores as those of Logits in the features' dtype. It panics, as
// graph code does, on another number of features.
func (m *LinearModel) Apply(features *Node) *Node {
	features.AssertDims(-1, m.Dim)
	g, classes := features.Graph(), len(m.Bias)
	weights := ConvertDType(Reshape(Const(g, m.Weights), m.Dim, classes), features.DType()) // [Dim, classes]
	bias := ConvertDType(Reshape(Const(g, m.Bias), 1, classes), features.DType())           // [1, classes]
	return Add(Dot(features, weights).Product(), bias)
}
