package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

// dclFormula is the loss of section 3 of the DCL paper in float64, pair by pair.
func dclFormula(z, zPrime [][]float64, temperature, sigma float64) float64 {
	n := len(z)
	var mean float64 // Of exp(sim/sigma) over the pairs.
	for i := range n {
		mean += math.Exp(cosine(z[i], zPrime[i])/sigma) / float64(n)
	}
	var sum float64
	for _, views := range [][2][][]float64{{z, zPrime}, {zPrime, z}} {
		for i, anchor := range views[0] {
			var negatives float64
			for k := range n {
				if k != i {
					negatives += math.Exp(cosine(anchor, z[k])/temperature) + math.Exp(cosine(anchor, zPrime[k])/temperature)
				}
			}
			positive, weight := cosine(anchor, views[1][i]), 1.
			if sigma > 0 {
				weight = 2 - math.Exp(positive/sigma)/mean
			}
			sum += -weight*positive/temperature + math.Log(negatives)
		}
	}
	return sum / float64(2*n)
}

// dclOnDevice computes Decoupled and its gradient with respect to z.
func dclOnDevice(t *testing.T, z, zPrime [][]float64, temperature, sigma float64) (float64, [][]float64) {
	t.Helper()
	return lossAndGradient[[][]float64](t, func(in []*Node) *Node {
		return Decoupled(in[:2], temperature, sigma)
	}, z, zPrime)
}

func TestDecoupledIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, sigma := range []float64{0, .5, 2} {
		for _, temperature := range []float64{.1, .5} {
			z, zPrime := normal(rng, 7, 5), normal(rng, 7, 5)
			got, gradient := dclOnDevice(t, z, zPrime, temperature, sigma)
			near(t, "loss", got, dclFormula(z, zPrime, temperature, sigma), 1e-5)

			near(t, "gradient", gradient[3][2],
				slope(func() float64 { return dclFormula(z, zPrime, temperature, sigma) }, &z[3][2]), 1e-4)
		}
	}
}

func TestDecoupledByHand(t *testing.T) {
	// Two images along two axes: the positive is at 1, both negatives at 0. All weights of equal
	// pairs are 1.
	z := [][]float64{{2, 0}, {0, 3}}
	for _, sigma := range []float64{0, .5} {
		got, _ := dclOnDevice(t, z, z, .5, sigma)
		near(t, "loss", got, math.Log(2)-1/.5, 1e-5)
	}
	// Collapse: positive and the 2N-2 negatives all at 1.
	same := [][]float64{{1, 1}, {1, 1}, {1, 1}}
	got, _ := dclOnDevice(t, same, same, .5, 0)
	near(t, "loss of collapsed embeddings", got, math.Log(4), 1e-5)
}

func TestDecoupledInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	z, zPrime := normal(rng, 4, 3), normal(rng, 4, 3)
	for _, sigma := range []float64{0, .5} {
		loss, _ := dclOnDevice(t, z, zPrime, .2, sigma)
		swapped, _ := dclOnDevice(t, zPrime, z, .2, sigma)
		near(t, "loss with the views swapped", swapped, loss, 1e-5)

		shuffled, _ := dclOnDevice(t, permuted(z), permuted(zPrime), .2, sigma)
		near(t, "loss with the images permuted", shuffled, loss, 1e-5)

		scaled, _ := dclOnDevice(t, stretched(z), zPrime, .2, sigma)
		near(t, "loss with longer embeddings", scaled, loss, 1e-5)
	}
}

func TestDecoupledWeightsFavourUnlikeViews(t *testing.T) {
	backend := devicetest.Backend(t)
	output, err := CallOnce(backend, func(s *Node) *Node { return vonMisesFisher(s, .5) }, []float32{-.5, 0, .5})
	if err != nil {
		t.Fatal(err)
	}
	w := output.Value().([]float32)
	if !(w[0] > w[1] && w[1] > w[2]) {
		t.Errorf("the weights %v do not fall with similarity", w)
	}
	near(t, "mean weight", float64(w[0]+w[1]+w[2])/3, 1, 1e-6)
}

func TestDCLCheck(t *testing.T) {
	if err := checked(DCL{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for _, bad := range []struct {
		field  string
		method DCL
	}{
		{"Temperature", DCL{Temperature: -1}}, {"Temperature", DCL{Temperature: math.NaN()}},
		{"Temperature", DCL{Temperature: math.Inf(1)}}, {"Sigma", DCL{Sigma: -.5}}, {"Sigma", DCL{Sigma: math.NaN()}},
		{"Sigma", DCL{Sigma: math.Inf(1)}}, {"Hidden", DCL{Hidden: -1}}, {"Out", DCL{Out: -2}},
	} {
		if err := checked(bad.method, 16, 32, 32); err == nil || !strings.Contains(err.Error(), bad.field+" is") {
			t.Errorf("%+v: error %v does not name %s", bad.method, err, bad.field)
		}
	}
	if err := checked(DCL{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image, which has no negatives, is accepted")
	}
}

// The loss of a step is the paper's of what the network makes of the views, at the temperature that
// is asked for. That of the reference code, which the zero value has, is not SimCLR's.
func TestDCLStepIsTheFormula(t *testing.T) {
	for name, c := range map[string]struct {
		method             DCL
		temperature, sigma float64
	}{
		"at the default temperature": {DCL{Hidden: 5, Out: 3}, .1, 0},
		"at another temperature":     {DCL{Hidden: 5, Out: 3, Temperature: .3}, .3, 0},
		"with weights":               {DCL{Hidden: 5, Out: 3, Temperature: .3, Sigma: .5}, .3, .5},
	} {
		t.Run(name, func(t *testing.T) {
			method, rng := resolved(c.method), rand.New(rand.NewPCG(15, 16))
			outputs, _ := stepOutputs(t, func(scope *model.Scope, views []*Node) []*Node {
				step := mocov2Step(scope, views...)
				z := SplitViews(method.Embed(step.Scope, step.Encode(views...).Pooled), 2)
				return append(z, method.Loss(step))
			}, mocov2Images(rng, 4), mocov2Images(rng, 4))
			near(t, "loss", number(outputs[2]), dclFormula(table(outputs[0]), table(outputs[1]), c.temperature, c.sigma), 1e-4)
		})
	}
}
