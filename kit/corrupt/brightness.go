package corrupt

import "math/rand/v2"

// brightness adds to the value (V of HSV, the greatest of red, green and blue) of every pixel and
// keeps hue and saturation. With these fixed, the channels are proportional to the value, so no
// conversion is needed; black becomes grey.
func brightness(p picture, severity int, _ *rand.Rand) picture {
	more := strengths[float64]{
		cifar:    [...]float64{.05, .1, .15, .2, .3},
		imagenet: [...]float64{.1, .2, .3, .4, .5},
	}.at(severity, p)
	for i := 0; i < len(p.pix); i += 3 {
		pixel := p.pix[i : i+3]
		value := max(pixel[0], pixel[1], pixel[2])
		if value == 0 {
			pixel[0], pixel[1], pixel[2] = more, more, more
			continue
		}
		scale := min(value+more, 1) / value
		for c := range pixel {
			pixel[c] *= scale
		}
	}
	return p
}
