package corrupt

import (
	"math/rand/v2"
	"slices"
)

// plasma is the upper left part, [height, width, 1], of a square fractal by the diamond-square
// algorithm (Fournier, Fussell and Carpenter, "Computer rendering of stochastic models", CACM 25,
// 1982) on a torus. The whole square, whose side is the power of two that is not below height and
// width, spans [0, 1]. From one scale to the next, the half as large one, the deviations become
// smaller by decay²: 1 is noise, 3 is smooth.
func plasma(height, width int, decay float64, random *rand.Rand) picture {
	side := 2 // of one pixel, nothing would span [0, 1]
	for side < max(height, width) {
		side *= 2
	}
	values := make([]float64, side*side)
	at := func(y, x int) *float64 { return &values[(y&(side-1))*side+x&(side-1)] }
	deviation := 1.
	for step := side; step >= 2; step /= 2 {
		half := step / 2
		for y := half; y < side; y += step {
			for x := half; x < side; x += step {
				corners := *at(y-half, x-half) + *at(y-half, x+half) + *at(y+half, x-half) + *at(y+half, x+half)
				*at(y, x) = corners/4 + deviation*uniform(random, -1, 1)
			}
		}
		for y := 0; y < side; y += half {
			for x := (y + half) % step; x < side; x += step {
				sides := *at(y-half, x) + *at(y+half, x) + *at(y, x-half) + *at(y, x+half)
				*at(y, x) = sides/4 + deviation*uniform(random, -1, 1)
			}
		}
		deviation /= decay * decay
	}
	low, high := slices.Min(values), slices.Max(values)
	out := blank(height, width, 1)
	for y := range height {
		for x := range width {
			out.pix[out.at(y, x)] = (*at(y, x) - low) / (high - low)
		}
	}
	return out
}
