package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

// regression is equation 2 of the BYOL paper in float64, as a distance.
func regression(q, t [][]float64) float64 {
	unit := func(x []float64) []float64 {
		var norm float64
		for _, v := range x {
			norm += v * v
		}
		out := make([]float64, len(x))
		for i, v := range x {
			out[i] = v / math.Sqrt(norm)
		}
		return out
	}
	var sum float64
	for i := range q {
		a, b := unit(q[i]), unit(t[i])
		for j := range a {
			sum += (a[j] - b[j]) * (a[j] - b[j])
		}
	}
	return sum / float64(len(q))
}

func TestRegressionIsTheFormulaAndStopsTheTargetsGradient(t *testing.T) {
	backend := devicetest.Backend(t)
	rng := rand.New(rand.NewPCG(5, 6))
	q, target := normal(rng, 6, 4), normal(rng, 6, 4)
	outputs, err := CallOnceN(backend, func(q, target *Node) []*Node {
		loss := Regression(q, target)
		return append([]*Node{loss}, Gradient(loss, q, target)...)
	}, q, target)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "loss", float64(outputs[0].Value().(float32)), regression(q, target), 1e-5)
	near(t, "gradient", outputs[1].Value().([][]float64)[2][1],
		slope(func() float64 { return regression(q, target) }, &q[2][1]), 1e-4)
	for _, row := range outputs[2].Value().([][]float64) {
		for _, v := range row {
			if v != 0 {
				t.Fatal("a gradient flows into the targets")
			}
		}
	}
}

func TestRegressionByHand(t *testing.T) {
	backend := devicetest.Backend(t)
	// Cosines of 1, 0 and -1 are squared distances of 0, 2 and 4.
	output, err := CallOnce(backend, Regression, [][]float32{{2, 0}, {3, 0}, {0, 1}}, [][]float32{{1, 0}, {0, 5}, {0, -1}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "loss", float64(output.Value().(float32)), 2, 1e-6)
}

func TestBYOLMomentumRises(t *testing.T) {
	backend := devicetest.Backend(t)
	for progress, want := range map[float32]float64{0: .9, .5: .95, 1: 1} {
		output, err := CallOnce(backend, BYOL{Tau: .9}.Momentum, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "momentum", float64(output.Value().(float32)), want, 1e-6)
	}
}

func TestBYOLCheck(t *testing.T) {
	if err := (BYOL{}).Check(2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]BYOL{
		"Hidden": {Hidden: -1}, "Out": {Out: -1}, "Tau": {Tau: 1}, "Pair": {Pair: []augment.Pipeline{{}}},
	} {
		if err := bad.Check(16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
