package optim_test

import (
	"testing"

	"sslkit/kit/optim"
)

// The gradient (3, 0), (0, 4) has a global norm of 5: a limit of 1 shrinks it to a fifth, a limit
// of 10 leaves it. Clipping each variable by itself would give (1, 0), (0, 1).
func TestClipNorm(t *testing.T) {
	start := toy{[][]float32{{0, 0}}, []float32{0, 0}}
	gradient := toy{[][]float32{{3, 0}}, []float32{0, 4}}
	plan := optim.Plan{Steps: 1, Batch: 256}
	for _, test := range []struct {
		limit, scale float64
	}{
		{0, 1}, {10, 1}, {5.1, 1}, {1, .2}, {.01, .002},
	} {
		got := train(t, optim.SGD{LR: 1, ClipNorm: test.limit}, plan, start, []toy{gradient})
		near(t, "matrix", got.weights[0].matrix[0], -3*test.scale, 0)
		near(t, "bias", got.weights[0].bias, 0, -4*test.scale)
		near(t, "reported norm", got.normOfSteps, 5)
	}
}

// The norm reported is that of the gradient of the step, not of the step: neither the decay nor the
// rate enters.
func TestGradientNormEveryStep(t *testing.T) {
	gradients := randomToys(5, .3, 7)
	got := train(t, optim.AdamW{LR: .1, WeightDecay: .1}, optim.Plan{Steps: 5, Batch: 256}, randomToys(1, 1, 8)[0], gradients)
	for i, gradient := range gradients {
		numbers, _ := gradient.flat()
		near(t, "norm", got.normOfSteps[i:i+1], norm2(numbers))
	}
}

// A gradient of zero has a norm of zero, and clipping it makes no NaN.
func TestClipNormOfZero(t *testing.T) {
	zero := toy{[][]float32{{0}}, []float32{0}}
	got := train(t, optim.SGD{LR: 1, ClipNorm: 1}, optim.Plan{Steps: 1, Batch: 256}, toy{[][]float32{{2}}, []float32{3}}, []toy{zero})
	near(t, "matrix", got.weights[0].matrix[0], 2)
	near(t, "norm", got.normOfSteps, 0)
}
