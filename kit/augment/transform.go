package augment

import (
	"image"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Transform is one step of a Pipeline: a random change of every image of a batch, each with
// parameters of its own.
//
// Inside a pipeline a batch is float32 planes [batch, 3, height, width] with values in [0, 1]: on
// planes the passes of a resampling and the mixing of colours are plain matrix products.
type Transform interface {
	// Check returns an error that names the type, the field and its allowed range if the settings
	// do not fit images of the size.
	Check(height, width int) error

	// Draw returns the parameters of a batch of images of the size, float32 [batch, k], or nil if
	// there are none.
	Draw(r *Random, batch, height, width int) *Node

	// Apply changes images [batch, 3, height, width] by what Draw returned, and keeps them in [0,
	// 1].
	Apply(images, params *Node) *Node

	// Host is Apply's twin for one opaque 8-bit image: params is the image's row of what Draw
	// returned. It returns a new image with its origin at (0, 0).
	Host(img *image.NRGBA, params []float32) *image.NRGBA
}

// Geometric is a Transform that moves pixels, and with them boxes, masks and key points.
type Geometric interface {
	Transform

	// OutputSize is the size of what Apply makes from images of the given size.
	OutputSize(height, width int) (int, int)

	// Map returns the affine map from output to input coordinates, float32 [batch, 2, 3]: the
	// output point (x, y), in pixels from the top left corner, shows the input's point
	//
	//	x' = m[0][0]*x + m[0][1]*y + m[0][2]
	//	y' = m[1][0]*x + m[1][1]*y + m[1][2]
	//
	// A pixel's centre is at (column + 1/2, row + 1/2). params comes from Draw for images of the
	// same size.
	Map(params *Node, height, width int) *Node

	// HostMap is Map's twin for one image on the host: params is the image's row of what Draw
	// returned.
	HostMap(params []float32, height, width int) AffineMap
}

// column returns parameter i of every image, [batch].
func column(params *Node, i int) *Node {
	return Squeeze(Slice(params, AxisRange(), AxisElem(i)), 1)
}

// columns is column's inverse: it stacks parameters [batch] to [batch, k].
func columns(params ...*Node) *Node { return Stack(params, 1) }

// perImage spreads one value an image, [batch], over the shape of like, [batch, ...].
func perImage(value, like *Node) *Node { return spread(value, like.Shape()) }

// spread repeats one value an image, [batch], over a shape [batch, ...].
func spread(value *Node, shape shapes.Shape) *Node {
	ones := make([]int, shape.Rank())
	for i := range ones {
		ones[i] = 1
	}
	ones[0] = shape.Dim(0)
	return BroadcastToDims(Reshape(value, ones...), shape.Dimensions...)
}

// choose takes each image from yes where chosen [batch] is not 0, and from no elsewhere.
func choose(chosen, yes, no *Node) *Node {
	return Where(perImage(NotEqual(chosen, ZerosLike(chosen)), yes), yes, no)
}

// affineMap stacks six columns [batch] to maps [batch, 2, 3], row by row.
func affineMap(m ...*Node) *Node {
	return Reshape(columns(m...), -1, 2, 3)
}
