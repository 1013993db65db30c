package augment

import (
	"cmp"
	"image"
	"math"

	"github.com/disintegration/imaging"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// RandomErasing paints over a rectangle of random area, shape and place (Zhong et al. 2017,
// arXiv:1708.04896).
//
// Its distribution is torchvision's: up to ten draws of a relative area, uniform in Scale, and of
// an aspect ratio, log-uniform in Ratio; the first rectangle, rounded to whole pixels, that is
// smaller than the image either way is placed uniformly. If none is, nothing is erased.
type RandomErasing struct {
	// P is the probability to erase a part of an image, in [0, 1]. Default 0.5.
	P float64
	// Scale is the range of the rectangle's area relative to the image's, in (0, 1]. Default 0.02
	// to 0.33.
	Scale [2]float64
	// Ratio is the range of the rectangle's height over its width. Default 0.3 to 3.3.
	Ratio [2]float64
	// Fill is the value painted, in [0, 1]: 0 is black. Recipes that erase after Normalize paint
	// the mean with their 0; here Normalize comes last, so give the mean.
	Fill float64
}

const eraseTries = 10

// Check implements Transform.
func (t RandomErasing) Check(height, width int) error {
	d := RandomErasing{}.WithDefaults()
	t = t.WithDefaults()
	return cmp.Or(
		setting.Within(0, 1, "augment.RandomErasing: P", t.P, d.P),
		interval("augment.RandomErasing: Scale", t.Scale, 1, d.Scale),
		interval("augment.RandomErasing: Ratio", t.Ratio, math.Inf(1), d.Ratio),
		setting.Within(0, 1, "augment.RandomErasing: Fill", t.Fill))
}

// Draw returns rectangles [batch, 4]: top, left, height and width in whole pixels, all 0 where
// nothing is erased.
func (t RandomErasing) Draw(r *Random, batch, height, width int) *Node {
	t = t.WithDefaults()
	scale, ratio := t.Scale, t.Ratio
	area := float64(height) * float64(width)
	changed := r.Bernoulli(t.P, batch)
	areas := r.Uniform(scale[0]*area, scale[1]*area, batch, eraseTries)
	ratios := Exp(r.Uniform(math.Log(ratio[0]), math.Log(ratio[1]), batch, eraseTries))
	heights, widths := Round(Sqrt(Mul(areas, ratios))), Round(Sqrt(Div(areas, ratios)))

	// From the last try to the first, so that the first that fits has the last word.
	rows, cols := r.constant(0, batch), r.constant(0, batch)
	for try := eraseTries - 1; try >= 0; try-- {
		h, w := column(heights, try), column(widths, try)
		fits := LogicalAnd(lessThan(h, height), lessThan(w, width))
		rows, cols = Where(fits, h, rows), Where(fits, w, cols)
	}
	top := r.upTo(AddScalar(Neg(rows), float64(height)))
	left := r.upTo(AddScalar(Neg(cols), float64(width)))
	erased := Mul(changed, number(greaterThan(Min(rows, cols), 0)))
	return Mul(columns(top, left, rows, cols), InsertAxes(erased, 1))
}

// Apply implements Transform.
func (t RandomErasing) Apply(images, params *Node) *Node {
	height, width := images.Shape().Dim(2), images.Shape().Dim(3)
	erased := rectangle(column(params, 0), column(params, 1), column(params, 2), column(params, 3), height, width)
	erased = BroadcastToDims(InsertAxes(erased, 1), images.Shape().Dimensions...) // [batch, 3, height, width]
	return Where(erased, Scalar(images.Graph(), images.DType(), t.Fill), images)
}

// Host implements Transform.
func (t RandomErasing) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	out := imaging.Clone(img)
	top, left, height, width := int(params[0]), int(params[1]), int(params[2]), int(params[3])
	for y := top; y < top+height; y++ {
		for x := left; x < left+width; x++ {
			at := out.PixOffset(x, y)
			for k := range 3 {
				out.Pix[at+k] = toByte(t.Fill)
			}
		}
	}
	return out
}
