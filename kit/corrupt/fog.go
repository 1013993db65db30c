package corrupt

import (
	"math/rand/v2"
	"slices"
)

// fog adds a plasma fractal and darkens the sum, so that what was brightest stays as bright where
// the fog is thickest.
func fog(p picture, severity int, random *rand.Rand) picture {
	type weather struct{ density, decay float64 }
	w := strengths[weather]{
		cifar:    [...]weather{{.2, 3}, {.5, 3}, {.75, 2.5}, {1, 2}, {1.5, 1.75}},
		imagenet: [...]weather{{1.5, 2}, {2, 2}, {2.5, 1.7}, {2.5, 1.5}, {3, 1.4}},
	}.at(severity, p)
	brightest := slices.Max(p.pix)
	scale := brightest / (brightest + w.density)
	mist := plasma(p.height, p.width, w.decay, random)
	for i, v := range p.pix {
		p.pix[i] = (v + w.density*mist.pix[i/3]) * scale
	}
	return p
}
