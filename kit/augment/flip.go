package augment

import (
	"image"

	"github.com/disintegration/imaging"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Flip mirrors images left to right.
type Flip struct {
	// P is the probability to flip an image, in [0, 1]. Default 0.5.
	P float64
}

// Check implements Transform.
func (f Flip) Check(height, width int) error {
	return setting.Within(0, 1, "augment.Flip: P", f.P, Flip{}.WithDefaults().P)
}

// OutputSize implements Geometric.
func (f Flip) OutputSize(height, width int) (int, int) { return height, width }

// Draw returns 1 where an image is flipped, else 0: [batch, 1].
func (f Flip) Draw(r *Random, batch, height, width int) *Node {
	return r.Bernoulli(f.WithDefaults().P, batch, 1)
}

// Map implements Geometric.
func (f Flip) Map(params *Node, height, width int) *Node {
	flipped := column(params, 0)
	zero, one := ZerosLike(flipped), OnesLike(flipped)
	return affineMap(
		OneMinus(MulScalar(flipped, 2)), zero, MulScalar(flipped, float64(width)),
		zero, one, zero)
}

// HostMap implements Geometric.
func (f Flip) HostMap(params []float32, height, width int) AffineMap {
	flipped := float64(params[0])
	return AffineMap{{1 - 2*flipped, 0, flipped * float64(width)}, {0, 1, 0}}
}

// Apply implements Transform.
func (f Flip) Apply(images, params *Node) *Node {
	return choose(column(params, 0), Reverse(images, 3), images)
}

// Host implements Transform.
func (f Flip) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	if params[0] == 0 {
		return imaging.Clone(img)
	}
	return imaging.FlipH(img)
}

// VerticalFlip mirrors images top to bottom.
type VerticalFlip struct {
	// P is the probability to flip an image, in [0, 1]. Default 0.5.
	P float64
}

// Check implements Transform.
func (f VerticalFlip) Check(height, width int) error {
	return setting.Within(0, 1, "augment.VerticalFlip: P", f.P, VerticalFlip{}.WithDefaults().P)
}

// OutputSize implements Geometric.
func (f VerticalFlip) OutputSize(height, width int) (int, int) { return height, width }

// Draw returns 1 where an image is flipped, else 0: [batch, 1].
func (f VerticalFlip) Draw(r *Random, batch, height, width int) *Node {
	return r.Bernoulli(f.WithDefaults().P, batch, 1)
}

// Map implements Geometric.
func (f VerticalFlip) Map(params *Node, height, width int) *Node {
	flipped := column(params, 0)
	zero, one := ZerosLike(flipped), OnesLike(flipped)
	return affineMap(
		one, zero, zero,
		zero, OneMinus(MulScalar(flipped, 2)), MulScalar(flipped, float64(height)))
}

// HostMap implements Geometric.
func (f VerticalFlip) HostMap(params []float32, height, width int) AffineMap {
	flipped := float64(params[0])
	return AffineMap{{1, 0, 0}, {0, 1 - 2*flipped, flipped * float64(height)}}
}

// Apply implements Transform.
func (f VerticalFlip) Apply(images, params *Node) *Node {
	return choose(column(params, 0), Reverse(images, 2), images)
}

// Host implements Transform.
func (f VerticalFlip) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	if params[0] == 0 {
		return imaging.Clone(img)
	}
	return imaging.FlipV(img)
}
