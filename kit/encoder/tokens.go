package encoder

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Encode builds the network on all patches; see Encoder. The patches must divide the images.
func (v ViT) Encode(scope *model.Scope, images *Node) Output {
	v = v.WithDefaults()
	return v.withMap(v.transform(scope, v.embed(scope, images, nil, nil)), images)
}

// EncodeVisible builds the network on some of the patches; see Masked.
func (v ViT) EncodeVisible(scope *model.Scope, images, keep *Node) Output {
	v = v.WithDefaults()
	return v.transform(scope, v.embed(scope, images, keep, nil))
}

// EncodeHidden builds the network on all patches, some of them behind the mask token; see Masked.
func (v ViT) EncodeHidden(scope *model.Scope, images, hidden *Node) Output {
	v = v.WithDefaults()
	return v.withMap(v.transform(scope, v.embed(scope, images, nil, hidden)), images)
}

// sequence is what enters the blocks.
type sequence struct {
	tokens *Node     // [batch, leading + patches, dim]
	turned *rotation // By which the blocks turn queries and keys; nil unless Positions is Rotary.
}

// embed turns images into the tokens that enter the first block: the class token, the registers,
// and the patches, each with its position.
//
//	images: [batch, height, width, 3]; keep: int32 [batch, k] or nil; hidden: bool [batch, patches] or nil
//	-> [batch, leading + (k or patches), dim]
func (v ViT) embed(scope *model.Scope, images, keep, hidden *Node) sequence {
	g, dtype := images.Graph(), images.DType()
	batch, height, width := images.Shape().Dim(0), images.Shape().Dim(1), images.Shape().Dim(2)
	if err := v.Check(height, width); err != nil { // The trainer checks the images of the data, not each view.
		panic(err)
	}
	rows, columns := height/v.Patch, width/v.Patch
	class, place := v.positions(scope, g, rows, columns)
	if place != nil {
		place = ConvertDType(place, dtype) // [1, patches, dim]
	}
	pixels := patches(images, v.Patch) // [batch, patches, 3 × patch²]
	if keep != nil {
		// Products with zeros and ones, not Gather: they take no time to speak of, they stay on
		// their device where the batch is sharded, and the gradient of Gather adds up in any order
		// on a GPU.
		chosen := OneHot(keep, pixels.Shape().Dim(1), dtype) // [batch, k, patches]
		pixels = einsum("bkp,bpf->bkf", chosen, pixels)
		if place != nil {
			place = einsum("bkp,pd->bkd", chosen, Squeeze(place, 0)) // [batch, k, dim]
		}
	}
	x := v.patchEmbedding(scope.At("patch_embed").At("proj"), pixels) // [batch, k or patches, dim]
	if hidden != nil {
		mask := ConvertDType(small(scope, "mask_token", 1, 1, v.Width).NodeValue(g), dtype)
		behind := shapes.Make(dtypes.Bool, x.Shape().Dimensions...)
		x = Where(BroadcastToShape(InsertAxes(hidden, -1), behind), BroadcastToShape(mask, x.Shape()), x)
	}
	if place != nil {
		x = Add(x, place)
	}
	tokens := []*Node{x}
	prepend := func(token *Node) { // [1, some, dim]
		token = BroadcastToDims(ConvertDType(token, dtype), batch, token.Shape().Dim(1), v.Width)
		tokens = append([]*Node{token}, tokens...)
	}
	if v.Registers > 0 {
		prepend(small(scope, "reg_token", 1, v.Registers, v.Width).NodeValue(g))
	}
	if v.hasClassToken() {
		token := small(scope, "cls_token", 1, 1, v.Width).NodeValue(g)
		if class != nil {
			token = Add(token, class)
		}
		prepend(token)
	}
	x = Concatenate(tokens, 1)
	if v.PreNorm {
		x = v.norm(scope.At("norm_pre"), x)
	}
	return sequence{tokens: x, turned: v.rotation(g, rows, columns, keep)}
}

// patchEmbedding makes tokens of patches by a linear layer, without a bias before a PreNorm.
//
//	pixels: [batch, patches, 3 × patch²] -> [batch, patches, dim]
func (v ViT) patchEmbedding(scope *model.Scope, pixels *Node) *Node {
	g, channels := pixels.Graph(), pixels.Shape().Dim(2)/(v.Patch*v.Patch)
	weight, bias := convVariables(scope, v.Patch, channels, v.Width, !v.PreNorm)
	if bias == nil {
		return patchProduct(pixels, weight.NodeValue(g), nil)
	}
	return patchProduct(pixels, weight.NodeValue(g), bias.NodeValue(g))
}

// patches cuts images into squares, row by row.
//
//	images: [batch, height, width, channels] -> [batch, height/side × width/side, side × side × channels]
func patches(images *Node, side int) *Node {
	batch, height, width, channels := images.Shape().Dim(0), images.Shape().Dim(1), images.Shape().Dim(2), images.Shape().Dim(3)
	x := Reshape(images, batch, height/side, side, width/side, side, channels)
	x = TransposeAllAxes(x, 0, 1, 3, 2, 4, 5)
	return Reshape(x, batch, height/side*(width/side), side*side*channels)
}

// patchProduct is the convolution whose stride is its kernel's side, as a matrix product.
//
//	pixels: [batch, patches, side × side × in], weight: [side, side, in, out], bias: [out] or nil
//	-> [batch, patches, out]
func patchProduct(pixels, weight, bias *Node) *Node {
	dtype, dims, out := pixels.DType(), pixels.Shape().Dimensions, weight.Shape().Dim(-1)
	kernel := Reshape(ConvertDType(weight, dtype), dims[2], out)
	x := dot(Reshape(pixels, dims[0]*dims[1], dims[2]), kernel).Product() // [batch × patches, out]
	if bias != nil {
		x = Add(x, Reshape(ConvertDType(bias, dtype), 1, out))
	}
	return Reshape(x, dims[0], dims[1], out)
}

// transform is the blocks and the last norm.
func (v ViT) transform(scope *model.Scope, in sequence) Output {
	layers := v.layers(scope, in)
	return v.pool(scope, v.norm(scope.At("norm"), layers[v.Depth-1]))
}

// pool takes tokens apart: those of the patches, and the one vector that Pool and Projection make of
// all.
//
//	x: [batch, leading + patches, dim]
func (v ViT) pool(scope *model.Scope, x *Node) Output {
	out := Output{Tokens: SliceAxis(x, 1, AxisRangeToEnd(v.leading()))}
	if v.Pool == ClassToken {
		out.Pooled = Squeeze(SliceAxis(x, 1, AxisElem(0)), 1)
	} else {
		out.Pooled = ReduceMean(out.Tokens, 1)
	}
	if v.Projection > 0 {
		out.Pooled = dense(scope.At("head"), out.Pooled, v.Projection)
	}
	return out
}

// layers is what each block makes of the tokens.
//
//	-> Depth × [batch, leading + patches, dim]
func (v ViT) layers(scope *model.Scope, in sequence) []*Node {
	layers, x := make([]*Node, v.Depth), in.tokens
	for i := range layers {
		x = v.block(scope.At("blocks").At("%d", i), x, in.turned, pathRate(v.StochasticDepth, i, v.Depth))
		layers[i] = x
	}
	return layers
}

// EncodeLayers builds the blocks on all patches; see Layered.
func (v ViT) EncodeLayers(scope *model.Scope, images *Node, k int) []*Node {
	v = v.WithDefaults()
	layers := v.layers(scope, v.embed(scope, images, nil, nil))[v.Depth-k:]
	for i, layer := range layers {
		layers[i] = SliceAxis(layer, 1, AxisRangeToEnd(v.leading()))
	}
	return layers
}

// withMap is the output with the tokens of all patches as a map.
func (v ViT) withMap(out Output, images *Node) Output {
	rows, columns := images.Shape().Dim(1)/v.Patch, images.Shape().Dim(2)/v.Patch
	out.Map = Reshape(out.Tokens, out.Tokens.Shape().Dim(0), rows, columns, v.Width)
	return out
}

// block adds two residual branches to its input: attention between the tokens, then a perceptron on
// each.
//
//	x: [batch, tokens, dim] -> the same shape
func (v ViT) block(scope *model.Scope, x *Node, turned *rotation, pathRate float64) *Node {
	return rematerialized(scope, x, func(x *Node) *Node {
		read := v.attending(turned).attention(scope.At("attn"), v.norm(scope.At("norm1"), x))
		x = Add(x, dropPath(scope, v.scaled(scope, 1, read), pathRate))
		thought := perceptronWith(scope.At("mlp"), v.norm(scope.At("norm2"), x), v.hidden(), v.Activation)
		return Add(x, dropPath(scope, v.scaled(scope, 2, thought), pathRate))
	})
}

// attending is how the tokens of a block read.
func (v ViT) attending(turned *rotation) attending {
	return attending{heads: v.Heads, bias: v.AttentionBias, turned: turned}
}

// norm is a layer norm with the network's epsilon.
func (v ViT) norm(scope *model.Scope, x *Node) *Node { return normalised(scope, x, v.epsilon()) }

// scaled is a branch, the first or second of its block, with each feature multiplied by its learned
// factor, where there is LayerScale. The factors have the names of timm's VisionTransformer, or of its
// Eva where positions are rotary.
//
//	branch: [batch, tokens, dim] -> the same shape
func (v ViT) scaled(scope *model.Scope, number int, branch *Node) *Node {
	if v.LayerScale == 0 {
		return branch
	}
	name := fmt.Sprintf("gamma_%d", number)
	if v.Positions != Rotary {
		scope, name = scope.At("ls%d", number), "gamma"
	}
	features := branch.Shape().Dim(-1)
	gamma := scope.WithInitializer(constant(v.LayerScale)).VariableWithShape(name, shapes.Make(dtypes.Float32, features))
	return Mul(branch, Reshape(ConvertDType(gamma.NodeValue(branch.Graph()), branch.DType()), 1, 1, features))
}
