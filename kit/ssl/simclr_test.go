package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/device/devicetest"
)

// ntXent is equation 1 of the paper in float64, pair by pair.
func ntXent(z, zPrime [][]float64, temperature float64) float64 {
	var all [][]float64
	for i := range z {
		all = append(all, z[i], zPrime[i])
	}
	var sum float64
	for i := range all {
		j := i ^ 1 // The other view.
		var denominator float64
		for k := range all {
			if k != i {
				denominator += math.Exp(cosine(all[i], all[k]) / temperature)
			}
		}
		sum -= math.Log(math.Exp(cosine(all[i], all[j])/temperature) / denominator)
	}
	return sum / float64(len(all))
}

// onDevice computes NTXent and its gradient with respect to z.
func onDevice(t *testing.T, z, zPrime [][]float64, temperature float64) (loss float64, gradient [][]float64) {
	t.Helper()
	return lossAndGradient[[][]float64](t, func(in []*Node) *Node { return NTXent(in[:2], temperature) }, z, zPrime)
}

func TestNTXentIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, temperature := range []float64{.07, .2, .5, 1} {
		z, zPrime := normal(rng, 7, 5), normal(rng, 7, 5)
		got, gradient := onDevice(t, z, zPrime, temperature)
		near(t, "loss", got, ntXent(z, zPrime, temperature), 1e-5)

		// The gradient, by differences in one coordinate.
		near(t, "gradient", gradient[3][2], slope(func() float64 { return ntXent(z, zPrime, temperature) }, &z[3][2]), 1e-4)
	}
}

func TestNTXentByHand(t *testing.T) {
	// Two images, with embeddings along two axes: each view has one positive at similarity 1 and
	// two negatives at 0, so the loss is -log(e^(1/T) / (e^(1/T) + 2)).
	z := [][]float64{{2, 0}, {0, 3}}
	for _, temperature := range []float64{.1, .5, 1} {
		got, _ := onDevice(t, z, z, temperature)
		near(t, "loss", got, math.Log(1+2*math.Exp(-1/temperature)), 1e-5)
	}
	// All embeddings the same, which is collapse: all similarities are 1, and the loss is the log
	// of the 2N-1 candidates.
	same := [][]float64{{1, 1}, {1, 1}, {1, 1}}
	got, _ := onDevice(t, same, same, .5)
	near(t, "loss of collapsed embeddings", got, math.Log(5), 1e-5)
}

func TestNTXentInvariances(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	z, zPrime := normal(rng, 6, 4), normal(rng, 6, 4)
	loss, _ := onDevice(t, z, zPrime, .5)

	swapped, _ := onDevice(t, zPrime, z, .5)
	near(t, "loss with the views swapped", swapped, loss, 1e-5)

	shuffled, _ := onDevice(t, permuted(z), permuted(zPrime), .5)
	near(t, "loss with the images permuted", shuffled, loss, 1e-5)

	longer, _ := onDevice(t, stretched(z), zPrime, .5)
	near(t, "loss with longer embeddings", longer, loss, 1e-5)

	closer, _ := onDevice(t, z, z, .5)
	if closer >= loss {
		t.Errorf("the loss of equal views is %g, not below that of unrelated ones, %g", closer, loss)
	}
}

func TestSplitViewsUndoesInterleaving(t *testing.T) {
	backend := devicetest.Backend(t)
	outputs, err := CallOnceN(backend, func(x *Node) []*Node {
		return SplitViews(x, 2)
	}, [][]float32{{0}, {10}, {1}, {11}, {2}, {12}})
	if err != nil {
		t.Fatal(err)
	}
	for v, output := range outputs {
		for i, row := range output.Value().([][]float32) {
			if want := float32(10*v + i); row[0] != want {
				t.Errorf("view %d of image %d is %g, want %g", v, i, row[0], want)
			}
		}
	}
}

func TestSimCLRCheck(t *testing.T) {
	if err := checked(SimCLR{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]SimCLR{
		"Temperature": {Temperature: -1}, "Hidden": {Hidden: -1}, "Out": {Out: -2},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(SimCLR{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image, which has no negatives, is accepted")
	}
}
