// Package encoder holds the networks that turn images into representations, their projection heads, and their weights on
// disk.
//
// An encoder is a plain value that says its architecture; its variables live in the scope that it is applied in, named as
// timm and torchvision name theirs, so that weights travel both ways:
//
//	resnet := encoder.ResNet{Depth: 18, Width: 64}
//	out := resnet.Encode(scope.At("encoder"), images) // images: [batch, height, width, 3], normalised
//	out.Pooled                                        // [batch, 512]
//	out.Map                                           // [batch, 4, 4, 512]
//
// The arithmetic is done in the images' dtype (float32 or bfloat16), with the parameters and all statistics in float32.
package encoder

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Encoder is a network that maps images to representations.
type Encoder interface {
	// Name tells the architecture in one word, as "resnet18-w64".
	Name() string

	// Check returns an error that names the field and its allowed range when the encoder can't be built for images of
	// height × width pixels.
	Check(height, width int) error

	// Encode builds the encoder on images of shape [batch, height, width, 3], with its variables in scope. It may be
	// applied any number of times in one graph: all applications share the variables.
	Encode(scope *model.Scope, images *Node) Output

	// Dim is the number of features of Output.Pooled.
	Dim() int

	// Cost counts the parameters and the multiply-adds of one image of height × width pixels.
	Cost(height, width int) Cost
}

// Output is the representation of a batch of images.
type Output struct {
	Pooled *Node // [batch, dim]: one vector an image, the representation that is evaluated.
	Map    *Node // [batch, height', width', dim]: the feature map before pooling.
}

// Cost is what an encoder takes to store and to run on one image.
type Cost struct {
	Params       int64 // Trainable parameters.
	MultiplyAdds int64 // Multiply-accumulate operations of convolutions and matrix products, the usual "FLOPs" of papers.
}

// FLOPs is the number of floating-point operations of one forward pass on one image: two for each multiply-add.
func (c Cost) FLOPs() int64 { return 2 * c.MultiplyAdds }
