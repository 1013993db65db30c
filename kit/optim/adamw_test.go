package optim_test

import (
	"math"
	"testing"

	"sslkit/kit/optim"
)

// adamW is torch.optim.AdamW's formula in plain Go.
func adamW(lr, beta1, beta2, eps, decay float64) reference {
	var m, v []float64
	return func(t int, w, gradient []float64) {
		if m == nil {
			m, v = make([]float64, len(w)), make([]float64, len(w))
		}
		for i, g := range gradient {
			m[i] = beta1*m[i] + (1-beta1)*g
			v[i] = beta2*v[i] + (1-beta2)*g*g
			mean := m[i] / (1 - math.Pow(beta1, float64(t)))
			square := v[i] / (1 - math.Pow(beta2, float64(t)))
			w[i] = w[i]*(1-lr*decay) - lr*mean/(math.Sqrt(square)+eps)
		}
	}
}

func TestAdamWAgainstReference(t *testing.T) {
	t.Run("defaults", func(t *testing.T) {
		checkAgainst(t, optim.AdamW{LR: .1, WeightDecay: .3},
			adamW(.1, .9, .999, 1e-8, .3), adamW(.1, .9, .999, 1e-8, 0))
	})
	t.Run("every field", func(t *testing.T) {
		o := optim.AdamW{LR: .1, Beta1: .8, Beta2: .95, Eps: 1e-3, WeightDecay: .3, Exclude: optim.Nothing{}}
		checkAgainst(t, o, adamW(.1, .8, .95, 1e-3, .3), adamW(.1, .8, .95, 1e-3, .3))
	})
}

// By hand: at the first step both moments are corrected to the gradient and its square, so the step
// is lr·sign(gradient) plus lr·decay·w. For w = (2, -2), gradient (.25, 100), lr 1 and decay .5: (2
// - (1 + 1), -2 - (1 - 1)). The bias, without decay, is 2 - 1. A correction 1 - .999ᵗ subtracted in
// float32 would be off by 1e-5 here.
func TestAdamWByHand(t *testing.T) {
	start := toy{[][]float32{{2, -2}}, []float32{2}}
	gradient := toy{[][]float32{{.25, 100}}, []float32{.25}}
	got := train(t, optim.AdamW{LR: 1, WeightDecay: .5}, optim.Plan{Steps: 1, Batch: 256}, start, []toy{gradient})
	near(t, "matrix", got.weights[0].matrix[0], 0, -2)
	near(t, "bias", got.weights[0].bias, 1)
}
