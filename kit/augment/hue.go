package augment

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// turnHue turns the hues of images [batch, 3, height, width] by turn [batch], a fraction of the
// colour circle, and keeps value and saturation, in the hexagonal HSV model (Smith 1978).
//
// With h in sixths of the circle, value V = max(r, g, b) and chroma C = V - min(r, g, b), a channel
// is V - C*clamp(min(k, 4-k), 0, 1) where k = (h + 5) mod 6 for red, (h + 3) mod 6 for green and (h
// + 1) mod 6 for blue.
func turnHue(images, turn *Node) *Node {
	dims := images.Shape().Dimensions
	x := Reshape(images, dims[0], 3, -1) // [batch, 3, pixels]
	channel := func(i int) *Node { return Slice(x, AxisRange(), AxisRange(i, i+1), AxisRange()) }
	r, g, b := channel(0), channel(1), channel(2) // [batch, 1, pixels]

	value := Max(Max(r, g), b)
	chroma := Sub(value, Min(Min(r, g), b))
	perChroma := Reciprocal(Where(Equal(chroma, ZerosLike(chroma)), OnesLike(chroma), chroma)) // grey has no hue
	hue := Where(Equal(value, r), Mul(Sub(g, b), perChroma),
		Where(Equal(value, g), AddScalar(Mul(Sub(b, r), perChroma), 2),
			AddScalar(Mul(Sub(r, g), perChroma), 4)))
	hue = Add(hue, perImage(MulScalar(turn, 6), hue))

	turned := func(shift float64) *Node {
		k := AddScalar(hue, shift)
		k = Sub(k, MulScalar(Floor(MulScalar(k, 1./6)), 6)) // k mod 6
		return Sub(value, Mul(chroma, ClipScalar(Min(k, AddScalar(Neg(k), 4)), 0, 1)))
	}
	return Reshape(Concatenate([]*Node{turned(5), turned(3), turned(1)}, 1), dims...)
}

// turnHueOf is turnHue for one pixel on the host, by the textbook's sectors.
func turnHueOf(c [3]float64, turn float64) [3]float64 {
	r, g, b := c[0], c[1], c[2]
	value, least := max(r, g, b), min(r, g, b)
	chroma := value - least
	if chroma == 0 {
		return c
	}
	var hue float64
	switch value {
	case r:
		hue = (g - b) / chroma
	case g:
		hue = (b-r)/chroma + 2
	default:
		hue = (r-g)/chroma + 4
	}
	hue = math.Mod(hue+6*turn+12, 6)
	sector := math.Floor(hue)
	rising := least + chroma*(hue-sector)
	falling := value - chroma*(hue-sector)
	switch int(sector) {
	case 0:
		return [3]float64{value, rising, least}
	case 1:
		return [3]float64{falling, value, least}
	case 2:
		return [3]float64{least, value, rising}
	case 3:
		return [3]float64{least, falling, value}
	case 4:
		return [3]float64{rising, least, value}
	default:
		return [3]float64{value, least, falling}
	}
}
