package curate

import (
	"image"
	"math"

	"github.com/disintegration/imaging"
)

// look is what is compared of an image.
type look struct {
	hash  uint64       // perceptual
	small *image.NRGBA // [hashSide, hashSide]
	whole []float32    // its thumbnail, see correlated
}

// newLook scales an image of [height, width, 3].
func newLook(pix []uint8, height, width int) look {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for k := range height * width {
		copy(img.Pix[4*k:], pix[3*k:3*k+3])
		img.Pix[4*k+3] = 255
	}
	small := imaging.Resize(img, hashSide, hashSide, imaging.Linear)
	var grey [hashSide * hashSide]float64
	for k := range grey {
		// Luma of ITU-R BT.601.
		grey[k] = 0.299*float64(small.Pix[4*k]) + 0.587*float64(small.Pix[4*k+1]) + 0.114*float64(small.Pix[4*k+2])
	}
	return look{hash: pHash(&grey), small: small, whole: correlated(small)}
}

// withoutMargins are the thumbnails of the image without one or two
// thirty-seconds of the side at every edge, and without two at two edges that
// meet, as copies are cut.
func (l look) withoutMargins() [][]float32 {
	var cuts [][]float32
	for _, r := range [...]image.Rectangle{
		image.Rect(1, 1, 31, 31), image.Rect(2, 2, 30, 30),
		image.Rect(2, 2, 32, 32), image.Rect(0, 0, 30, 30), image.Rect(0, 2, 30, 32), image.Rect(2, 0, 32, 30),
	} {
		cuts = append(cuts, correlated(imaging.Crop(l.small, r)))
	}
	return cuts
}

// correlated is a thumbnail of an image, [16, 16, 3], with the mean of each
// channel taken out and of length 1, so that the product of two is their
// correlation. Of an image of one colour it is zero.
func correlated(img *image.NRGBA) []float32 {
	const side = 16
	small := imaging.Resize(img, side, side, imaging.Linear)
	var mean [3]float64
	for k := range side * side {
		for c := range mean {
			mean[c] += float64(small.Pix[4*k+c]) / (side * side)
		}
	}
	out := make([]float32, side*side*3)
	var squared float64
	for k := range side * side {
		for c := range mean {
			v := float64(small.Pix[4*k+c]) - mean[c]
			out[3*k+c] = float32(v)
			squared += v * v
		}
	}
	if squared == 0 {
		return out
	}
	scale := float32(1 / math.Sqrt(squared))
	for k := range out {
		out[k] *= scale
	}
	return out
}

func correlation(a, b []float32) float64 {
	b = b[:len(a)]
	var sum float32
	for k, v := range a {
		sum += v * b[k]
	}
	return float64(sum)
}
