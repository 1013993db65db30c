package optim_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/gomlx/compute/dtypes"

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

// DINO's decay (facebookresearch/dino, utils.py, cosine_scheduler with 0.04 and 0.4) is final +
// (first - final)·(1 + cos(π i/n))/2 at update i of n: over 4 updates .04, .09272078, .22 and
// .34727922. Only the decay moves a variable whose gradient is zero: w becomes w·(1 - lr·decay).
func TestAdamWWeightDecayEnd(t *testing.T) {
	start := toy{[][]float32{{1}}, []float32{1}}
	zero := toy{[][]float32{{0}}, []float32{0}}
	o := optim.AdamW{LR: .5, WeightDecay: .04, WeightDecayEnd: .4}
	got := train(t, o, optim.Plan{Steps: 4, Batch: 256}, start, []toy{zero, zero, zero, zero})
	want := 1.
	for i, decay := range []float64{.04, .09272078, .22, .34727922} {
		want *= 1 - .5*decay
		near(t, fmt.Sprintf("matrix at step %d", i), got.weights[i].matrix[0], want)
		near(t, fmt.Sprintf("bias, which does not decay, at step %d", i), got.weights[i].bias, 1)
	}
}

// The decay is that of the global step: a second trainer on the same store, as after a checkpoint
// was read, goes on to the same bits.
func TestAdamWWeightDecayEndResumes(t *testing.T) {
	o, plan := optim.AdamW{LR: .5, WeightDecay: .04, WeightDecayEnd: .4}, optim.Plan{Steps: 6, Batch: 256}
	target := [][]float32{{0, 1}, {2, 3}}
	whole, wholeStore := bowl(t, o, plan, dtypes.Float32)
	for range 6 {
		stepTo(t, whole, target)
	}
	first, store := bowl(t, o, plan, dtypes.Float32)
	for range 3 {
		stepTo(t, first, target)
	}
	second := bowlOn(t, store, o, plan, dtypes.Float32)
	for range 3 {
		stepTo(t, second, target)
	}
	got := store.GetVariable("/bowl/w").MustValue().Value()
	want := wholeStore.GetVariable("/bowl/w").MustValue().Value()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v after going on at step 3, %v without a break", got, want)
	}
}

// Each gradient is shortened by its own norm (facebookresearch/dino, utils.py, clip_gradients): (3,
// 4) of norm 5 becomes (.6, .8) at a limit of 1, and (.3, .4) stays. The first step of AdamW with an
// Eps of 1 is gradient/(|gradient| + 1).
func TestAdamWClipEach(t *testing.T) {
	start := toy{[][]float32{{0, 0}}, []float32{0, 0}}
	gradient := toy{[][]float32{{3, 4}}, []float32{.3, .4}}
	o := optim.AdamW{LR: 1, Eps: 1, ClipEach: 1}
	got := train(t, o, optim.Plan{Steps: 1, Batch: 256}, start, []toy{gradient})
	near(t, "matrix", got.weights[0].matrix[0], -.6/1.6, -.8/1.8)
	near(t, "bias", got.weights[0].bias, -.3/1.3, -.4/1.4)
	near(t, "reported norm", got.normOfSteps, math.Sqrt(25.25))
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
