package augment

import (
	"image"

	"github.com/disintegration/imaging"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Translate moves images by whole pixels along each axis, so that nothing is blurred; what comes in
// from outside is the image mirrored about its border pixels, which are not repeated. It is the
// weak view of FixMatch and of Mean Teacher.
type Translate struct {
	// Most is the greatest shift as a fraction of the image's height and width, rounded down to
	// whole pixels: shifts are uniform from minus to plus that many. In (0, 1). Default 1/8: 4 of
	// 32 pixels.
	Most float64
}

// Check implements Transform.
func (t Translate) Check(height, width int) error {
	return setting.Fraction("augment.Translate: Most", t.WithDefaults().Most, Translate{}.WithDefaults().Most)
}

// OutputSize implements Geometric.
func (t Translate) OutputSize(height, width int) (int, int) { return height, width }

// Draw returns the shifts right and down in pixels: [batch, 2].
func (t Translate) Draw(r *Random, batch, height, width int) *Node {
	t = t.WithDefaults()
	shifts := func(size int) *Node {
		most := int(t.Most * float64(size))
		return AddScalar(r.Integers(2*most+1, batch), float64(-most))
	}
	return columns(shifts(width), shifts(height))
}

// Map implements Geometric. It holds inside the image; what is mirrored follows no affine map.
func (t Translate) Map(params *Node, height, width int) *Node {
	right, down := column(params, 0), column(params, 1)
	zero, one := ZerosLike(right), OnesLike(right)
	return affineMap(one, zero, Neg(right), zero, one, Neg(down))
}

// HostMap implements Geometric.
func (t Translate) HostMap(params []float32, height, width int) AffineMap {
	return AffineMap{{1, 0, -float64(params[0])}, {0, 1, -float64(params[1])}}
}

// Apply implements Transform: both axes are products with a matrix of zeros and ones an image.
func (t Translate) Apply(images, params *Node) *Node {
	across := mirrored(column(params, 0), images.Shape().Dim(3))
	down := mirrored(column(params, 1), images.Shape().Dim(2))
	return Einsum("bciw,bhi->bchw", Einsum("bchi,bwi->bchw", images, across), down)
}

// mirrored is 1 where the output's pixel shows that of the input, along an axis of the given size:
// [batch, size, size].
func mirrored(shift *Node, size int) *Node {
	shape := shapes.Make(dtypes.Float32, shift.Shape().Dim(0), size, size)
	from := Abs(Sub(Iota(shift.Graph(), shape, 1), spread(shift, shape)))         // mirrored at the first pixel
	from = AddScalar(Neg(Abs(AddScalar(from, float64(1-size)))), float64(size-1)) // and at the last
	return number(Equal(from, Iota(shift.Graph(), shape, 2)))
}

// Host implements Transform.
func (t Translate) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	in := imaging.Clone(img)
	out := imaging.Clone(img)
	size := out.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			out.SetNRGBA(x, y, in.NRGBAAt(mirror(x-int(params[0]), size.X), mirror(y-int(params[1]), size.Y)))
		}
	}
	return out
}

// mirror is the pixel in [0, size) that stands for one up to size - 1 outside.
func mirror(at, size int) int {
	switch {
	case at < 0:
		return -at
	case at >= size:
		return 2*(size-1) - at
	}
	return at
}
