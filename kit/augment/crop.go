package augment

import (
	"cmp"
	"image"
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// RandomResizedCrop cuts out a rectangle of random area, shape and place and resizes it to a square
// (Szegedy et al. 2015). It is the transform that contrastive methods live from (Chen et al. 2020,
// figure 5).
//
// Its distribution is torchvision's: up to ten draws of a relative area, uniform in Scale, and an
// aspect ratio, log-uniform in Ratio; the first rectangle, rounded to whole pixels, that fits the
// image is placed uniformly. If none fits, the largest central rectangle with an aspect ratio in
// Ratio is taken.
type RandomResizedCrop struct {
	// Size is the side of the views in pixels. 0: views keep the image's height and width.
	Size int
	// Scale is the range of the rectangle's area relative to the image's, in (0, 1]. Default 0.08
	// to 1.
	Scale [2]float64
	// Ratio is the range of the rectangle's width over its height. Default 3/4 to 4/3.
	Ratio [2]float64
	// Interpolation is Bilinear by default, as in torchvision; each method takes its authors'.
	Interpolation Interpolation
}

const cropTries = 10

// Check implements Transform.
func (c RandomResizedCrop) Check(height, width int) error {
	d := RandomResizedCrop{}.WithDefaults()
	c = c.WithDefaults()
	return cmp.Or(
		setting.Pixels(0, "augment.RandomResizedCrop: Size", c.Size, "the image's own size"),
		interval("augment.RandomResizedCrop: Scale", c.Scale, 1, d.Scale),
		interval("augment.RandomResizedCrop: Ratio", c.Ratio, math.Inf(1), d.Ratio),
		c.Interpolation.check("augment.RandomResizedCrop: Interpolation"))
}

// OutputSize implements Geometric.
func (c RandomResizedCrop) OutputSize(height, width int) (int, int) {
	if c.Size == 0 {
		return height, width
	}
	return c.Size, c.Size
}

// Draw returns boxes [batch, 4]: top, left, height and width in whole pixels.
func (c RandomResizedCrop) Draw(r *Random, batch, height, width int) *Node {
	c = c.WithDefaults()
	scale, ratio := c.Scale, c.Ratio
	area := float64(height) * float64(width)
	areas := r.Uniform(scale[0]*area, scale[1]*area, batch, cropTries)
	ratios := Exp(r.Uniform(math.Log(ratio[0]), math.Log(ratio[1]), batch, cropTries))
	heights := Round(Sqrt(Div(areas, ratios)))
	widths := Round(Sqrt(Mul(areas, ratios)))

	// From the last try to the first, so that the first that fits has the last word.
	h, w := centralBox(height, width, ratio)
	boxHeight, boxWidth := r.constant(h, batch), r.constant(w, batch)
	central := r.constant(1, batch)
	for try := cropTries - 1; try >= 0; try-- {
		h, w := column(heights, try), column(widths, try)
		fits := LogicalAnd(
			LogicalAnd(greaterThan(h, 0), lessThan(h, height+1)),
			LogicalAnd(greaterThan(w, 0), lessThan(w, width+1)))
		boxHeight, boxWidth = Where(fits, h, boxHeight), Where(fits, w, boxWidth)
		central = Where(fits, ZerosLike(central), central)
	}

	// A place in the room that is left: uniform over whole pixels, or the middle.
	place := func(room *Node) *Node {
		return choose(central, Floor(MulScalar(room, .5)), r.upTo(room))
	}
	top := place(AddScalar(Neg(boxHeight), float64(height)))
	left := place(AddScalar(Neg(boxWidth), float64(width)))
	return columns(top, left, boxHeight, boxWidth)
}

// centralBox is the size of the largest rectangle in the image whose aspect ratio lies in the
// range.
func centralBox(height, width int, ratio [2]float64) (h, w float64) {
	h, w = float64(height), float64(width)
	switch {
	case w/h < ratio[0]:
		h = math.Max(1, math.Round(w/ratio[0]))
	case w/h > ratio[1]:
		w = math.Max(1, math.Round(h*ratio[1]))
	}
	return h, w
}

// Map implements Geometric.
func (c RandomResizedCrop) Map(params *Node, height, width int) *Node {
	height, width = c.OutputSize(height, width)
	return boxMap(params, height, width)
}

// HostMap implements Geometric.
func (c RandomResizedCrop) HostMap(params []float32, height, width int) AffineMap {
	height, width = c.OutputSize(height, width)
	return boxHostMap(params, height, width)
}

// Apply implements Transform.
func (c RandomResizedCrop) Apply(images, params *Node) *Node {
	height, width := c.OutputSize(images.Shape().Dim(2), images.Shape().Dim(3))
	return boxApply(images, params, height, width, c.Interpolation)
}

// Host implements Transform.
func (c RandomResizedCrop) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	height, width := c.OutputSize(img.Bounds().Dy(), img.Bounds().Dx())
	return boxHost(img, params, height, width, c.Interpolation)
}

func greaterThan(x *Node, value int) *Node {
	return GreaterThan(x, Scalar(x.Graph(), dtypes.Float32, value))
}

func lessThan(x *Node, value int) *Node {
	return LessThan(x, Scalar(x.Graph(), dtypes.Float32, value))
}
