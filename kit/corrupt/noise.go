package corrupt

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// gaussianNoise adds normal noise to every value; the strength is its standard deviation, with
// white as 1.
func gaussianNoise(p picture, severity int, random *rand.Rand) picture {
	sigma := strengths[float64]{
		cifar:    [...]float64{.04, .06, .08, .09, .10},
		imagenet: [...]float64{.08, .12, .18, .26, .38},
	}.at(severity, p)
	for i := range p.pix {
		p.pix[i] += sigma * random.NormFloat64()
	}
	return p
}

// shotNoise counts photons: every value is a Poisson variate over the strength, which is the mean
// count for white. The variance is value/strength.
func shotNoise(p picture, severity int, random *rand.Rand) picture {
	photons := strengths[float64]{
		cifar:    [...]float64{500, 250, 100, 75, 50},
		imagenet: [...]float64{60, 25, 12, 5, 3},
	}.at(severity, p)
	for i, v := range p.pix {
		if v > 0 { // black has no photons, and gonum no Poisson of mean 0
			p.pix[i] = distuv.Poisson{Lambda: v * photons, Src: random}.Rand() / photons
		}
	}
	return p
}

// impulseNoise replaces values by 0 or 1, with equal chances ("salt and pepper", of each channel by
// itself, so that it is coloured); the strength is the probability.
func impulseNoise(p picture, severity int, random *rand.Rand) picture {
	amount := strengths[float64]{
		cifar:    [...]float64{.01, .02, .03, .05, .07},
		imagenet: [...]float64{.03, .06, .09, .17, .27},
	}.at(severity, p)
	for i := range p.pix {
		hit, salt := random.Float64() < amount, random.Float64() < .5
		if hit {
			p.pix[i] = 0
			if salt {
				p.pix[i] = 1
			}
		}
	}
	return p
}
