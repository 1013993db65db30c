package encoder

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// AttentionBias says to which of the projections of attention a bias is added.
type AttentionBias int

const (
	QueryKeyValueBias AttentionBias = iota // To all three.
	QueryValueBias                         // Not to the keys, as in DINOv3.
	NoAttentionBias                        // To none; timm has DINOv3 so too, and says of the published B, L and H+ that their biases are zero.
)

// parts is the number of projections with a bias.
func (b AttentionBias) parts() int {
	switch b {
	case QueryValueBias:
		return 2
	case NoAttentionBias:
		return 0
	default:
		return 3
	}
}

// attending says how tokens read from one another, with several heads (Vaswani et al. 2017,
// arXiv:1706.03762).
//
// It does not use GoMLX's attention.Core, which takes the softmax in the dtype of the arithmetic
// (here it is in float32) and is as fast on xla:cpu. Its fused kernel is for 16 bits on CUDA only.
type attending struct {
	heads   int
	bias    AttentionBias
	turned  *rotation // By which queries and keys are turned; nil: they are not.
	mayRead *Node     // From which tokens, the second axis, each may read: bool [tokens, tokens]. nil: from all.
}

// causalBlock adds two residual branches to its input: attention in which a token reads only from
// itself and from those before it, then a perceptron on each token.
//
//	x: [batch, tokens, dim] -> the same shape
func causalBlock(scope *model.Scope, x *Node, heads, hidden int) *Node {
	return rematerialized(scope, x, func(x *Node) *Node {
		how := attending{heads: heads, mayRead: LowerTriangular(x.Graph(), x.Shape().Dim(1))}
		x = Add(x, how.attention(scope.At("attn"), layerNorm(scope.At("norm1"), x)))
		return Add(x, perceptron(scope.At("mlp"), layerNorm(scope.At("norm2"), x), hidden))
	})
}

// attention lets every token read from those that it may.
//
//	x: [batch, tokens, dim] -> the same shape
func (a attending) attention(scope *model.Scope, x *Node) *Node {
	batch, tokens, dim := x.Shape().Dim(0), x.Shape().Dim(1), x.Shape().Dim(2)
	query, key, value := a.queryKeyValue(scope, x)
	read := einsum("bhqk,bhkd->bhqd", attend(query, key, a.mayRead), value) // [batch, heads, tokens, dim/heads]
	read = Reshape(TransposeAllAxes(read, 0, 2, 1, 3), batch, tokens, dim)
	return dense(scope.At("proj"), read, dim)
}

// queryKeyValue are the three projections of the tokens, one linear layer, the first two of them
// turned.
//
//	x: [batch, tokens, dim] -> 3 × [batch, heads, tokens, dim/heads]
func (a attending) queryKeyValue(scope *model.Scope, x *Node) (query, key, value *Node) {
	g, dim, heads := x.Graph(), x.Shape().Dim(2), a.heads
	weight := small(scope.At("qkv"), "weight", dim, 3*dim)
	// The heads have an axis of their own in the weights already, along which devices can share out
	// the product: of its result in one axis, no device has whole heads.
	kernel := Reshape(ConvertDType(weight.NodeValue(g), x.DType()), dim, 3, heads, dim/heads)
	x = einsum("btf,fphd->btphd", x, kernel)
	if bias := a.biases(scope, g, dim); bias != nil {
		x = Add(x, Reshape(ConvertDType(bias, x.DType()), 1, 1, 3, heads, dim/heads))
	}
	part := func(i int) *Node {
		return TransposeAllAxes(Squeeze(SliceAxis(x, 2, AxisElem(i)), 2), 0, 2, 1, 3)
	}
	query, key, value = part(0), part(1), part(2)
	if a.turned != nil {
		query, key = a.turned.turn(query), a.turned.turn(key)
	}
	return query, key, value
}

// biases are those of queries, keys and values, under the names of timm's Attention, or of its
// EvaAttention where keys have none. nil: there are none.
//
//	-> float32 [3 × dim]
func (a attending) biases(scope *model.Scope, g *Graph, dim int) *Node {
	bias := func(scope *model.Scope, name string, features int) *Node {
		return scope.WithInitializer(initializer.Zero).VariableWithShape(name, shapes.Make(dtypes.Float32, features)).NodeValue(g)
	}
	switch a.bias {
	case QueryValueBias:
		return Concatenate([]*Node{bias(scope, "q_bias", dim), Zeros(g, shapes.Make(dtypes.Float32, dim)), bias(scope, "v_bias", dim)}, 0)
	case NoAttentionBias:
		return nil
	default:
		return bias(scope.At("qkv"), "bias", 3*dim)
	}
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
// where Pool is not ClassToken.
//
//	images: [batch, height, width, 3], variables in scope as in Encode -> float32 [batch, heads, height/Patch, width/Patch]
func (v ViT) Attention(scope *model.Scope, images *Node) *Node {
	v = v.WithDefaults()
	if v.Pool != ClassToken {
		panic(fmt.Errorf("encoder.ViT: Attention is that of the class token, so Pool must be ClassToken"))
	}
	in := v.embed(scope, images, nil, nil)
	x := in.tokens
	for i := range v.Depth - 1 {
		x = v.block(scope.At("blocks").At("%d", i), x, in.turned, pathRate(v.StochasticDepth, i, v.Depth))
	}
	last := scope.At("blocks").At("%d", v.Depth-1)
	query, key, _ := v.attending(in.turned).queryKeyValue(last.At("attn"), v.norm(last.At("norm1"), x))
	class := SliceAxis(query, 2, AxisRange(0, 1))                      // [batch, heads, 1, dim/heads]
	read := ConvertDType(attend(class, key, nil), dtypes.Float32)      // [batch, heads, 1, tokens]
	read = SliceAxis(Squeeze(read, 2), 2, AxisRangeToEnd(v.leading())) // [batch, heads, patches]
	return Reshape(read, images.Shape().Dim(0), v.Heads, images.Shape().Dim(1)/v.Patch, images.Shape().Dim(2)/v.Patch)
}
