package corrupt

import "math/rand/v2"

// glassBlur looks through frosted glass: pixels take the colours of near ones, between two slight
// Gaussian blurs.
//
// The authors mean to swap neighbours, but what their code swaps are two views of one array, so
// that the one pixel is copied over the other. Their published images are made so, and so are
// these.
func glassBlur(p picture, severity int, random *rand.Rand) picture {
	type glass struct {
		sigma float64 // of the blurs, in pixels
		reach int     // offsets are drawn from -reach to reach-1, in pixels
		times int
	}
	g := strengths[glass]{
		cifar:    [...]glass{{.05, 1, 1}, {.25, 1, 1}, {.4, 1, 1}, {.25, 1, 2}, {.4, 1, 2}},
		imagenet: [...]glass{{.7, 1, 2}, {.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}},
	}.at(severity, p)

	const truncate = 4
	p = p.gaussian(g.sigma, truncate, nearest)
	p.cutOff()
	for range g.times {
		for y := p.height - g.reach; y > g.reach; y-- {
			for x := p.width - g.reach; x > g.reach; x-- {
				dx, dy := random.IntN(2*g.reach)-g.reach, random.IntN(2*g.reach)-g.reach
				copy(p.pix[p.at(y, x):][:p.channels], p.pix[p.at(y+dy, x+dx):])
			}
		}
	}
	return p.gaussian(g.sigma, truncate, nearest)
}
