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

// nnclrFormula is equations 2 and 3 of the NNCLR paper in float64: the nearest neighbour of each z,
// then the cross-entropy.
func nnclrFormula(z, support, p [][]float64, temperature float64) float64 {
	var sum float64
	for i := range z {
		neighbour := support[0]
		for _, s := range support {
			if cosine(z[i], s) > cosine(z[i], neighbour) {
				neighbour = s
			}
		}
		var all float64
		for k := range p {
			all += math.Exp(cosine(neighbour, p[k]) / temperature)
		}
		sum -= math.Log(math.Exp(cosine(neighbour, p[i])/temperature) / all)
	}
	return sum / float64(len(z))
}

// nnclrOnDevice computes the loss of one order of the views, and its gradients with respect to z,
// support and p.
func nnclrOnDevice(t *testing.T, z, support, p [][]float64, temperature float64) (float64, [][][]float64) {
	t.Helper()
	return lossAndGradients[[][]float64](t, func(in []*Node) *Node {
		return InfoNCE(Nearest(in[0], in[1]), in[2], temperature)
	}, 3, z, support, p)
}

func TestNNCLRIsTheFormulaAndStopsTheNeighboursGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	for _, temperature := range []float64{.1, .2, 1} {
		z, support, p := normal(rng, 6, 4), normal(rng, 15, 4), normal(rng, 6, 4)
		got, gradients := nnclrOnDevice(t, z, support, p, temperature)
		near(t, "loss", got, nnclrFormula(z, support, p, temperature), 1e-5)

		near(t, "gradient", gradients[2][3][2],
			slope(func() float64 { return nnclrFormula(z, support, p, temperature) }, &p[3][2]), 1e-4)
		if !isZero(gradients[0]) || !isZero(gradients[1]) {
			t.Error("a gradient flows through the nearest neighbour")
		}
	}
}

func TestNNCLRByHand(t *testing.T) {
	// The neighbours of both z are along the axes, as are the predictions: the positive is at 1,
	// the negative at 0.
	z, support := [][]float64{{2, .5}, {.1, 3}}, [][]float64{{-1, 0}, {0, 1}, {1, 0}, {-1, -1}}
	loss, _ := nnclrOnDevice(t, z, support, [][]float64{{1, 0}, {0, 4}}, .5)
	near(t, "loss", loss, math.Log(1+math.Exp(-2)), 1e-5)
	// Collapsed predictions: each is as likely as the other.
	loss, _ = nnclrOnDevice(t, z, support, [][]float64{{1, 1}, {1, 1}}, .5)
	near(t, "loss of collapsed predictions", loss, math.Log(2), 1e-5)
}

func TestNearestIgnoresLength(t *testing.T) {
	backend := devicetest.Backend(t)
	// The second row has the larger dot product with z, the first the larger cosine.
	output, err := CallOnce(backend, Nearest, [][]float32{{1, .1}, {-2, 1}}, [][]float32{{1, 0}, {5, 9}, {-1, 0}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float32{{1, 0}, {-1, 0}} {
		if got := output.Value().([][]float32)[i]; got[0] != want[0] || got[1] != want[1] {
			t.Errorf("the neighbour of row %d is %v, want %v", i, got, want)
		}
	}
}

func TestNNCLRInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 44))
	z, support, p := normal(rng, 4, 3), normal(rng, 4, 3), normal(rng, 4, 3)
	loss, _ := nnclrOnDevice(t, z, support, p, .2)

	shuffled, _ := nnclrOnDevice(t, permuted(z), support, permuted(p), .2)
	near(t, "loss with the images permuted", shuffled, loss, 1e-5)
	shuffled, _ = nnclrOnDevice(t, z, permuted(support), p, .2)
	near(t, "loss with the support set permuted", shuffled, loss, 1e-5)

	scaled, _ := nnclrOnDevice(t, stretched(z), support, stretched(p), .2)
	near(t, "loss with longer embeddings", scaled, loss, 1e-5)
}

func TestNNCLRStep(t *testing.T) {
	backend := devicetest.Backend(t)
	method := resolved(NNCLR{Queue: 6, Hidden: 5, Predictor: 7, Out: 3})
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, one, two *Node) []*Node {
		step := mocov2Step(scope, one, two)
		var z, p []*Node
		for v, view := range []*Node{one, two} {
			z = append(z, method.Embed(step.Scope, step.Encode(view).Pooled))
			p = append(p, method.predictor().Apply(step.Scope.At("predictor"), z[v]))
		}
		before := newQueue(step.Scope, 6, 3).embeddings(one.Graph())
		crossed := Add(InfoNCE(Nearest(z[0], before), p[1], .2), InfoNCE(Nearest(z[1], before), p[0], .2))
		return []*Node{method.Loss(step), MulScalar(crossed, .5), unit(z[0]), before}
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(45, 46))
	outputs, err := exec.Call(mocov2Images(rng, 3), mocov2Images(rng, 3))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "loss", float64(outputs[0].Value().(float32)), float64(outputs[1].Value().(float32)), 1e-6)
	z, before := outputs[2].Value().([][]float32), outputs[3].Value().([][]float32)
	after := store.GetVariable("/method/queue").MustValue().Value().([][]float32)
	for i, want := range append(before[3:], z...) {
		for j := range want {
			near(t, "support set", float64(after[i][j]), float64(want[j]), 1e-6)
		}
	}
}

func TestNNCLRCheck(t *testing.T) {
	if err := checked(NNCLR{}, 128, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for _, bad := range []struct {
		field  string
		method NNCLR
	}{
		{"Temperature is", NNCLR{Temperature: -1}}, {"Temperature is", NNCLR{Temperature: math.NaN()}},
		{"Temperature is", NNCLR{Temperature: math.Inf(1)}}, {"Queue is", NNCLR{Queue: 24}}, {"Queue is", NNCLR{Queue: -16}},
		{"Hidden is", NNCLR{Hidden: -1}}, {"Predictor is", NNCLR{Predictor: -1}}, {"Out is", NNCLR{Out: -1}},
	} {
		if err := checked(bad.method, 16, 32, 32); err == nil || !strings.Contains(err.Error(), bad.field) {
			t.Errorf("%+v: error %v does not name what %s", bad.method, err, bad.field)
		}
	}
	if err := checked(NNCLR{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image, which has no negatives, is accepted")
	}
}
