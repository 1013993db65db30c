// Package encoder holds the networks that turn images into representations, their projection heads,
// and their weights on disk.
//
// An encoder is a plain value that says its architecture; its variables live in the scope that it
// is applied in, named as timm and torchvision name theirs, so that weights travel both ways:
//
//	resnet := encoder.ResNet{Depth: 18, Width: 64}
//	out := resnet.Encode(scope.At("encoder"), images) // images: [batch, height, width, 3], normalised
//	out.Pooled                                        // [batch, 512]
//	out.Map                                           // [batch, 4, 4, 512]
//
//	vit := encoder.ViT{Patch: 4, Width: 192, Depth: 6}
//	out = vit.Encode(scope.At("encoder"), images)
//	out.Pooled                                        // [batch, 192]: the class token
//	out.Tokens                                        // [batch, 64, 192]: one vector a patch of a 32-pixel image
//	vit.EncodeVisible(scope.At("encoder"), images, keep) // The patches in keep alone, for masked methods.
//	vit.Attention(scope.At("encoder"), images)        // [batch, 3, 8, 8]: where the class token looks
//
//	igpt := encoder.IGPT{Side: 8, Levels: 4, Width: 96, Depth: 4, Heads: 3}
//	past, next := igpt.EncodePast(scope.At("encoder"), images) // What came before each of 64 pixels, and its colour.
//
// [Load] reads weights of timm, transformers, torchvision and some authors; [PreprocessingOf] says how
// they want their images. What is written is read by timm under the same names, and with the config.json of
// [TimmConfig] beside it (kit.Run.Export writes both), by its folder:
//
//	import timm
//	model = timm.create_model("local-dir:exported", pretrained=True, num_classes=10)
//	transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
//
// The arithmetic is done in the images' dtype (float32 or bfloat16), with the parameters and all
// statistics in float32.
package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Encoder is a network that maps images to representations.
type Encoder interface {
	// Name tells the architecture in one word, such as "resnet18-w64".
	Name() string

	// Check returns an error that names the field and its allowed range when the encoder can't be
	// built for images of height × width pixels.
	Check(height, width int) error

	// Encode builds the encoder on images of shape [batch, height, width, 3], with its variables in
	// scope. It may be applied any number of times in one graph: all applications share the
	// variables.
	Encode(scope *model.Scope, images *Node) Output

	// Dim is the number of features of Output.Pooled.
	Dim() int

	// Cost counts the parameters and the multiply-adds of one image of height × width pixels.
	Cost(height, width int) Cost
}

// Output is the representation of a batch of images.
type Output struct {
	// Pooled is one vector an image, [batch, dim]: the representation that is evaluated.
	Pooled *Node
	// Map is the feature map before pooling, [batch, height', width', dim]; nil where patches were
	// left out.
	Map *Node
	// Tokens are one vector for each patch, [batch, patches, dim], row by row, of an encoder that
	// works on patches; nil of a convolutional one.
	Tokens *Node
}

// Masked is an Encoder on patches that can leave patches out of its input, or hide them behind a
// learned token. Patches are numbered row by row: patch (row, column) is row × (width/PatchSize) +
// column.
type Masked interface {
	Encoder

	// PatchSize is the side of a patch in pixels.
	PatchSize() int

	// EncodeVisible encodes only the patches in keep, as the encoder of MAE does. Pooled has seen
	// them only. Tokens are [batch, k, dim], in the order of keep; Map is nil.
	//
	//	images: [batch, height, width, 3]; keep: int32 [batch, k], distinct patch numbers of each image
	EncodeVisible(scope *model.Scope, images, keep *Node) Output

	// EncodeHidden puts a learned token, the variable "mask_token", in place of what it sees of the
	// hidden patches, as SimMIM and iBOT do. The variable comes into being only here.
	//
	//	images: [batch, height, width, 3]; hidden: bool [batch, patches]
	EncodeHidden(scope *model.Scope, images, hidden *Node) Output
}

// Layered is an Encoder on patches that shows what its inner blocks make of them.
type Layered interface {
	Encoder

	// Layers is the number of its blocks.
	Layers() int

	// EncodeLayers is the tokens of the patches behind each of the last k blocks, from 1 to Layers,
	// with no norm behind them: k × [batch, patches, dim].
	EncodeLayers(scope *model.Scope, images *Node, k int) []*Node
}

// Causal is an Encoder that reads an image as a sequence of pixels, row by row from the top left,
// in which each place knows only the pixels before it.
type Causal interface {
	Encoder

	// Palette is the set of colours that the pixels have.
	Palette() Palette

	// EncodePast encodes what comes before each pixel, with the whole network, and says what colour
	// the pixel has. The first pixel has nothing before it: its past is the same in all images.
	//
	//	images: [batch, height, width, 3] -> past: [batch, pixels, dim], next: int32 [batch, pixels] in [0, Palette().Size())
	EncodePast(scope *model.Scope, images *Node) (past, next *Node)
}

// Stochastic is an Encoder that may leave parts of itself out at random in training
// (StochasticDepth).
type Stochastic interface {
	Encoder

	// Deterministic is the same encoder, on the same variables, without that: for a teacher, which
	// is to see the whole network (DINO and iBOT).
	Deterministic() Encoder
}

// Batchwise is an Encoder with norms over the batch: one image alone, as a whole batch, teaches it
// nothing of what tells images apart.
type Batchwise interface {
	Encoder

	// NormsOverBatch does nothing: it marks the type.
	NormsOverBatch()
}

// ClassTokened is an Encoder whose Pooled can be what a token without a patch gives: a loss on Map
// or Tokens alone does not train that.
type ClassTokened interface {
	Encoder

	// PoolsClassToken reports whether Pooled is a class token.
	PoolsClassToken() bool
}

// Cost is what an encoder takes to store and to run on one image.
type Cost struct {
	Params       int64 // Trainable parameters.
	MultiplyAdds int64 // Multiply-accumulate operations of convolutions and matrix products, the usual "FLOPs" of papers.
}

// FLOPs is the number of floating-point operations of one forward pass on one image: two for each
// multiply-add.
func (c Cost) FLOPs() int64 { return 2 * c.MultiplyAdds }
