package data

import (
	"image"
	"image/color"
	"slices"
	"testing"

	"github.com/disintegration/imaging"
)

// A pixel of the square takes the class of the pixel of the image that its middle lies in, as with
// Pillow's nearest filter.
func TestFitTakesTheNearestPixel(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fit                 Fit
		width, height, side int
		want                []uint8 // of the rows down the middle; 255 around the image
	}{
		{Stretch, 2, 8, 4, []uint8{1, 3, 5, 7}},
		{Stretch, 2, 3, 5, []uint8{0, 0, 1, 2, 2}},
		{Letterbox, 8, 4, 4, []uint8{255, 1, 3, 255}},
		{Letterbox, 4, 3, 8, []uint8{255, 0, 0, 1, 1, 2, 2, 255}},
		{Letterbox, 100, 1, 4, []uint8{255, 0, 255, 255}}, // At least a pixel.
	} {
		mask := make([]uint8, test.side*test.side)
		test.fit.mask(mask, test.width, test.height, test.side, 255, func(x, y int) uint8 { return uint8(y) })
		var got []uint8
		for y := range test.side {
			got = append(got, mask[y*test.side+test.side/2])
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%d×%d to %d: rows %v, want %v", test.width, test.height, test.side, got, test.want)
		}
	}
}

// An image that lies on its side is turned upright before it is fitted, and its size is told upright.
func TestFitTurnsUpright(t *testing.T) {
	t.Parallel()
	lying := imaging.New(4, 8, color.NRGBA{0, 0, 200, 255}) // 8 wide and 4 high, turned by a quarter.
	square, size := Letterbox.apply(lying, 6, 8)
	if size != image.Pt(8, 4) {
		t.Errorf("it is %v upright", size)
	}
	for y, want := range []uint8{114, 114, 0, 0, 0, 0, 114, 114} {
		if got := square.NRGBAAt(4, y).R; got != want {
			t.Errorf("row %d is %d, want %d", y, got, want)
		}
	}
	strip, size := Stretch.apply(image.NewGray(image.Rect(0, 0, 1, 1<<20)), 1, 64)
	if size != image.Pt(1, 1<<20) || strip.Bounds().Size() != image.Pt(64, 64) {
		t.Errorf("a strip of %v becomes %v", size, strip.Bounds())
	}
}
