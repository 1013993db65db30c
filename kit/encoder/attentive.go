package encoder

import (
	"cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// AttentivePool makes one vector of tokens by a learned query that reads from all of them, and a
// perceptron on what it read: the head of an attentive probe. It is AttentivePooler of
// facebookresearch/jepa, src/models/attentive_pooler.py (Bardes et al. 2024, arXiv:2404.08471,
// V-JEPA; Chen et al. 2022, arXiv:2202.03026, CAE, has a similar one): the projection behind the
// attention is made there, but not applied, and is not here.
type AttentivePool struct {
	// Heads is the number of attention heads; they divide the features of a token. Default: those
	// divided by 64, at least 1.
	Heads int
}

// HeadsOf is the number of heads for tokens of that many features.
func (p AttentivePool) HeadsOf(features int) int { return cmp.Or(p.Heads, max(features/64, 1)) }

// Apply builds the head with its variables in scope: with q the query,
//
//	q = q + attention(q; keys and values from norm(tokens)); q = q + perceptron(norm(q))
//
//	tokens: [batch, tokens, dim] -> [batch, dim]
func (p AttentivePool) Apply(scope *model.Scope, tokens *Node) *Node {
	g, dtype := tokens.Graph(), tokens.DType()
	batch, count, dim := tokens.Shape().Dim(0), tokens.Shape().Dim(1), tokens.Shape().Dim(2)
	heads := p.HeadsOf(dim)
	query := ConvertDType(small(scope, "query", 1, 1, dim).NodeValue(g), dtype)
	attention := scope.At("xattn")
	asked := Reshape(dense(attention.At("q"), query, dim), 1, 1, heads, dim/heads)
	asked = TransposeAllAxes(BroadcastToDims(asked, batch, 1, heads, dim/heads), 0, 2, 1, 3) // [batch, heads, 1, dim/heads]
	both := Reshape(dense(attention.At("kv"), layerNorm(scope.At("norm1"), tokens), 2*dim), batch, count, 2, heads, dim/heads)
	part := func(i int) *Node { // [batch, heads, tokens, dim/heads]
		return TransposeAllAxes(Squeeze(SliceAxis(both, 2, AxisElem(i)), 2), 0, 2, 1, 3)
	}
	read := einsum("bhqk,bhkd->bhqd", attend(asked, part(0), nil), part(1)) // [batch, heads, 1, dim/heads]
	x := Add(BroadcastToDims(Reshape(query, 1, dim), batch, dim), Reshape(read, batch, dim))
	return Add(x, perceptron(scope.At("mlp"), layerNorm(scope.At("norm2"), x), 4*dim))
}
