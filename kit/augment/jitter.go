package augment

import (
	"cmp"
	"image"

	"github.com/disintegration/imaging"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// ColorJitter changes brightness, contrast, saturation and hue, in a random order of its own for
// every image, as torchvision's does. A strength of 0 leaves that property alone.
type ColorJitter struct {
	// Brightness scales an image by a factor uniform in [max(0, 1-Brightness), 1+Brightness]. At
	// least 0.
	Brightness float64
	// Contrast moves an image from its mean grey by such a factor. At least 0.
	Contrast float64
	// Saturation moves an image from its grey version by such a factor. At least 0.
	Saturation float64
	// Hue turns hues by up to this fraction of the colour circle either way, in [0, 0.5].
	Hue float64
	// P is the probability to change an image at all, in [0, 1]. Default 1. SimCLR uses 0.8.
	P float64
}

// The columns of ColorJitter's parameters: each property's setting, then each property's place in
// the order.
const (
	brightness = iota
	contrast
	saturation
	hue
	properties
)

// Check implements Transform.
func (j ColorJitter) Check(height, width int) error {
	const strongest = 10 // past any use, but a typing error shows
	return cmp.Or(
		setting.Within(0, strongest, "augment.ColorJitter: Brightness", j.Brightness),
		setting.Within(0, strongest, "augment.ColorJitter: Contrast", j.Contrast),
		setting.Within(0, strongest, "augment.ColorJitter: Saturation", j.Saturation),
		setting.Within(0, .5, "augment.ColorJitter: Hue", j.Hue),
		setting.Within(0, 1, "augment.ColorJitter: P", j.P, ColorJitter{}.WithDefaults().P))
}

// Draw returns [batch, 8]: the factors of brightness, contrast and saturation, the turn of the hue
// (a fraction of the circle), and the places 0 to 3 of these four in the order in which they are
// applied. An image that is not changed has factors 1 and turn 0.
func (j ColorJitter) Draw(r *Random, batch, height, width int) *Node {
	changed := r.Bernoulli(j.WithDefaults().P, batch)
	factor := func(strength float64) *Node {
		f := r.Uniform(max(0, 1-strength), 1+strength, batch)
		return OnePlus(Mul(changed, AddScalar(f, -1)))
	}
	params := []*Node{
		factor(j.Brightness), factor(j.Contrast), factor(j.Saturation),
		Mul(changed, r.Uniform(-j.Hue, j.Hue, batch)),
	}
	// The ranks of four random numbers are a random permutation; equal numbers rank by column.
	keys := r.Uniform(0, 1, batch, properties)
	for i := range properties {
		rank := ZerosLike(changed)
		for k := range properties {
			before := LessThan(column(keys, k), column(keys, i))
			if k < i {
				before = LessOrEqual(column(keys, k), column(keys, i))
			}
			rank = Add(rank, ConvertDType(before, dtypes.Float32))
		}
		params = append(params, rank)
	}
	return columns(params...)
}

// Apply implements Transform.
//
// Brightness, contrast and saturation are all one mixing of colours with different coefficients, so
// a place in the order is one mixing whatever each image has there. Turning hues costs more than a
// mixing and is done once for the batch: places before an image's turn are mixed before it, places
// after it afterwards, and a place that is not an image's turn to be mixed leaves it as it is.
func (j ColorJitter) Apply(images, params *Node) *Node {
	turn := column(params, properties+hue)
	one := OnesLike(turn)
	for place := range properties - 1 {
		images = j.mix(images, params, place, number(GreaterThan(turn, MulScalar(one, place))))
	}
	images = turnHue(images, column(params, hue))
	for place := 1; place < properties; place++ {
		images = j.mix(images, params, place, number(LessThan(turn, MulScalar(one, place))))
	}
	return images
}

// mix applies the property that each image has at the place, where active [batch] is 1.
func (j ColorJitter) mix(images, params *Node, place int, active *Node) *Node {
	// change is the property's factor less 1 where it is its turn, else 0.
	change := func(property int) *Node {
		at := column(params, properties+property)
		now := Mul(active, number(Equal(at, Scalar(at.Graph(), at.DType(), place))))
		return Mul(now, AddScalar(column(params, property), -1))
	}
	// brightness: f*x; contrast: f*x + (1-f)*mean; saturation: f*x + (1-f)*grey.
	dBrightness, dContrast, dSaturation := change(brightness), change(contrast), change(saturation)
	own := OnePlus(Add(dBrightness, Add(dContrast, dSaturation)))
	return mixColours(images, own, Neg(dSaturation), Neg(dContrast))
}

// number is 1 where the condition holds, else 0.
func number(condition *Node) *Node { return ConvertDType(condition, dtypes.Float32) }

// Host implements Transform. It rounds to 8 bits once, at the end.
func (j ColorJitter) Host(img *image.NRGBA, params []float32) *image.NRGBA {
	steps := [properties]func(pixels [][3]float64, by float64){
		brightness: func(pixels [][3]float64, by float64) { blend(pixels, by, func([3]float64) float64 { return 0 }) },
		contrast: func(pixels [][3]float64, by float64) {
			var mean float64
			for _, c := range pixels {
				mean += greyOf(c) / float64(len(pixels))
			}
			blend(pixels, by, func([3]float64) float64 { return mean })
		},
		saturation: func(pixels [][3]float64, by float64) { blend(pixels, by, greyOf) },
		hue: func(pixels [][3]float64, by float64) {
			for i, c := range pixels {
				pixels[i] = turnHueOf(c, by)
			}
		},
	}
	pixels := make([][3]float64, 0, img.Bounds().Dx()*img.Bounds().Dy())
	out := imaging.Clone(img)
	for i := 0; i < len(out.Pix); i += 4 {
		pixels = append(pixels, [3]float64{float64(out.Pix[i]) / 255, float64(out.Pix[i+1]) / 255, float64(out.Pix[i+2]) / 255})
	}
	for place := range properties {
		for property, step := range steps {
			if int(params[properties+property]) == place {
				step(pixels, float64(params[property]))
			}
		}
	}
	for i, c := range pixels {
		for k, v := range c {
			out.Pix[4*i+k] = toByte(v)
		}
	}
	return out
}

// blend moves every pixel from what towards gives for it, by a factor, and clamps.
func blend(pixels [][3]float64, factor float64, towards func(c [3]float64) float64) {
	for i, c := range pixels {
		to := towards(c)
		for k, v := range c {
			pixels[i][k] = clamp01(factor*v + (1-factor)*to)
		}
	}
}

func greyOf(c [3]float64) float64 { return luma[0]*c[0] + luma[1]*c[1] + luma[2]*c[2] }
