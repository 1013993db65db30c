package encoder

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// selfAttention lets every token read from all tokens, with several heads (Vaswani et al. 2017,
// arXiv:1706.03762).
//
// It does not use GoMLX's attention.Core, which takes the softmax in the dtype of the arithmetic
// (here it is in float32) and is as fast on xla:cpu. Its fused kernel is for 16 bits on CUDA only.
//
//	x: [batch, tokens, dim] -> the same shape
func selfAttention(scope *model.Scope, x *Node, heads int) *Node {
	return attention(scope, x, heads, nil)
}

// causalAttention is selfAttention in which a token reads only from itself and from those before
// it.
//
//	x: [batch, tokens, dim] -> the same shape
func causalAttention(scope *model.Scope, x *Node, heads int) *Node {
	return attention(scope, x, heads, LowerTriangular(x.Graph(), x.Shape().Dim(1)))
}

// causalBlock adds two residual branches to its input: causalAttention, then a perceptron on each
// token.
//
//	x: [batch, tokens, dim] -> the same shape
func causalBlock(scope *model.Scope, x *Node, heads, hidden int) *Node {
	return rematerialized(scope, x, func(x *Node) *Node {
		x = Add(x, causalAttention(scope.At("attn"), layerNorm(scope.At("norm1"), x), heads))
		return Add(x, perceptron(scope.At("mlp"), layerNorm(scope.At("norm2"), x), hidden))
	})
}

// attention lets every token read from those that it may, all where mayRead is nil.
//
//	x: [batch, tokens, dim], mayRead: bool [tokens, tokens] or nil -> the shape of x
func attention(scope *model.Scope, x *Node, heads int, mayRead *Node) *Node {
	batch, tokens, dim := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2)
	query, key, value := queryKeyValue(scope, x, heads)
	read := einsum("bhqk,bhkd->bhqd", attend(query, key, mayRead), value) // [batch, heads, tokens, dim/heads]
	read = Reshape(TransposeAllAxes(read, 0, 2, 1, 3), batch, tokens, dim)
	return dense(scope.At("proj"), read, dim)
}

// queryKeyValue are the three projections of the tokens, one linear layer.
//
//	x: [batch, tokens, dim] -> 3 × [batch, heads, tokens, dim/heads]
func queryKeyValue(scope *model.Scope, x *Node, heads int) (query, key, value *Node) {
	g, dim := x.Graph(), x.Shape().Dim(2)
	weight, bias := denseVariables(scope.At("qkv"), dim, 3*dim)
	// The heads have an axis of their own in the weights already, along which devices can share out
	// the product: of its result in one axis, no device has whole heads.
	kernel := Reshape(ConvertDType(weight.NodeValue(g), x.DType()), dim, 3, heads, dim/heads)
	x = einsum("btf,fphd->btphd", x, kernel)
	x = Add(x, Reshape(ConvertDType(bias.NodeValue(g), x.DType()), 1, 1, 3, heads, dim/heads))
	part := func(i int) *Node {
		return TransposeAllAxes(Squeeze(SliceAxis(x, 2, AxisElem(i)), 2), 0, 2, 1, 3)
	}
	return part(0), part(1), part(2)
}

// attend says how much each query reads from each key: softmax(query · key / √d) over the keys from
// which it may read, all where mayRead is nil.
//
//	query: [batch, heads, q, d], key: [batch, heads, k, d], mayRead: bool [q, k] or nil
//	-> [batch, heads, q, k], in the same dtype
func attend(query, key, mayRead *Node) *Node {
	query = MulScalar(query, 1/math.Sqrt(float64(query.Shape().Dim(-1))))
	scores := ConvertDType(einsum("bhqd,bhkd->bhqk", query, key), dtypes.Float32)
	if mayRead != nil {
		// Not minus infinity, whose gradient is not a number. This far below all scores, the
		// softmax is 0 as well.
		never := FillScalar(scores.Graph(), scores.Shape(), -1e30)
		everywhere := shapes.Make(dtypes.Bool, scores.Shape().Dimensions...)
		scores = Where(BroadcastToShape(InsertAxes(mayRead, 0, 0), everywhere), scores, never)
	}
	return ConvertDType(Softmax(scores, -1), key.DType())
}

// Attention returns how much the class token reads from each patch in the last block, for every
// head: the maps that show what the network looks at (Caron et al. 2021, arXiv:2104.14294, figure
// 1). A head's sum to 1 less what goes to the class token itself and to the registers. It panics
// where Pool is MeanPatches, since there is no class token then.
//
//	images: [batch, height, width, 3], variables in scope as in Encode -> float32 [batch, heads, height/Patch, width/Patch]
func (v ViT) Attention(scope *model.Scope, images *Node) *Node {
	v = v.WithDefaults()
	if v.Pool != ClassToken {
		panic(fmt.Errorf("encoder.ViT: Attention is that of the class token, so Pool must be ClassToken"))
	}
	x := v.embed(scope, images, nil, nil)
	for i := range v.Depth - 1 {
		x = v.block(scope.At("blocks").At("%d", i), x, pathRate(v.StochasticDepth, i, v.Depth))
	}
	last := scope.At("blocks").At("%d", v.Depth-1)
	query, key, _ := queryKeyValue(last.At("attn"), layerNorm(last.At("norm1"), x), v.Heads)
	class := SliceAxis(query, 2, AxisRange(0, 1))                      // [batch, heads, 1, dim/heads]
	read := ConvertDType(attend(class, key, nil), dtypes.Float32)      // [batch, heads, 1, tokens]
	read = SliceAxis(Squeeze(read, 2), 2, AxisRangeToEnd(v.leading())) // [batch, heads, patches]
	return Reshape(read, images.Shape().Dim(0), v.Heads, images.Shape().Dim(1)/v.Patch, images.Shape().Dim(2)/v.Patch)
}
