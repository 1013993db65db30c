package plots

import (
	"fmt"
	"image"
	"image/color"
)

// voidClass is the class of pixels that have none.
const voidClass = 255

// MaskPicture is an image with a mask of classes laid over it, half transparent, for ImageGrid: pix is
// [height, width, 3] as in Picture, and mask has a class a pixel. Pixels of class 0, background, show
// the image alone. Colours are those of PASCAL VOC's masks, and its cream where the class is 255.
// Errors: those of Picture, and a mask that does not have height·width classes.
func MaskPicture(pix, mask []uint8, height, width int) (image.Image, error) {
	img, err := Picture(pix, height, width)
	if err != nil {
		return nil, err
	}
	if len(mask) != height*width {
		return nil, fmt.Errorf("plots.MaskPicture: mask has %d classes; it must have height·width = %d·%d", len(mask), height, width)
	}
	over := img.(*image.NRGBA)
	for i, class := range mask {
		if class == 0 {
			continue
		}
		c := classColour(class)
		for k, v := range []uint8{c.R, c.G, c.B} {
			over.Pix[4*i+k] = uint8((int(over.Pix[4*i+k]) + int(v)) / 2)
		}
	}
	return over, nil
}

// classColour is PASCAL VOC's: the bits of the class, in threes, fill red, green and blue from the
// highest bit down.
func classColour(class uint8) color.NRGBA {
	if class == voidClass {
		return color.NRGBA{224, 224, 192, 255}
	}
	c := color.NRGBA{A: 255}
	for bit := uint8(0x80); class > 0; bit >>= 1 {
		c.R |= bit * (class & 1)
		c.G |= bit * (class >> 1 & 1)
		c.B |= bit * (class >> 2 & 1)
		class >>= 3
	}
	return c
}
