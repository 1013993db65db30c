package corrupt

import "math/rand/v2"

// contrast brings every channel's values nearer to that channel's mean over the image; the strength
// is what is left of the distance.
func contrast(p picture, severity int, _ *rand.Rand) picture {
	left := strengths[float64]{
		cifar:    [...]float64{.75, .5, .4, .3, .15},
		imagenet: [...]float64{.4, .3, .2, .1, .05},
	}.at(severity, p)
	var means [3]float64
	for i, v := range p.pix {
		means[i%3] += v
	}
	for c := range means {
		means[c] /= float64(p.height * p.width)
	}
	for i, v := range p.pix {
		p.pix[i] = (v-means[i%3])*left + means[i%3]
	}
	return p
}
