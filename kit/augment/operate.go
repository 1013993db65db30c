package augment

import (
	"image"
	"math"

	"github.com/disintegration/imaging"
)

// operate does one of RandAugment's operations on the host, with a strength in [-1, 1] and the
// greatest translation as a fraction of the sides.
func operate(img *image.NRGBA, o operation, strength, translation float64) *image.NRGBA {
	width, height := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	shift := func(side float64) float64 {
		return math.Copysign(math.Floor(math.Abs(translation*side*strength)+wholePixel), strength)
	}
	switch o {
	case shearX:
		return sampleHost(img, func(x, y float64) (float64, float64) { return x + .3*strength*y, y })
	case shearY:
		return sampleHost(img, func(x, y float64) (float64, float64) { return x, y + .3*strength*x })
	case translateX:
		by := shift(width)
		return sampleHost(img, func(x, y float64) (float64, float64) { return x + by, y })
	case translateY:
		by := shift(height)
		return sampleHost(img, func(x, y float64) (float64, float64) { return x, y + by })
	case rotate:
		sin, cos := math.Sincos(strength * 30 * math.Pi / 180)
		return sampleHost(img, func(x, y float64) (float64, float64) {
			x, y = x-width/2, y-height/2
			return cos*x + sin*y + width/2, cos*y - sin*x + height/2
		})
	case brighten:
		return blendTowards(img, strength, func(int, [3]float64) [3]float64 { return [3]float64{} })
	case colourise:
		return blendTowards(img, strength, func(_ int, c [3]float64) [3]float64 {
			return [3]float64{greyOf(c), greyOf(c), greyOf(c)}
		})
	case contrastUp:
		var mean float64 // by a loop of its own: imaging calls back from several goroutines
		in := imaging.Clone(img)
		for at := 0; at < len(in.Pix); at += 4 {
			c := [3]float64{float64(in.Pix[at]), float64(in.Pix[at+1]), float64(in.Pix[at+2])}
			mean += greyOf(c) / 255 / (width * height)
		}
		return blendTowards(img, strength, func(int, [3]float64) [3]float64 { return [3]float64{mean, mean, mean} })
	case sharpen:
		in := imaging.Clone(img)
		return blendTowards(img, strength, func(at int, c [3]float64) [3]float64 { return smooth(in, at) })
	case posterise, solarise, stretch, equalise:
		return lookUpHost(img, o, math.Abs(strength))
	}
	return imaging.Clone(img)
}

// blendTowards moves an image from what other gives for each pixel, by number and colour, by a
// factor of 1 + 0.9*strength.
func blendTowards(img *image.NRGBA, strength float64, other func(at int, c [3]float64) [3]float64) *image.NRGBA {
	out := imaging.Clone(img)
	for at := range len(out.Pix) / 4 {
		p := out.Pix[4*at : 4*at+3]
		c := [3]float64{float64(p[0]) / 255, float64(p[1]) / 255, float64(p[2]) / 255}
		from := other(at, c)
		for k, v := range c {
			p[k] = toByte(v + .9*strength*(v-from[k]))
		}
	}
	return out
}

// smooth is Pillow's SMOOTH filter at pixel number at of an image with its origin at (0, 0).
func smooth(img *image.NRGBA, at int) [3]float64 {
	var c [3]float64
	size := img.Bounds().Size()
	x, y := at%size.X, at/size.X
	border := x == 0 || y == 0 || x == size.X-1 || y == size.Y-1
	for k := range c {
		own := float64(img.Pix[4*at+k]) / 255
		if border {
			c[k] = own
			continue
		}
		c[k] = 4 * own / 13
		for i := range 9 {
			c[k] += float64(img.Pix[img.PixOffset(x+i%3-1, y+i/3-1)+k]) / 255 / 13
		}
	}
	return c
}

// lookUpHost puts each channel through its table, made by the textbook's loops.
func lookUpHost(img *image.NRGBA, o operation, strength float64) *image.NRGBA {
	out := imaging.Clone(img)
	pixels := len(out.Pix) / 4
	for k := range 3 {
		var counts, table [256]int
		low, high := 255, 0
		for at := range pixels {
			v := int(out.Pix[4*at+k])
			counts[v]++
			low, high = min(low, v), max(high, v)
		}
		step, below := (pixels-counts[high])/255, 0
		for v := range table {
			table[v] = v
			switch {
			case o == posterise:
				table[v] = v &^ (1<<int(math.RoundToEven(4*strength)) - 1)
			case o == solarise && float64(v) >= 255*(1-strength):
				table[v] = 255 - v
			case o == stretch && low < high:
				table[v] = int(toByte(float64(255*(v-low)) / float64(high-low) / 255))
			case o == equalise && step > 0:
				table[v] = min((below+step/2)/step, 255)
			}
			below += counts[v]
		}
		for at := range pixels {
			out.Pix[4*at+k] = uint8(table[out.Pix[4*at+k]])
		}
	}
	return out
}
