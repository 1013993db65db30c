package data

import "math"

// weave is a way to make a pattern.
type weave int

const (
	stripes weave = iota
	bricks
	stones
	dots
	clouds
	twill
	grain
	weaves
)

var weaveNames = [weaves]string{"stripes", "bricks", "stones", "dots", "clouds", "twill", "grain"}

// pattern is a way to make one with its measures, which all pieces of it share. At another size of
// the images it is drawn larger, so that a piece shows as much of it.
type pattern struct {
	weave     weave
	direction float64 // in radians
	period    float64 // in 32nds of the image's side
	aspect    float64 // of the period across to the one along
	ripple    float64 // how far it is off the straight, in [0, 1)
	a, b, c   float64 // measures that each weave reads as it likes, in [0, 1)
}

// newPattern draws the measures of one.
func newPattern(r *rng, w weave) pattern {
	return pattern{
		weave: w, direction: r.between(0, math.Pi), period: r.logBetween(3.5, 9), aspect: r.logBetween(1, 2.2),
		ripple: r.float() * r.float(), a: r.float(), b: r.float(), c: r.float(),
	}
}

// at is the share of the lighter colour at a point, in [0, 1]. Coordinates are in periods of the
// pattern; seed is that of the piece, for what is not regular.
func (p pattern) at(u, v float64, seed uint64) float64 {
	bend := 1.2 * p.ripple
	u, v = u+bend*(valueNoise(.7*u, .7*v, seed+7)-.5), v+bend*(valueNoise(.7*u+9, .7*v, seed+8)-.5)
	switch p.weave {
	case stripes: // a: how wide the darker ones are.
		return sigmoid(6 * (math.Sin(2*math.Pi*u) - 1.2*(p.a-.5)))
	case bricks: // a: their length; b: how far a course is moved, by 0, a quarter or a half; c: the joints.
		long, course := 1+1.5*p.a, math.Floor(v)
		x, y := fraction(u/long+course*math.Round(2*p.b)/4), fraction(v)
		toJoint := min(min(x, 1-x)*long, min(y, 1-y))
		return sigmoid(25 * (toJoint - .08 - .1*p.c))
	case stones: // a: how irregular; b: the joints.
		nearest, second := toCells(u, v, .5+.5*p.a, seed)
		return sigmoid(14 * (second - nearest - .1 - .25*p.b))
	case dots: // a: how irregular; b: their size; c: how far a row is moved.
		nearest, _ := toCells(u+.5*p.c*math.Floor(v), v, .5*p.a, seed)
		return sigmoid(16 * (.2 + .22*p.b - nearest))
	case clouds: // a, b: finer ones; c: contrast.
		fine, finest := 2*p.a*.5, 2*p.b*.3
		sum := valueNoise(u, v, seed) + fine*valueNoise(2*u, 2*v, seed+1) + finest*valueNoise(4*u, 4*v, seed+2)
		return sigmoid((4 + 12*p.c) * (sum/(1+fine+finest) - .5))
	case twill: // a: the threads across; b: how many threads go together, 1 to 3.
		together := 1 + math.Round(2*p.b)
		if math.Mod(math.Floor(2*u/together)+math.Floor(2*v/together), 2) == 0 {
			return sigmoid(5 * math.Sin(2*math.Pi*u))
		}
		return sigmoid(5 * math.Sin(2*math.Pi*v*(1+p.a)))
	default: // Grain, as of wood. a: how long; b: how many lines; c: contrast.
		bent := valueNoise(.6*u, (.15+.5*p.a)*v, seed)
		return sigmoid((4 + 4*p.c) * math.Sin(2*math.Pi*((2+3*p.b)*bent+.4*u)))
	}
}

// toCells are the distances to the nearest and the second nearest of points, one in each square of
// the lattice: in its middle, or anywhere within irregular/2 of it (Worley, "A cellular texture basis
// function", SIGGRAPH 1996).
func toCells(x, y, irregular float64, seed uint64) (nearest, second float64) {
	nearest, second = math.Inf(1), math.Inf(1)
	for i := int64(math.Floor(x)) - 1; i <= int64(math.Floor(x))+1; i++ {
		for j := int64(math.Floor(y)) - 1; j <= int64(math.Floor(y))+1; j++ {
			dx := float64(i) + .5 + irregular*(lattice(i, j, seed)-.5) - x
			dy := float64(j) + .5 + irregular*(lattice(i, j, seed+1)-.5) - y
			switch d := math.Sqrt(dx*dx + dy*dy); {
			case d < nearest:
				nearest, second = d, nearest
			case d < second:
				second = d
			}
		}
	}
	return nearest, second
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// fraction is what x is above the integer below it.
func fraction(x float64) float64 { return x - math.Floor(x) }

// swatch is a piece that is cut of a pattern.
type swatch struct {
	of          pattern
	seed        uint64
	cos, sin    float64 // of its direction
	along       float64 // pixels of a period
	left, top   float64 // where it is cut, in periods
	dark, light rgb
	lightX      float64 // how much lighter the right edge is than the middle, as a share
	lightY      float64 // and the lower one
	stains      []stain
}

// stain is an ellipse of one colour, in pixels.
type stain struct {
	x, y, width, height float64 // Centre and half axes.
	colour              rgb
}

// How pieces of a pattern differ.
const (
	turnedBy   = .25 // either way, in radians
	scaledBy   = 1.5 // from the smallest to the largest
	leastLuma  = .25 // between the two colours
	unevenBy   = .3  // from the middle to an edge, as a share
	stained    = .2  // probability of a stain, and of each more
	mostStains = 4
	smallStain = 3. // half an axis, in 32nds of the side
	largeStain = 8.
	cutsWithin = 100. // periods
	pixelNoise = .055 // either way, of the full range
)

// cut draws what a piece is of a pattern.
func cut(r *rng, of pattern, size int) swatch {
	direction := of.direction + r.between(-turnedBy, turnedBy)
	unit := float64(size) / 32
	p := swatch{
		of: of, seed: r.uint64(), cos: math.Cos(direction), sin: math.Sin(direction),
		along: unit * of.period * r.logBetween(1/math.Sqrt(scaledBy), math.Sqrt(scaledBy)),
		left:  r.between(0, cutsWithin), top: r.between(0, cutsWithin),
	}
	for p.dark, p.light = anyColour(r), anyColour(r); p.light.luma()-p.dark.luma() < leastLuma; {
		p.dark, p.light = anyColour(r), anyColour(r)
	}
	p.lightX, p.lightY = r.between(-unevenBy, unevenBy), r.between(-unevenBy, unevenBy)
	for len(p.stains) < mostStains && r.chance(stained) {
		side := float64(size)
		p.stains = append(p.stains, stain{
			x: r.between(0, side), y: r.between(0, side), width: unit * r.between(smallStain, largeStain),
			height: unit * r.between(smallStain, largeStain), colour: anyColour(r),
		})
	}
	return p
}

func anyColour(r *rng) rgb { return rgb{r.float(), r.float(), r.float()} }

// draw draws it, [size, size, 3].
func (p swatch) draw(r *rng, size int, pix []uint8) {
	across, middle := p.along*p.of.aspect, float64(size-1)/2
	for y := range size {
		for x := range size {
			fx, fy := float64(x), float64(y)
			u, v := (p.cos*fx+p.sin*fy)/p.along+p.left, (p.cos*fy-p.sin*fx)/across+p.top
			share := p.of.at(u, v, p.seed)
			bright := 1 + p.lightX*(fx/middle-1) + p.lightY*(fy/middle-1)
			var c rgb
			for k := range c {
				c[k] = (p.dark[k] + share*(p.light[k]-p.dark[k])) * bright
			}
			for _, s := range p.stains {
				if dx, dy := (fx-s.x)/s.width, (fy-s.y)/s.height; dx*dx+dy*dy < 1 {
					c = s.colour
				}
			}
			word := r.uint64() // Three uniform values of 21 bits.
			for k, value := range c {
				noise := pixelNoise * (float64(word&(1<<21-1))/(1<<20) - 1)
				word >>= 21
				pix[3*(size*y+x)+k] = uint8(255*min(max(value+noise, 0), 1) + .5)
			}
		}
	}
}
