package plots

import (
	"fmt"
	"image"
)

// Picture is an image of the bytes of one image of a data.Set, for ImageGrid: pix is [height,
// width, 3], interleaved RGB of 0 to 255, the top row first, and is copied. Errors: a side below 1,
// or another number of bytes than height·width·3.
func Picture(pix []uint8, height, width int) (image.Image, error) {
	if height < 1 || width < 1 {
		return nil, fmt.Errorf("plots.Picture: height and width are %d and %d; they must be at least 1", height, width)
	}
	if len(pix) != height*width*3 {
		return nil, fmt.Errorf("plots.Picture: pix holds %d bytes; it must hold height·width·3 = %d·%d·3", len(pix), height, width)
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range height * width {
		copy(img.Pix[4*i:], pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img, nil
}
