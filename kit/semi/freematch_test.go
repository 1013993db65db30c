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

// sure are the running means of a FreeMatch in float64.
type sure struct {
	global               float64
	classMean, histogram []float64
}

// follow are equations 5, 6 and 10 of the paper.
func (s *sure) follow(weak [][]float64, momentum float64) {
	n := float64(len(weak))
	s.global *= momentum
	for c := range s.classMean {
		s.classMean[c] *= momentum
		s.histogram[c] *= momentum
	}
	for _, row := range weak {
		q := softmax(row)
		s.global += (1 - momentum) * q[argMax(q)] / n
		s.histogram[argMax(q)] += (1 - momentum) / n
		for c := range q {
			s.classMean[c] += (1 - momentum) * q[c] / n
		}
	}
}

// passed is the mask of equation 8.
func (s *sure) passed(weak [][]float64) []float64 {
	mask := make([]float64, len(weak))
	for i, row := range weak {
		q := softmax(row)
		if c := argMax(q); q[c] >= s.classMean[c]/s.classMean[argMax(s.classMean)]*s.global {
			mask[i] = 1
		}
	}
	return mask
}

func TestThresholdsFollowByTheRecurrence(t *testing.T) {
	backend := devicetest.Backend(t)
	const classes, momentum = 3, .7
	exec, err := model.NewExec(backend, model.NewStore(), func(scope *model.Scope, weak *Node) []*Node {
		now := newThresholds(scope.At("thresholds"), classes).follow(weak, momentum)
		return []*Node{now.global, now.classMean, now.histogram, now.ofClasses(), now.passed(weak)}
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	want := sure{1. / 3, []float64{1. / 3, 1. / 3, 1. / 3}, []float64{1. / 3, 1. / 3, 1. / 3}}
	for range 4 {
		weak := normal(rng, 8, classes, 2)
		for i := range weak {
			weak[i][1] += 1 // A class that is named more often.
		}
		outputs, err := exec.Call(weak)
		if err != nil {
			t.Fatal(err)
		}
		want.follow(weak, momentum)
		near(t, "the global threshold", float64(outputs[0].Value().(float32)), want.global, 1e-5)
		for c := range classes {
			near(t, "the mean of a class", float64(outputs[1].Value().([]float32)[c]), want.classMean[c], 1e-5)
			near(t, "the share of a class", float64(outputs[2].Value().([]float32)[c]), want.histogram[c], 1e-5)
			threshold := want.classMean[c] / want.classMean[argMax(want.classMean)] * want.global
			near(t, "the threshold of a class", float64(outputs[3].Value().([]float32)[c]), threshold, 1e-5)
		}
		for i, mask := range want.passed(weak) {
			near(t, "a mask", float64(outputs[4].Value().([]float32)[i]), mask, 0)
		}
	}
}

// fairness is equation 11 of the paper in float64.
func fairness(strong [][]float64, mask []float64, s sure) float64 {
	classes := len(s.classMean)
	mean, named := make([]float64, classes), make([]float64, classes)
	var chosen float64
	for i, row := range strong {
		if mask[i] == 0 {
			continue
		}
		chosen++
		q := softmax(row)
		named[argMax(q)]++
		for c := range q {
			mean[c] += q[c]
		}
	}
	if chosen == 0 {
		return 0
	}
	ratio := func(a, b []float64) []float64 {
		r := make([]float64, classes)
		var sum float64
		for c := range r {
			if b[c] > 0 {
				r[c] = a[c] / b[c]
			}
			sum += r[c]
		}
		for c := range r {
			r[c] /= sum
		}
		return r
	}
	expected, got := ratio(s.classMean, s.histogram), ratio(mean, named)
	var sum float64
	for c := range expected {
		sum += expected[c] * math.Log(got[c]+1e-12)
	}
	return sum
}

func TestFairnessIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	s := sure{.6, []float64{.5, .2, .3}, []float64{.7, .1, .2}}
	for name, mask := range map[string][]float64{
		"some": {1, 0, 1, 1, 1, 0, 1, 0}, "all": {1, 1, 1, 1, 1, 1, 1, 1}, "one": {2: 1, 7: 0}, "none": make([]float64, 8),
	} {
		strong := normal(rng, 8, 3, 1)
		got, gradients := lossAndGradients(t, func(in []*Node) *Node {
			constant := func(x []float64) *Node { return Const(in[0].Graph(), float32s(x)) }
			return Fairness(in[0], constant(mask), constant(s.classMean), constant(s.histogram))
		}, 1, strong)
		near(t, name+": loss", got, fairness(strong, mask, s), 1e-5)
		for i := range strong {
			want := slope(func() float64 { return fairness(strong, mask, s) }, &strong[i][0])
			near(t, name+": gradient", gradients[0][i][0], want, 1e-4)
			if mask[i] == 0 && !isZero(gradients[0][i:i+1]) {
				t.Errorf("%s: a gradient flows into image %d, which is below its threshold", name, i)
			}
		}
	}
}

func float32s(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

func TestFreeMatchCheck(t *testing.T) {
	if err := checked(FreeMatch{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the paper's recipe: %v", err)
	}
	for field, bad := range map[string]FreeMatch{
		"Classes": {}, "Momentum": {Classes: 3, Momentum: 1}, "Weight": {Classes: 3, Weight: -1},
		"Fairness": {Classes: 3, Fairness: -1}, "Share": {Classes: 3, Share: -1},
	} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
