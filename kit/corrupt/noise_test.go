package corrupt

import (
	"math"
	"testing"
)

// Cutting off to levels takes half a level from the mean and adds a twelfth to the variance. Values
// are so far from 0 and 255 that next to nothing is clamped. The variance of n normal values is
// known to sqrt(2/n) = 1.3 %.
func TestNoiseHasItsFormulasVariance(t *testing.T) {
	for _, test := range []struct {
		c        Corruption
		severity int
		size     int
		grey     uint8
		variance float64
	}{
		{GaussianNoise, 1, 64, 128, .04 * .04},
		{GaussianNoise, 3, 64, 128, .08 * .08},
		{GaussianNoise, 5, 64, 128, .1 * .1},
		{GaussianNoise, 2, 68, 128, .12 * .12},
		{ShotNoise, 1, 64, 128, 128. / 255 / 500},
		{ShotNoise, 3, 64, 64, 64. / 255 / 100},
		{ShotNoise, 5, 64, 128, 128. / 255 / 50},
		{ShotNoise, 5, 64, 32, 32. / 255 / 50},
		{ShotNoise, 3, 68, 51, 51. / 255 / 12},
	} {
		mean, variance := moments(apply(t, test.c, test.severity, flat(test.size, test.grey), test.size, 1))
		want := 255*255*test.variance + 1./12
		if math.Abs(mean-float64(test.grey)+.5) > 5*math.Sqrt(want/12288) || math.Abs(variance/want-1) > .06 {
			t.Errorf("%v, severity %d of grey %d: mean %.2f, variance %.1f, want %.1f",
				test.c, test.severity, test.grey, mean, variance, want)
		}
	}
}

func TestShotNoiseLeavesBlack(t *testing.T) {
	if mean, variance := moments(apply(t, ShotNoise, 5, flat(32, 0), 32, 1)); mean != 0 || variance != 0 {
		t.Error(mean, variance)
	}
}

func TestImpulseNoiseHasItsShare(t *testing.T) {
	const size = 200 // 120,000 values
	for severity, amount := range [...]float64{.03, .06, .09, .17, .27} {
		counts := map[uint8]float64{}
		for _, v := range apply(t, ImpulseNoise, severity+1, flat(size, 100), size, 1) {
			counts[v] += 1. / (size * size * 3)
		}
		for v, want := range map[uint8]float64{0: amount / 2, 255: amount / 2, 100: 1 - amount} {
			if math.Abs(counts[v]-want) > 5*math.Sqrt(want*(1-want)/(size*size*3)) {
				t.Errorf("severity %d: %.4f of the values are %d, want %.4f", severity+1, counts[v], v, want)
			}
		}
		if len(counts) != 3 {
			t.Errorf("severity %d: values %v", severity+1, counts)
		}
	}
}
