package augment

import (
	"cmp"
	"image"
	"image/color"
	"math"

	"github.com/disintegration/imaging"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// luma are the weights of red, green and blue in grey: ITU-R 601, as in Pillow and imaging.
var luma = [3]float64{.299, .587, .114}

// mixColours makes own*x + grey*luma(x) + mean*(the image's mean luma), clamped to [0, 1], of every
// pixel x of images [batch, 3, height, width]; own, grey and mean are [batch].
//
// As a product with a 3 x 3 matrix an image, rather than pixel by pixel, because XLA on CPU fuses
// element-wise chains into each of their readers, and here every plane is read by every other:
// without a product between the mixings of a jitter, a SimCLR view took four times as long.
func mixColours(images, own, grey, mean *Node) *Node {
	g := images.Graph()
	dims := images.Shape().Dimensions
	batch, pixels := dims[0], dims[2]*dims[3]
	identity := ConvertDType(Diagonal(g, 3), images.DType())          // [3, 3]
	weights := ConvertDType(Const(g, luma[:]), images.DType())        // [3]
	toGrey := BroadcastToDims(Reshape(weights, 1, 1, 3), batch, 3, 3) // [batch, 3, 3], each row gives luma
	toOwn := BroadcastToDims(Reshape(identity, 1, 3, 3), batch, 3, 3) // [batch, 3, 3]
	mix := Add(Mul(perImage(own, toOwn), toOwn), Mul(perImage(grey, toGrey), toGrey))

	x := Reshape(images, batch, 3, pixels) // long rows: XLA vectorises along the last axis
	meanLuma := Einsum("bc,c->b", ReduceMean(x, 2), weights)
	y := Einsum("bdc,bcp->bdp", mix, x)
	y = ClipScalar(Add(y, perImage(Mul(mean, meanLuma), y)), 0, 1)
	return Reshape(y, dims...)
}

// Grey makes images grey: three equal channels of ITU-R 601 luma.
type Grey struct {
	// P is the probability to make an image grey, in [0, 1]. Default 0.2, as in SimCLR.
	P float64
}

// Check implements Transform.
func (t Grey) Check(height, width int) error {
	return setting.Within(0, 1, "augment.Grey: P", t.P, Grey{}.WithDefaults().P)
}

// Draw returns 1 where an image becomes grey, else 0: [batch, 1].
func (t Grey) Draw(r *Random, batch, height, width int) *Node {
	return r.Bernoulli(t.WithDefaults().P, batch, 1)
}

// Apply implements Transform.
func (t Grey) Apply(images, params *Node) *Node {
	grey := column(params, 0)
	return mixColours(images, OneMinus(grey), grey, ZerosLike(grey))
}

// Host implements Transform.
func (t Grey) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	if params[0] == 0 {
		return imaging.Clone(img)
	}
	return imaging.Grayscale(img)
}

// Solarize inverts the values of images that are not below a threshold.
type Solarize struct {
	// Threshold in (0, 1]: channel values from it on are inverted. Default 0.5, torchvision's 128
	// of 255.
	Threshold float64
	// P is the probability to solarise an image, in [0, 1]. Default 0.2, as for BYOL's second view.
	P float64
}

// Check implements Transform.
func (t Solarize) Check(height, width int) error {
	d := Solarize{}.WithDefaults()
	return cmp.Or(
		setting.Within(0, 1, "augment.Solarize: Threshold", t.Threshold, d.Threshold),
		setting.Within(0, 1, "augment.Solarize: P", t.P, d.P))
}

// Draw returns 1 where an image is solarised, else 0: [batch, 1].
func (t Solarize) Draw(r *Random, batch, height, width int) *Node {
	return r.Bernoulli(t.WithDefaults().P, batch, 1)
}

// Apply implements Transform.
func (t Solarize) Apply(images, params *Node) *Node {
	threshold := Scalar(images.Graph(), images.DType(), t.WithDefaults().Threshold)
	solarised := Where(LessThan(images, threshold), images, OneMinus(images))
	return choose(column(params, 0), solarised, images)
}

// Host implements Transform.
func (t Solarize) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	if params[0] == 0 {
		return imaging.Clone(img)
	}
	threshold := t.WithDefaults().Threshold
	return mapPixels(img, func(c [3]float64) [3]float64 {
		for i, v := range c {
			if v >= threshold {
				c[i] = 1 - v
			}
		}
		return c
	})
}

// mapPixels applies f to the red, green and blue of every pixel, in [0, 1].
func mapPixels(img *image.NRGBA, f func(c [3]float64) [3]float64) *image.NRGBA {
	return imaging.AdjustFunc(img, func(c color.NRGBA) color.NRGBA {
		v := f([3]float64{float64(c.R) / 255, float64(c.G) / 255, float64(c.B) / 255})
		return color.NRGBA{R: toByte(v[0]), G: toByte(v[1]), B: toByte(v[2]), A: c.A}
	})
}

// toByte is the 8-bit value nearest to v in [0, 1].
func toByte(v float64) uint8 { return uint8(math.Round(255 * clamp01(v))) }

func clamp01(v float64) float64 { return min(max(v, 0), 1) }
