package corrupt

import (
	"math"
	"math/rand/v2"
)

// smear is a motion blur's radius and standard deviation, in pixels.
type smear struct {
	radius int
	sigma  float64
}

// motionBlur is a camera that moved in a direction within 45° of the horizontal.
func motionBlur(p picture, severity int, random *rand.Rand) picture {
	s := strengths[smear]{
		cifar:    [...]smear{{6, 1}, {6, 1.5}, {6, 2}, {8, 2}, {9, 2.5}},
		imagenet: [...]smear{{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}},
	}.at(severity, p)
	return s.blur(p, uniform(random, -45, 45))
}

// blur is ImageMagick's motion blur, which the authors call: a pixel and the 2·radius ones next to
// it in the direction of the angle (in degrees, clockwise from the right; to whole pixels),
// weighted by half a Gaussian. The outermost pixels are repeated outside, and the result is cut off
// to 8 bits, as ImageMagick 6 does it.
func (s smear) blur(p picture, degrees float64) picture {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	steps := 2*s.radius + 1
	weights := make([]float64, steps)
	var sum float64
	for i := range weights {
		weights[i] = math.Exp(-float64(i*i) / (2 * s.sigma * s.sigma))
		sum += weights[i]
	}
	out := blank(p.height, p.width, p.channels)
	for i, weight := range weights {
		weight /= sum
		dy, dx := int(math.Ceil(float64(i)*sin-.5)), int(math.Ceil(float64(i)*cos-.5))
		for y := range p.height {
			from := nearest(y+dy, p.height)
			for x := range p.width {
				at, to := p.at(from, nearest(x+dx, p.width)), out.at(y, x)
				for c := range p.channels {
					out.pix[to+c] += weight * p.pix[at+c]
				}
			}
		}
	}
	out.cutOff()
	return out
}

func uniform(random *rand.Rand, low, high float64) float64 { return low + (high-low)*random.Float64() }
