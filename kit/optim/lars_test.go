package optim_test

import (
	"testing"

	"sslkit/kit/optim"
)

// lars is LARS in plain Go, as solo-learn and LARC state it, without their clip.
func lars(lr, momentum, decay, eta float64) reference {
	sgd := sgd(lr, momentum, 0, false)
	return func(t int, w, gradient []float64) {
		wNorm, gNorm := norm2(w), norm2(gradient)
		adapted := make([]float64, len(w))
		for i := range w {
			adapted[i] = gradient[i]
			if wNorm > 0 && gNorm > 0 {
				adapted[i] = eta * wNorm / (gNorm + decay*wNorm + 1e-8) * (gradient[i] + decay*w[i])
			}
		}
		sgd(t, w, adapted)
	}
}

func TestLARSAgainstReference(t *testing.T) {
	o := optim.LARS{LR: 2, Momentum: .9, WeightDecay: .05, Eta: .1}
	t.Run("bias excluded", func(t *testing.T) {
		checkAgainst(t, o, lars(o.LR, o.Momentum, o.WeightDecay, o.Eta), sgd(o.LR, o.Momentum, 0, false))
	})
	t.Run("nothing excluded", func(t *testing.T) {
		o.Exclude = optim.Nothing{}
		checkAgainst(t, o, lars(o.LR, o.Momentum, o.WeightDecay, o.Eta), lars(o.LR, o.Momentum, o.WeightDecay, o.Eta))
	})
	t.Run("default eta", func(t *testing.T) {
		o := optim.LARS{LR: 2, WeightDecay: .05}
		checkAgainst(t, o, lars(2, 0, .05, .02), sgd(2, 0, 0, false))
	})
}

// By hand, for w = (3, 4), gradient (0, 2), decay .1, eta .02, lr .5: the trust is .02·5/(2 + .1·5)
// = .04, the decayed gradient (.3, 2.4), so w = (3 - .5·.04·.3, 4 - .5·.04·2.4) = (2.994, 3.952).
// The bias steps by the gradient: (3, 3).
func TestLARSByHand(t *testing.T) {
	start := toy{[][]float32{{3, 4}}, []float32{3, 4}}
	gradient := toy{[][]float32{{0, 2}}, []float32{0, 2}}
	o := optim.LARS{LR: .5, Momentum: .9, WeightDecay: .1, Eta: .02}
	got := train(t, o, optim.Plan{Steps: 1, Batch: 256}, start, []toy{gradient})
	near(t, "matrix", got.weights[0].matrix[0], 2.994, 3.952)
	near(t, "bias", got.weights[0].bias, 3, 3)
}

// The same input with solo-learn's clip_lr (solo/utils/lars.py, and clip_lr: True with eta: 0.02 in
// scripts/pretrain/cifar/byol.yaml): the trust is min(.04/.5, 1) = .08, so w = (3 - .5·.08·.3, 4 -
// .5·.08·2.4) = (2.988, 3.904). At a rate of .02, below the trust, it is 1: w = (3 - .02·.3, 4 -
// .02·2.4) = (2.994, 3.952). The bias steps by the gradient.
func TestLARSClipLR(t *testing.T) {
	start := toy{[][]float32{{3, 4}}, []float32{3, 4}}
	gradient := toy{[][]float32{{0, 2}}, []float32{0, 2}}
	for name, test := range map[string]struct {
		lr           float64
		matrix, bias []float64
	}{
		"rate above the trust": {.5, []float64{2.988, 3.904}, []float64{3, 3}},
		"rate below the trust": {.02, []float64{2.994, 3.952}, []float64{3, 3.96}},
	} {
		t.Run(name, func(t *testing.T) {
			o := optim.LARS{LR: test.lr, Momentum: .9, WeightDecay: .1, Eta: .02, ClipLR: true}
			got := train(t, o, optim.Plan{Steps: 1, Batch: 256}, start, []toy{gradient})
			near(t, "matrix", got.weights[0].matrix[0], test.matrix...)
			near(t, "bias", got.weights[0].bias, test.bias...)
		})
	}
}

// The clip goes by the rate of the step, which a warm-up starts at 0: no step, and no NaN.
func TestLARSClipLRAtRateZero(t *testing.T) {
	plan := optim.Plan{Steps: 4, Batch: 256, Schedule: optim.WarmupCosine{Warmup: .5}}
	start := toy{[][]float32{{3, 4}}, []float32{3, 4}}
	gradient := toy{[][]float32{{0, 2}}, []float32{0, 2}}
	got := train(t, optim.LARS{LR: .04, WeightDecay: .1, ClipLR: true}, plan, start, []toy{gradient, gradient})
	near(t, "matrix at a rate of 0", got.weights[0].matrix[0], 3, 4)
	near(t, "matrix at half the peak, below the trust", got.weights[1].matrix[0], 2.994, 3.952)
}

// A matrix of zeros must be able to leave zero, and a zero gradient must neither decay the weights
// nor make NaNs.
func TestLARSWithZeroNorms(t *testing.T) {
	o := optim.LARS{LR: .5, WeightDecay: .1}
	plan := optim.Plan{Steps: 1, Batch: 256}

	zeroWeights := toy{[][]float32{{0, 0}}, []float32{0}}
	got := train(t, o, plan, zeroWeights, []toy{{[][]float32{{0, 2}}, []float32{1}}})
	near(t, "matrix of zeros", got.weights[0].matrix[0], 0, -1)

	zeroGradient := toy{[][]float32{{0, 0}}, []float32{0}}
	got = train(t, o, plan, toy{[][]float32{{3, 4}}, []float32{1}}, []toy{zeroGradient})
	near(t, "matrix without gradient", got.weights[0].matrix[0], 3, 4)
}

// The trust makes the step's length a matter of the weights alone: a gradient ten times as large
// takes the same step.
func TestLARSIgnoresGradientScale(t *testing.T) {
	start, gradient := randomToys(1, .5, 3)[0], randomToys(1, .3, 4)[0]
	larger := randomToys(1, 3, 4)[0]
	o := optim.LARS{LR: 1, Momentum: .9}
	plan := optim.Plan{Steps: 1, Batch: 256}
	small := train(t, o, plan, start, []toy{gradient}).weights[0]
	large := train(t, o, plan, start, []toy{larger}).weights[0]
	for r := range small.matrix {
		want := make([]float64, len(small.matrix[r]))
		for c, v := range small.matrix[r] {
			want[c] = float64(v)
		}
		near(t, "row after a larger gradient", large.matrix[r], want...)
	}
}
