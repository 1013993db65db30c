package corrupt

import "math"

// window is what one output position along an axis takes of the input positions first, first+1, ...
type window struct {
	first   int
	weights []float64
}

// separable makes [len(down), len(across), channels] of a picture: columns through down, rows
// through across.
func (p picture) separable(down, across []window) picture {
	between := blank(p.height, len(across), p.channels)
	for y := range p.height {
		for x, w := range across {
			out := between.at(y, x)
			for k, weight := range w.weights {
				in := p.at(y, w.first+k)
				for c := range p.channels {
					between.pix[out+c] += weight * p.pix[in+c]
				}
			}
		}
	}
	result := blank(len(down), len(across), p.channels)
	line := len(across) * p.channels
	for y, w := range down {
		out := result.pix[y*line : (y+1)*line]
		for k, weight := range w.weights {
			for i, v := range between.pix[(w.first+k)*line : (w.first+k+1)*line] {
				out[i] += weight * v
			}
		}
	}
	return result
}

// gaussian blurs with a standard deviation in pixels; 0 changes nothing. The filter ends where
// scipy ends it, at truncate standard deviations, rounded.
func (p picture) gaussian(sigma, truncate float64, edge border) picture {
	return p.bothWays(func(n int) []window { return gaussianWindows(n, sigma, truncate, edge) })
}

// bothWays is separable with the windows that of gives for the height and for the width.
func (p picture) bothWays(of func(n int) []window) picture {
	down := of(p.height)
	across := down
	if p.width != p.height {
		across = of(p.width)
	}
	return p.separable(down, across)
}

// gaussianWindows are those of n positions. What the filter takes from outside is added to the
// pixel that stands for it, so that a filter wider than the picture costs no more than the
// picture's own width.
func gaussianWindows(n int, sigma, truncate float64, edge border) []window {
	radius := int(truncate*sigma + .5)
	filter := make([]float64, 2*radius+1)
	var sum float64
	for k := range filter {
		d := float64(k - radius)
		filter[k] = 1
		if d != 0 {
			filter[k] = math.Exp(-d * d / (2 * sigma * sigma))
		}
		sum += filter[k]
	}
	windows, all := make([]window, n), make([]float64, n*min(n, len(filter)))
	for i := range windows {
		first, last := max(0, i-radius), min(n-1, i+radius)
		weights := all[:last-first+1]
		all = all[len(weights):]
		for k, v := range filter {
			weights[edge(i+k-radius, n)-first] += v / sum
		}
		windows[i] = window{first, weights}
	}
	return windows
}
