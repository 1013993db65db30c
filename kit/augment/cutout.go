package augment

import (
	"cmp"
	"image"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Cutout paints over a square of one size whose middle lies anywhere in the image, so that often a
// part of it is outside (DeVries & Taylor 2017, arXiv:1708.04552).
type Cutout struct {
	// Size is the square's side as a fraction of the image's shorter side, rounded down to an even
	// number of pixels, at least 2. In (0, 1]. Default 0.5: 16 of 32 pixels.
	Size float64
	// Fill is the value painted, in [0, 1]: 0 is black.
	Fill float64
}

// Check implements Transform.
func (t Cutout) Check(height, width int) error {
	return cmp.Or(
		setting.UpTo(1, "augment.Cutout: Size", t.WithDefaults().Size, Cutout{}.WithDefaults().Size),
		setting.Within(0, 1, "augment.Cutout: Fill", t.Fill))
}

// Draw returns rectangles [batch, 4]: top, left, height and width in whole pixels, of what lies in
// the image.
func (t Cutout) Draw(r *Random, batch, height, width int) *Node {
	half := max(int(t.WithDefaults().Size*float64(min(height, width)))/2, 1)
	span := func(size int) (first, length *Node) {
		middle := r.Integers(size, batch)
		first = MaxScalar(AddScalar(middle, float64(-half)), 0)
		return first, Sub(MinScalar(AddScalar(middle, float64(half)), float64(size)), first)
	}
	top, rows := span(height)
	left, cols := span(width)
	return columns(top, left, rows, cols)
}

// Apply implements Transform.
func (t Cutout) Apply(images, params *Node) *Node {
	return RandomErasing{Fill: t.Fill}.Apply(images, params)
}

// Host implements Transform.
func (t Cutout) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	return RandomErasing{Fill: t.Fill}.Host(img, params)
}
