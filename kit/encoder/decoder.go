package encoder

import (
	"cmp"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/setting"
)

// Transformer is the blocks of a ViT and its last norm without what stands around them: the decoder
// or predictor of a masked method, which takes tokens and gives tokens.
type Transformer struct {
	Width int // Features of a token, a multiple of 4.
	Depth int // Number of blocks, at least 1.
	Heads int // Attention heads; they divide Width. Default Width/32, as in MAE's decoder and I-JEPA's predictor, at least 1.
}

// WithDefaults fills in the heads where they were left at zero.
func (t Transformer) WithDefaults() Transformer {
	t.Heads = cmp.Or(t.Heads, max(t.Width/32, 1))
	return t
}

// Check returns an error where a field is out of range.
func (t Transformer) Check() error {
	t = t.WithDefaults()
	return cmp.Or(
		setting.Must(t.Width >= 4 && t.Width%4 == 0, "encoder.Transformer: Width", t.Width, "a multiple of 4, at least 4"),
		setting.Features(4, "encoder.Transformer: Width", t.Width),
		setting.Repeats(1, "encoder.Transformer: Depth", t.Depth),
		checkHeads("encoder.Transformer: Heads", t.Heads, t.Width, "Width/32"),
	)
}

// checkHeads returns an error unless the heads divide the width.
func checkHeads(field string, heads, width int, zero string) error {
	return setting.Must(heads >= 1 && width%heads == 0, field, heads,
		fmt.Sprintf("at least 1 and divide Width, which is %d", width), zero)
}

// Apply builds the blocks, with their variables in scope. The order of the tokens means nothing to
// them: what tells one place from another is what was added to the tokens before, such as
// Positions.
//
//	tokens: [batch, tokens, Width] -> the same shape
func (t Transformer) Apply(scope *model.Scope, tokens *Node) *Node {
	t = t.WithDefaults()
	blocks := ViT{Width: t.Width, Depth: t.Depth, Heads: t.Heads}.WithDefaults()
	for i := range t.Depth {
		tokens = blocks.block(scope.At("blocks").At("%d", i), tokens, nil, 0)
	}
	return layerNorm(scope.At("norm"), tokens)
}

// ApplyCausal builds the same blocks, with the same variables, but a token reads only from itself
// and from those before it.
//
//	tokens: [batch, tokens, Width] -> the same shape
func (t Transformer) ApplyCausal(scope *model.Scope, tokens *Node) *Node {
	t = t.WithDefaults()
	hidden := ViT{Width: t.Width}.WithDefaults().hidden()
	for i := range t.Depth {
		tokens = causalBlock(scope.At("blocks").At("%d", i), tokens, t.Heads, hidden)
	}
	return layerNorm(scope.At("norm"), tokens)
}

// Positions are the fixed sines and cosines of the places in a grid of patches, as a ViT with
// SineCosine has them.
//
//	-> float32 [1, rows × columns, Width]
func (t Transformer) Positions(g *Graph, rows, columns int) *Node {
	side := max(rows, columns)
	square := Reshape(Const(g, sineCosine(0, side, t.Width)), side, side, t.Width)
	return Reshape(Slice(square, AxisRange(0, rows), AxisRange(0, columns)), 1, rows*columns, t.Width)
}
