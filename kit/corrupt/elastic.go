package corrupt

import (
	"math"
	"math/rand/v2"
)

// elastic bends the image: a random affine map, then a random smooth displacement of every pixel.
//
// P. Y. Simard, D. Steinkraus and J. C. Platt, "Best Practices for Convolutional Neural Networks
// Applied to Visual Document Analysis", ICDAR 2003.
func elastic(p picture, severity int, random *rand.Rand) picture {
	type rubber struct{ displacement, smoothness, corners float64 } // relative to the shorter side
	r := strengths[rubber]{
		cifar: [...]rubber{{0, 0, .08}, {.05, .2, .07}, {.08, .06, .06}, {.1, .04, .05}, {.1, .03, .03}},
		// Of 224 pixels the authors take 244 times these; the 244/224 below is that.
		imagenet: [...]rubber{{2, .7, .1}, {2, .08, .2}, {.05, .01, .02}, {.07, .01, .02}, {.12, .01, .02}},
	}.at(severity, p)
	side := float64(min(p.height, p.width))
	if side > cifarSide {
		side *= 244. / 224
	}
	p = p.affine(cornerMap(p.height, p.width, side*r.corners, random))

	field := func() picture {
		f := blank(p.height, p.width, 1)
		for i := range f.pix {
			f.pix[i] = uniform(random, -1, 1) * side * r.displacement
		}
		const truncate = 3
		return f.gaussian(side*r.smoothness, truncate, mirror)
	}
	dx, dy := field(), field()
	out := blank(p.height, p.width, p.channels)
	for y := range p.height {
		for x := range p.width {
			i := y*p.width + x
			p.bilinear(float64(y)+dy.pix[i], float64(x)+dx.pix[i], mirror, out.pix[i*p.channels:][:p.channels])
		}
	}
	return out
}

// bilinear reads the picture between pixels, whose centres are whole numbers; pixel takes a value
// for each channel.
func (p picture) bilinear(y, x float64, edge border, pixel []float64) {
	top, left := math.Floor(y), math.Floor(x)
	down, right := y-top, x-left
	for _, corner := range [4]struct {
		dy, dx int
		weight float64
	}{{0, 0, (1 - down) * (1 - right)}, {0, 1, (1 - down) * right}, {1, 0, down * (1 - right)}, {1, 1, down * right}} {
		if corner.weight == 0 {
			continue
		}
		at := p.at(edge(int(top)+corner.dy, p.height), edge(int(left)+corner.dx, p.width))
		for c := range pixel {
			pixel[c] += corner.weight * p.pix[at+c]
		}
	}
}

// affineMap takes an output pixel (x, y) to the input point (m[0][0]·x + m[0][1]·y + m[0][2],
// m[1][0]·x + ...).
type affineMap [2][3]float64

// affine shows the picture through a map, with what lies outside mirrored.
func (p picture) affine(m affineMap) picture {
	out := blank(p.height, p.width, p.channels)
	for y := range p.height {
		for x := range p.width {
			fx, fy := float64(x), float64(y)
			fromX, fromY := m[0][0]*fx+m[0][1]*fy+m[0][2], m[1][0]*fx+m[1][1]*fy+m[1][2]
			p.bilinear(fromY, fromX, mirrorInside, out.pix[out.at(y, x):][:p.channels])
		}
	}
	return out
}

// cornerMap moves three corners of a square in the middle, a third of the shorter side away from
// the centre either way, by up to reach pixels each way, and the whole plane with them.
func cornerMap(height, width int, reach float64, random *rand.Rand) affineMap {
	centreX, centreY := float64(width/2), float64(height/2)
	away := float64(max(1, min(height, width)/3))
	corners := [3][2]float64{
		{centreX + away, centreY + away}, {centreX + away, centreY - away}, {centreX - away, centreY - away},
	}
	moved := corners
	for i := range moved {
		for k := range moved[i] {
			moved[i][k] += uniform(random, -reach, reach)
		}
	}
	return mapOf(moved, corners)
}

// mapOf is the map that takes three output points (x, y) to three input points.
func mapOf(output, input [3][2]float64) affineMap {
	// It is linear in the differences of the points, of which two make a basis.
	ux, uy := output[0][0]-output[1][0], output[0][1]-output[1][1]
	vx, vy := output[1][0]-output[2][0], output[1][1]-output[2][1]
	determinant := ux*vy - uy*vx
	var m affineMap
	for k := range m {
		u, v := input[0][k]-input[1][k], input[1][k]-input[2][k]
		m[k][0] = (u*vy - v*uy) / determinant
		m[k][1] = (v*ux - u*vx) / determinant
		m[k][2] = input[1][k] - m[k][0]*output[1][0] - m[k][1]*output[1][1]
	}
	return m
}
