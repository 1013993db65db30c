package plots

import (
	"fmt"
	"image"
	"math"
	"slices"

	"gonum.org/v1/plot/palette/moreland"
)

// HeatPicture is an image with a map of heat laid over it, for ImageGrid: pix is [height, width, 3] as in
// Picture, and heat is [rows, columns], enlarged to the image by linear interpolation. The image turns grey
// where there is no heat, and takes the colours of glowing iron (Moreland's extended black body). The scale is
// each picture's own: it ends at the heat that 99 % of the places do not exceed, so that a few hot pixels do
// not hide the others. Heat below 0 counts as none, and so does a map without any heat.
//
// Errors: those of Picture, and a heat that does not have rows·columns finite values, at least one.
func HeatPicture(pix []uint8, height, width int, heat []float32, rows, columns int) (image.Image, error) {
	img, err := Picture(pix, height, width)
	if err != nil {
		return nil, err
	}
	if rows < 1 || columns < 1 || len(heat) != rows*columns {
		return nil, fmt.Errorf("plots.HeatPicture: heat has %d values; it must have rows·columns = %d·%d, at least one", len(heat), rows, columns)
	}
	for i, v := range heat {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("plots.HeatPicture: heat[%d] is %g; it must be finite", i, v)
		}
	}
	sorted := slices.Sorted(slices.Values(heat))
	hottest := float64(sorted[(99*len(sorted)+99)/100-1])
	if hottest <= 0 { // Fewer places than one in a hundred are hot.
		hottest = float64(sorted[len(sorted)-1])
	}
	colours := moreland.ExtendedBlackBody()
	colours.SetMin(0)
	colours.SetMax(1)
	over := img.(*image.NRGBA)
	for y := range height {
		for x := range width {
			share := 0.0
			if hottest > 0 {
				share = max(0, interpolated(heat, rows, columns, onMap(y, height, rows), onMap(x, width, columns))) / hottest
			}
			c, err := colours.At(min(share, 1))
			if err != nil {
				return nil, fmt.Errorf("plots.HeatPicture: the colour of %g: %w", share, err)
			}
			r, g, b, _ := c.RGBA()
			p := over.Pix[4*(y*width+x):]
			grey := (299*float64(p[0]) + 587*float64(p[1]) + 114*float64(p[2])) / 1000
			weight := 0.25 + 0.5*share
			for k, v := range []uint32{r, g, b} {
				p[k] = uint8(math.Round((1-weight)*grey + weight*float64(v>>8)))
			}
		}
	}
	return over, nil
}

// onMap is where the middle of pixel i of a side of that many lies on a map with that many values along it,
// of which the first and the last reach to the border.
func onMap(i, pixels, values int) float64 {
	return max(0, min(float64(values-1), (float64(i)+0.5)*float64(values)/float64(pixels)-0.5))
}

// interpolated is the value between the four around a place.
func interpolated(heat []float32, rows, columns int, y, x float64) float64 {
	top, left := int(y), int(x)
	bottom, right := min(top+1, rows-1), min(left+1, columns-1)
	down, along := y-float64(top), x-float64(left)
	at := func(row, column int) float64 { return float64(heat[row*columns+column]) }
	return (1-down)*((1-along)*at(top, left)+along*at(top, right)) + down*((1-along)*at(bottom, left)+along*at(bottom, right))
}
