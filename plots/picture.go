package plots

import "image"

// Picture is an image of interleaved RGB bytes, the first height·width·3 of pix, as the sets of package data give them: what
// an ImageGrid draws. It shares nothing with pix, which must hold at least so many.
func Picture(pix []uint8, height, width int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range height * width {
		copy(img.Pix[4*i:], pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}
