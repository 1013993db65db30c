package corrupt

import (
	"math"
	"math/rand/v2"
)

// frost blends ice crystals over the image.
//
// The authors blend in photographs of frosted windows. Those are not shipped here: the frost is
// drawn, by ice, and is not theirs. Its mean brightness, spread and tint are about those of their
// photographs, and images of data.Shapes at 32×32 come out as far from the clean ones (mean squared
// distance, within 7 %); what it does to a classifier need not be the same. The two weights of
// image and frost, and the scale (full for ImageNet-C, every fifth pixel for CIFAR-10-C), are
// theirs.
func frost(p picture, severity int, random *rand.Rand) picture {
	type weather struct{ image, ice float64 }
	w := strengths[weather]{
		cifar:    [...]weather{{1, .2}, {1, .3}, {.9, .4}, {.85, .4}, {.75, .45}},
		imagenet: [...]weather{{1, .4}, {.8, .6}, {.7, .7}, {.65, .7}, {.6, .75}},
	}.at(severity, p)
	every := strengths[float64]{
		cifar:    [...]float64{5, 5, 5, 5, 5},
		imagenet: [...]float64{1, 1, 1, 1, 1},
	}.at(severity, p)
	for i, v := range ice(p.height, p.width, every, random).pix {
		p.pix[i] = w.image*p.pix[i] + w.ice*v
	}
	return p
}

// ice draws a frosted window, [height, width, 3]: feathers of ice in front of an uneven film.
// Lengths below are in points; the picture shows one of every so many points each way.
func ice(height, width int, every float64, random *rand.Rand) picture {
	window := pane{blank(height, width, 1), every}
	rows, cols := float64(height)*every, float64(width)*every
	const apart = 38 // the mean distance of the seeds from which feathers grow
	const margin = 40
	for range int((rows+2*margin)*(cols+2*margin)/(apart*apart)) + 1 {
		y, x := uniform(random, -margin, rows+margin), uniform(random, -margin, cols+margin)
		heading := uniform(random, 0, 2*math.Pi)
		for feather := range 2 + random.IntN(3) {
			window.feather(y, x, heading+.6*float64(feather)+uniform(random, -.2, .2), uniform(random, 25, 85), random)
		}
	}
	film := plasma(height, width, 1.8, random)
	base := uniform(random, .3, .7)
	out := blank(height, width, 3)
	for i, crystal := range window.pix {
		v := clamp(base + .25*(film.pix[i]-.5) + .35*crystal)
		pixel := out.pix[3*i : 3*i+3]
		pixel[0], pixel[1], pixel[2] = v*(.7+.3*v), v*(.9+.1*v), v // bluish in the dark, white where it is bright
	}
	return out
}

// pane is a picture of one channel that shows one of every so many points each way.
type pane struct {
	picture
	every float64
}

// feather draws a stem with side branches at 60°, the angle of ice, that become shorter towards its
// tip.
func (p pane) feather(y, x, heading, length float64, random *rand.Rand) {
	const spacing, angle = 4, math.Pi / 3
	shine := uniform(random, .4, 1)
	sin, cos := math.Sincos(heading)
	p.needle(y, x, y+length*sin, x+length*cos, shine)
	for at := spacing / 2.; at < length; at += spacing {
		for _, side := range [2]float64{-angle, angle} {
			branch := .5 * (length - at) * uniform(random, .6, 1)
			dy, dx := math.Sincos(heading + side)
			rootY, rootX := y+at*sin, x+at*cos
			p.needle(rootY, rootX, rootY+branch*dy, rootX+branch*dx, shine*uniform(random, .5, 1))
		}
	}
}

// needle draws a line that is about two points wide and as bright as shine, in [0, 1], where
// nothing brighter is.
func (p pane) needle(y0, x0, y1, x1, shine float64) {
	const halfWidth, soft = .6, 1.
	reach := halfWidth + soft
	top, bottom := p.span(min(y0, y1)-reach, max(y0, y1)+reach, p.height)
	left, right := p.span(min(x0, x1)-reach, max(x0, x1)+reach, p.width)
	dy, dx := y1-y0, x1-x0
	square := max(dy*dy+dx*dx, 1e-9)
	for row := top; row <= bottom; row++ {
		for col := left; col <= right; col++ {
			y, x := float64(row)*p.every-y0, float64(col)*p.every-x0
			along := clamp((y*dy + x*dx) / square)
			distance := math.Hypot(y-along*dy, x-along*dx)
			v := shine * clamp((reach-distance)/soft)
			p.pix[p.at(row, col)] = max(p.pix[p.at(row, col)], v)
		}
	}
}

// span are the first and the last of n rows or columns that lie between two points.
func (p pane) span(low, high float64, n int) (first, last int) {
	return max(0, int(math.Ceil(low/p.every))), min(n-1, int(math.Floor(high/p.every)))
}
