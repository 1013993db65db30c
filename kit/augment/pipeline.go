package augment

import (
	"fmt"
	"image"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Pipeline is a list of transforms, applied in order to a batch of RGB images. An empty one only
// converts to float32.
type Pipeline []Transform

// Check returns an error that names the transform, the field and the allowed range if the pipeline
// cannot work on images of the given size, in pixels. Call it before building a graph.
func (p Pipeline) Check(height, width int) error {
	if height < 1 || width < 1 {
		return fmt.Errorf("augment: images are %d x %d pixels; they must be at least 1 x 1", height, width)
	}
	for i, t := range p {
		if t == nil {
			return fmt.Errorf("augment: transform %d is nil; it must be an augment.Transform, such as augment.Flip{}", i)
		}
		if _, ok := t.(Normalize); ok && i != len(p)-1 {
			return fmt.Errorf("augment: transform %d is Normalize; it must be the last, since the others expect values in [0, 1]", i)
		}
		if err := t.Check(height, width); err != nil {
			return fmt.Errorf("augment: transform %d: %w", i, err)
		}
		height, width = outputSize(t, height, width)
	}
	return nil
}

// OutputSize is the size of the views that Apply makes from images of the given size, in pixels.
func (p Pipeline) OutputSize(height, width int) (int, int) {
	for _, t := range p {
		height, width = outputSize(t, height, width)
	}
	return height, width
}

// outputSize is t's, for any transform: those that are not Geometric keep the size.
func outputSize(t Transform, height, width int) (int, int) {
	if g, ok := t.(Geometric); ok {
		return g.OutputSize(height, width)
	}
	return height, width
}

// Apply makes one view of every image. images is [batch, height, width, 3], uint8, or floats in [0,
// 1]; the views are float32 [batch, height', width', 3], in [0, 1] unless the pipeline ends in
// Normalize. It panics on settings that Check rejects.
func (p Pipeline) Apply(r *Random, images *Node) *Node {
	images.AssertRank(4)
	dims := images.Shape().Dimensions
	return p.ApplyParams(images, p.Draw(r, dims[0], dims[1], dims[2]))
}

// Draw draws the parameters of every transform for a batch of images of the given size: one node a
// transform, float32 [batch, k], nil for a transform that has none.
func (p Pipeline) Draw(r *Random, batch, height, width int) []*Node {
	params := make([]*Node, len(p))
	for i, t := range p {
		params[i] = t.Draw(r, batch, height, width)
		height, width = outputSize(t, height, width)
	}
	return params
}

// ApplyParams is Apply with parameters that Draw drew for a batch of the same shape.
func (p Pipeline) ApplyParams(images *Node, params []*Node) *Node {
	images.AssertDims(-1, -1, -1, 3)
	if err := p.Check(images.Shape().Dim(1), images.Shape().Dim(2)); err != nil {
		panic(err)
	}
	if len(params) != len(p) {
		exceptions.Panicf("augment: parameters of %d transforms for a pipeline of %d", len(params), len(p))
	}
	x := TransposeAllDims(images, 0, 3, 1, 2) // [batch, 3, height, width]
	x = ConvertDType(x, dtypes.Float32)
	if images.DType() == dtypes.Uint8 {
		x = MulScalar(x, 1.0/255)
	}
	for i, t := range p {
		x = t.Apply(x, params[i])
	}
	return TransposeAllDims(x, 0, 2, 3, 1) // [batch, height', width', 3]
}

// Host is Apply's twin for one image on the host: params[i] is the image's row of what transform i
// drew. Each transform rounds to 8 bits, and Normalize does nothing, so the result can be looked
// at.
func (p Pipeline) Host(img *image.NRGBA, params [][]float32) *image.NRGBA {
	for i, t := range p {
		img = t.Host(img, params[i])
	}
	return img
}
