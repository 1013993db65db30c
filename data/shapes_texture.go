package data

import "math"

// texture is a fill: how two inks share a surface.
type texture int

const (
	plain texture = iota
	striped
	checked
	dotted
	noisy
	graded
	textures
)

var textureNames = [textures]string{"plain", "striped", "checked", "dotted", "noisy", "graded"}

// at is the share of the second ink at a point, in [0, 1]. Coordinates are in
// periods of the texture; edge is the width of a pixel in the same unit, over
// which the inks blend. span is the extent of a gradient, in periods.
func (t texture) at(x, y, edge, span float64, seed uint64) float64 {
	switch t {
	case striped:
		return step(triangleWave(x)/2, edge)
	case checked:
		// The product of two square waves, each softened by a pixel.
		a, b := 2*step(triangleWave(x/1.3)*0.65, edge)-1, 2*step(triangleWave(y/1.3)*0.65, edge)-1
		return (1 - a*b) / 2
	case dotted:
		fx, fy := x-math.Floor(x)-0.5, y-math.Floor(y)-0.5
		return step(0.32-math.Sqrt(fx*fx+fy*fy), edge)
	case noisy:
		return step((valueNoise(x*1.6, y*1.6, seed)-0.5)*0.8, edge)
	case graded:
		return min(max(x/span+0.5, 0), 1)
	}
	return 0
}

// step goes from 0 to 1 as a signed distance goes from -edge/2 to edge/2: the
// area that a straight edge covers of a pixel.
func step(distance, edge float64) float64 { return min(max(distance/edge+0.5, 0), 1) }

// triangleWave has period 1, slope ±2 around its zeros, and is positive for
// half of the period; half of it is the signed distance to the zeros' edges.
func triangleWave(x float64) float64 {
	f := x - math.Floor(x)
	return 0.5 - math.Abs(2*f-1)
}

// valueNoise interpolates random values on the integer lattice, smoothly.
func valueNoise(x, y float64, seed uint64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	tx, ty := x-fx, y-fy
	tx, ty = tx*tx*(3-2*tx), ty*ty*(3-2*ty)
	ix, iy := int64(fx), int64(fy)
	top := lattice(ix, iy, seed)*(1-tx) + lattice(ix+1, iy, seed)*tx
	bottom := lattice(ix, iy+1, seed)*(1-tx) + lattice(ix+1, iy+1, seed)*tx
	return top*(1-ty) + bottom*ty
}

func lattice(x, y int64, seed uint64) float64 {
	return float64(mix64(seed^uint64(x)*golden^uint64(y)*0xd1342543de82ef95)>>40) / (1 << 24)
}

// rgb is a colour, components in [0, 1].
type rgb [3]float64

// shadeOf is a colour of a given hue (in turns), saturation and luma (Rec. 601
// weights). A pure hue is darkened or mixed with white until its luma is right,
// so that contrast can be chosen independently of the hue.
func shadeOf(hue, saturation, luma float64) rgb {
	var c rgb
	for k := range c {
		// A component is 1 for a third of the turn around its own hue, and
		// falls to 0 over the sixths beside it.
		turn := hue - float64(k)/3
		away := math.Abs(turn-math.Round(turn)) * 6
		pure := min(max(2-away, 0), 1)
		c[k] = 1 - saturation + saturation*pure
	}
	luma = min(max(luma, 0), 1)
	y := c.luma()
	for k := range c {
		if luma <= y {
			c[k] *= luma / y
		} else {
			c[k] += (1 - c[k]) * (luma - y) / (1 - y)
		}
	}
	return c
}

// luma is the brightness of a colour, by Rec. 601 weights.
func (c rgb) luma() float64 { return 0.299*c[0] + 0.587*c[1] + 0.114*c[2] }
