package corrupt

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"

	"github.com/disintegration/imaging"
)

// pixelate makes the image smaller and large again with a box filter, so that a square of pixels
// has one colour; the strength is the smaller one's side relative to the image's, whole pixels.
func pixelate(p picture, severity int, _ *rand.Rand) picture {
	scale := strengths[float64]{
		cifar:    [...]float64{.95, .9, .85, .75, .65},
		imagenet: [...]float64{.6, .5, .4, .3, .25},
	}.at(severity, p)
	width, height := max(1, int(float64(p.width)*scale)), max(1, int(float64(p.height)*scale))
	small := imaging.Resize(p.image(), width, height, box)
	return fromImage(imaging.Resize(small, p.width, p.height, box))
}

// box is Pillow's box filter. Unlike imaging's own it takes one, not both, of two pixels that end
// where it does: at 80 pixels and severity 3, say, imaging's would count every fifth one twice.
var box = imaging.ResampleFilter{Support: .5, Kernel: func(x float64) float64 {
	if -.5 < x && x <= .5 {
		return 1
	}
	return 0
}}

// jpegCompression saves the image as JPEG, with colours at half the resolution, and reads it again;
// the strength is the quality of 100, on the scale of the IJG's library, which Go's follows.
func jpegCompression(p picture, severity int, _ *rand.Rand) picture {
	quality := strengths[int]{
		cifar:    [...]int{80, 65, 58, 50, 40},
		imagenet: [...]int{25, 18, 15, 10, 7},
	}.at(severity, p)
	var file bytes.Buffer
	if err := jpeg.Encode(&file, p.image(), &jpeg.Options{Quality: quality}); err != nil {
		panic(fmt.Errorf("corrupt: writing JPEG to memory: %w", err)) // Apply has checked the size
	}
	img, err := jpeg.Decode(&file)
	if err != nil {
		panic(fmt.Errorf("corrupt: reading the JPEG just written: %w", err))
	}
	return fromImage(img)
}

// image is an opaque 8-bit copy.
func (p picture) image() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	for i := range p.height * p.width {
		for c := range 3 {
			img.Pix[4*i+c] = level(p.pix[3*i+c])
		}
		img.Pix[4*i+3] = 255
	}
	return img
}

func fromImage(img image.Image) picture {
	size := img.Bounds().Size()
	flat := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(flat, flat.Rect, img, img.Bounds().Min, draw.Src)
	p := blank(size.Y, size.X, 3)
	for i := range size.X * size.Y {
		for c := range 3 {
			p.pix[3*i+c] = float64(flat.Pix[4*i+c]) / 255
		}
	}
	return p
}
