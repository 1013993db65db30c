package corrupt

import (
	"math"
	"math/rand/v2"
)

// zoomBlur is a camera that came nearer: the mean of the image and of its middle at several
// magnifications.
func zoomBlur(p picture, severity int, _ *rand.Rand) picture {
	type zooms struct {
		step  float64 // between magnifications, the first of which is 1
		count int
	}
	z := strengths[zooms]{
		cifar:    [...]zooms{{.01, 7}, {.01, 12}, {.01, 16}, {.01, 21}, {.01, 26}},
		imagenet: [...]zooms{{.01, 12}, {.01, 16}, {.02, 11}, {.02, 13}, {.03, 11}},
	}.at(severity, p)
	sum := p.clone()
	step := (1 + z.step) - 1 // NumPy's, to the last bit: 70 pixels times 1.15 are 80 or 81
	for k := range z.count {
		for i, v := range p.zoom(1 + float64(float64(k)*step)).pix { // converted, so that nothing is fused
			sum.pix[i] += v
		}
	}
	for i := range sum.pix {
		sum.pix[i] /= float64(z.count + 1)
	}
	return sum
}

// zoom magnifies the middle to the picture's size by a factor of at least 1, bilinearly.
func (p picture) zoom(factor float64) picture {
	return p.bothWays(func(n int) []window { return zoomWindows(n, factor) })
}

// zoomWindows are those of n positions. As scipy's zoom does it, the middle is made a whole number
// of pixels larger, with its outermost pixel centres on the outermost ones of the result, and then
// trimmed.
func zoomWindows(n int, factor float64) []window {
	middle := int(math.Ceil(float64(n) / factor))
	first := (n - middle) / 2
	large := int(math.RoundToEven(float64(middle) * factor))
	trim := (large - n) / 2
	windows, weights := make([]window, n), make([]float64, 2*n)
	for i := range windows {
		own := weights[2*i : 2*i+2]
		var at float64
		if large > 1 {
			at = float64(i+trim) * float64(middle-1) / float64(large-1)
		}
		low := int(at)
		if low >= middle-1 {
			own[0] = 1
			windows[i] = window{first + middle - 1, own[:1]}
			continue
		}
		own[0], own[1] = 1-(at-float64(low)), at-float64(low)
		windows[i] = window{first + low, own}
	}
	return windows
}
