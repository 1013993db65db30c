package semi

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

// soft are the running means of a SoftMatch in float64.
type soft struct {
	shares         []float64 // Nil before the first batch.
	mean, variance float64
}

// weights are those of a batch of probabilities, after the running means have moved.
func (s *soft) weights(probabilities [][]float64, momentum, sigmas float64) []float64 {
	n, classes := float64(len(probabilities)), len(probabilities[0])
	now := make([]float64, classes)
	for _, q := range probabilities {
		for c := range q {
			now[c] += q[c] / n
		}
	}
	if s.shares == nil {
		s.shares = now
	} else {
		for c := range now {
			s.shares[c] = momentum*s.shares[c] + (1-momentum)*now[c]
		}
	}
	var sure []float64
	var mean, variance float64
	for _, q := range probabilities {
		var most, sum float64
		for c := range q {
			v := q[c] * (1/float64(classes) + 1e-6) / (s.shares[c] + 1e-6)
			most, sum = max(most, v), sum+v
		}
		sure = append(sure, most/sum)
		mean += most / sum / n
	}
	for _, v := range sure {
		variance += (v - mean) * (v - mean) / (n - 1)
	}
	s.mean = momentum*s.mean + (1-momentum)*mean
	s.variance = momentum*s.variance + (1-momentum)*variance
	weights := make([]float64, len(sure))
	for i, v := range sure {
		below := min(v-s.mean, 0)
		weights[i] = math.Exp(-below * below / (2 * s.variance / (sigmas * sigmas)))
	}
	return weights
}

func TestSoftMatchWeightsFollowByTheRecurrence(t *testing.T) {
	const classes, momentum, sigmas = 3, .7, 2
	exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, weak *Node) []*Node {
		aligned := newAlignment(scope, classes).follow(Softmax(weak, -1), momentum)
		mean, variance := newConfidence(scope, classes).follow(aligned, momentum)
		return []*Node{aligned, mean, variance, SoftMatchWeights(aligned, mean, variance, sigmas)}
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	want := soft{mean: 1. / 3, variance: 1}
	for range 5 {
		weak := normal(rng, 8, classes, 2)
		var inputs [][]float32
		var probabilities [][]float64
		for i := range weak {
			weak[i][1]++ // A class that is named more often.
			inputs, probabilities = append(inputs, float32s(weak[i])), append(probabilities, softmax(weak[i]))
		}
		outputs, err := exec.Call(inputs)
		if err != nil {
			t.Fatal(err)
		}
		weights := want.weights(probabilities, momentum, sigmas)
		near(t, "the mean", float64(outputs[1].Value().(float32)), want.mean, 1e-5)
		near(t, "the variance", float64(outputs[2].Value().(float32)), want.variance, 1e-5)
		for i, weight := range weights {
			near(t, "a weight", float64(outputs[3].Value().([]float32)[i]), weight, 1e-4)
		}
	}
}

// A mean of 0.8 and a variance of 0.02: 0.9 is above the mean, 0.6 a fifth below it, which is
// exp(-0.04 / (2 × 0.02 / 4)) = exp(-4).
func TestSoftMatchWeightsByHand(t *testing.T) {
	output, err := CallOnce(devicetest.Backend(t), func(probabilities, mean, variance *Node) *Node {
		return SoftMatchWeights(probabilities, mean, variance, 2)
	}, [][]float32{{.9, .1}, {.8, .2}, {.4, .6}}, float32(.8), float32(.02))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{1, 1, math.Exp(-4)} {
		near(t, "a weight", float64(output.Value().([]float32)[i]), want, 1e-5)
	}
}

// A class that has twice its share counts half: (2/3, 1/3) of shares (2/3, 1/3) is even.
func TestAlignmentByHand(t *testing.T) {
	output, err := CallOnce(devicetest.Backend(t), alignedTo, [][]float32{{2. / 3, 1. / 3}, {.5, .5}}, []float32{2. / 3, 1. / 3})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float64{{.5, .5}, {1. / 3, 2. / 3}} {
		for c := range want {
			near(t, "an aligned probability", float64(output.Value().([][]float32)[i][c]), want[c], 1e-5)
		}
	}
}

func TestSoftMatchCheck(t *testing.T) {
	if err := checked(SoftMatch{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the paper's recipe: %v", err)
	}
	for field, bad := range map[string]SoftMatch{
		"Classes": {}, "Momentum": {Classes: 3, Momentum: 1}, "Sigmas": {Classes: 3, Sigmas: -1},
		"Weight": {Classes: 3, Weight: -1}, "Share": {Classes: 3, Share: 1},
	} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(SoftMatch{Classes: 3}, 2, 32, 32); err == nil || !strings.Contains(err.Error(), "at least 2") {
		t.Errorf("one image without a label: %v", err)
	}
}
