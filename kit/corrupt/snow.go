package corrupt

import "math/rand/v2"

// luma are the weights of red, green and blue in grey, ITU-R 601's.
var luma = [3]float64{.299, .587, .114}

// snow whitens the image and lets flakes fall over it: normal noise, magnified, what is above a
// threshold, smeared downwards; and the same flakes turned by 180°.
func snow(p picture, severity int, random *rand.Rand) picture {
	type weather struct {
		mean, sigma float64 // of the noise
		zoom        float64 // the flakes' magnification
		threshold   float64 // under which there is no flake
		fall        smear
		keep        float64 // share of the image that is not whitened
	}
	w := strengths[weather]{
		cifar: [...]weather{
			{.1, .2, 1, .6, smear{8, 3}, .95},
			{.1, .2, 1, .5, smear{10, 4}, .9},
			{.15, .3, 1.75, .55, smear{10, 4}, .9},
			{.25, .3, 2.25, .6, smear{12, 6}, .85},
			{.3, .3, 1.25, .65, smear{14, 12}, .8},
		},
		imagenet: [...]weather{
			{.1, .3, 3, .5, smear{10, 4}, .8},
			{.2, .3, 2, .5, smear{12, 4}, .7},
			{.55, .3, 4, .9, smear{12, 8}, .7},
			{.55, .3, 4.5, .85, smear{12, 8}, .65},
			{.55, .3, 2.5, .85, smear{12, 12}, .55},
		},
	}.at(severity, p)

	direction := uniform(random, -135, -45)
	flakes := blank(p.height, p.width, 1)
	for i := range flakes.pix {
		flakes.pix[i] = w.mean + w.sigma*random.NormFloat64()
	}
	flakes = flakes.zoom(w.zoom)
	for i, v := range flakes.pix {
		if v < w.threshold {
			flakes.pix[i] = 0
		}
	}
	flakes.cutOff()
	flakes = w.fall.blur(flakes, direction)

	pixels := len(flakes.pix)
	for i := range pixels {
		pixel := p.pix[3*i : 3*i+3]
		var grey float64
		for c, v := range pixel {
			grey += luma[c] * v
		}
		fallen := flakes.pix[i] + flakes.pix[pixels-1-i] // turned by 180°, the last pixel is the first
		for c, v := range pixel {
			pixel[c] = w.keep*v + (1-w.keep)*max(v, 1.5*grey+.5) + fallen
		}
	}
	return p
}
