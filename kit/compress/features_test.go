package compress

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// regression is the mean squared distance of the rows at length 1, in float64.
func regression(predicted, taught [][]float64) float64 {
	var sum float64
	for i := range predicted {
		var pp, tt float64
		for j := range predicted[i] {
			pp, tt = pp+predicted[i][j]*predicted[i][j], tt+taught[i][j]*taught[i][j]
		}
		for j := range predicted[i] {
			d := predicted[i][j]/math.Sqrt(pp) - taught[i][j]/math.Sqrt(tt)
			sum += d * d
		}
	}
	return sum / float64(len(predicted))
}

func TestRegressionIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	p, taught := normal(rng, 5, 7), normal(rng, 5, 7)
	got, dp, dt := lossAndGradients(t, Regression, p, taught)
	near(t, "loss", got, regression(p, taught), 1e-5)
	for i := range dt {
		for _, v := range dt[i] {
			if v != 0 {
				t.Fatal("a gradient flows into what is taught")
			}
		}
	}
	const h = 1e-4
	p[2][3] += h
	above := regression(p, taught)
	p[2][3] -= 2 * h
	near(t, "gradient", dp[2][3], (above-regression(p, taught))/(2*h), 1e-4)
}

func TestRegressionByHand(t *testing.T) {
	// Whatever the lengths: the same direction is at 0, a right angle at √2² = 2, the opposite
	// direction at 2² = 4.
	for want, taught := range map[float64][]float64{0: {0, 9}, 2: {-2, 0}, 4: {0, -.1}} {
		got, _, _ := lossAndGradients(t, Regression, [][]float64{{0, 3}}, [][]float64{taught})
		near(t, "loss", got, want, 1e-6)
	}
}

// teacher is one that is never read.
var teacher = ssl.Frozen{
	Encoder: encoder.ResNet{Depth: 10, Width: 2}, Weights: "teacher.safetensors",
	Method: ssl.Supervised{Classes: 3}, Head: "head.safetensors",
}

func TestFeaturesCheck(t *testing.T) {
	if err := checked(Features{Teacher: teacher}, 2, 32, 32); err != nil {
		t.Errorf("the zero value with a teacher: %v", err)
	}
	if err := checked(Features{Teacher: teacher, Layers: 1}, 1, 32, 32); err != nil {
		t.Errorf("one image without norms: %v", err)
	}
	for field, bad := range map[string]Features{
		"Teacher.Encoder": {Teacher: ssl.Frozen{Weights: "a"}}, "Teacher.Weights": {Teacher: ssl.Frozen{Encoder: teacher.Encoder}},
		"Hidden": {Teacher: teacher, Hidden: -1}, "Layers": {Teacher: teacher, Layers: -1},
	} {
		err := checked(bad, 16, 32, 32)
		if err == nil || !strings.Contains(err.Error(), "compress.Features") || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}

func TestFrozenOfASum(t *testing.T) {
	distil := Features{Teacher: teacher}
	sum := ssl.Sum{{Method: ssl.SimCLR{}}, {Method: distil}}
	if err := checked(sum, 8, 32, 32); err != nil {
		t.Error(err)
	}
	if m, ok := ssl.Find[ssl.LearnsFromFrozen](sum); !ok || m.Frozen().Weights != teacher.Weights {
		t.Errorf("the sum learns from %+v, %v", m, ok)
	}
	if _, ok := ssl.Find[ssl.LearnsFromFrozen](ssl.Sum{{Method: ssl.SimCLR{}}}); ok {
		t.Error("a sum without distillation learns from a frozen network")
	}
	if err := checked(append(sum, ssl.Term{Method: distil}), 8, 32, 32); err == nil || !strings.Contains(err.Error(), "term 2") {
		t.Errorf("two frozen networks: error %v", err)
	}
}

// UCDvision/simreg, main.py: all parameters are one group.
func TestFeaturesHasTheOptimizerOfItsSource(t *testing.T) {
	t.Parallel()
	want := optim.SGD{LR: .05, Momentum: .9, WeightDecay: 1e-4, Exclude: optim.Nothing{}}.WithDefaults()
	if got := (Features{}).Optimizer().WithDefaults(); got != want {
		t.Errorf("%#v, want %#v", got, want)
	}
}
