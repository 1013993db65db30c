package optim_test

import (
	"testing"

	"sslkit/kit/optim"
)

// sgd is torch.optim.SGD's formula in plain Go.
func sgd(lr, momentum, decay float64, nesterov bool) reference {
	var buffer []float64
	return func(_ int, w, gradient []float64) {
		if buffer == nil {
			buffer = make([]float64, len(w))
		}
		for i := range w {
			g := gradient[i] + decay*w[i]
			buffer[i] = momentum*buffer[i] + g
			if nesterov {
				w[i] -= lr * (g + momentum*buffer[i])
			} else {
				w[i] -= lr * buffer[i]
			}
		}
	}
}

func TestSGDAgainstReference(t *testing.T) {
	for _, test := range []struct {
		name      string
		optimiser optim.SGD
		biasDecay float64
	}{
		{"plain", optim.SGD{LR: .1}, 0},
		{"momentum and decay", optim.SGD{LR: .1, Momentum: .9, WeightDecay: .05}, 0},
		{"Nesterov", optim.SGD{LR: .1, Momentum: .9, Nesterov: true, WeightDecay: .05}, 0},
		{"nothing excluded", optim.SGD{LR: .1, Momentum: .9, WeightDecay: .05, Exclude: optim.Nothing{}}, .05},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := test.optimiser
			checkAgainst(t, o,
				sgd(o.LR, o.Momentum, o.WeightDecay, o.Nesterov), sgd(o.LR, o.Momentum, test.biasDecay, o.Nesterov))
		})
	}
}

// By hand, for w = 1 and a gradient of .5 at both steps, decay .1, momentum .9, lr .1: g = .6, b =
// .6, w = .94; then g = .594, b = .54 + .594 = 1.134, w = .8266. With Nesterov w = 1 - .1·(.6 +
// .9·.6) = .886. The bias has no decay: 1 - .05 = .95, or 1 - .1·(.5 + .45) = .905.
func TestSGDByHand(t *testing.T) {
	start := toy{[][]float32{{1}}, []float32{1}}
	gradient := toy{[][]float32{{.5}}, []float32{.5}}
	o := optim.SGD{LR: .1, Momentum: .9, WeightDecay: .1}
	plan := optim.Plan{Steps: 2, Batch: 256}

	got := train(t, o, plan, start, []toy{gradient, gradient})
	near(t, "matrix at step 0", got.weights[0].matrix[0], .94)
	near(t, "matrix at step 1", got.weights[1].matrix[0], .8266)
	near(t, "bias at step 0", got.weights[0].bias, .95)

	o.Nesterov = true
	got = train(t, o, plan, start, []toy{gradient})
	near(t, "Nesterov's matrix", got.weights[0].matrix[0], .886)
	near(t, "Nesterov's bias", got.weights[0].bias, .905)
}
