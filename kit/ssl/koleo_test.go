package ssl

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// koLeoFormula is the mean of -log of the distance to the nearest other row, of rows of length 1, in
// float64.
func koLeoFormula(x [][]float64) float64 {
	var sum float64
	for i := range x {
		least := math.Inf(1)
		for j := range x {
			if j != i {
				least = min(least, math.Sqrt(max(0, 2-2*cosine(x[i], x[j]))))
			}
		}
		sum -= math.Log(least)
	}
	return sum / float64(len(x))
}

func koLeoOnDevice(t *testing.T, x [][]float64) (float64, [][]float64) {
	t.Helper()
	return lossAndGradient[[][]float64](t, func(in []*Node) *Node { return KoLeo(in[0]) }, x)
}

func TestKoLeoIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	for range 5 {
		x := normal(rng, 7, 4)
		loss, gradient := koLeoOnDevice(t, x)
		near(t, "loss", loss, koLeoFormula(x), 1e-5)
		for i := range x {
			near(t, "gradient", gradient[i][2], slope(func() float64 { return koLeoFormula(x) }, &x[i][2]), 1e-3)
		}
	}
}

func TestKoLeoByHand(t *testing.T) {
	// At right angles all are √2 apart, whatever their lengths.
	loss, _ := koLeoOnDevice(t, [][]float64{{3, 0, 0}, {0, 1, 0}, {0, 0, .1}})
	near(t, "loss of right angles", loss, -math.Log(math.Sqrt2), 1e-5)
	// Two that are opposite, though no other is nearer than 2.
	loss, _ = koLeoOnDevice(t, [][]float64{{1, 0}, {-2, 0}})
	near(t, "loss of opposites", loss, -math.Log(2), 1e-5)
	// Collapse costs much, and is no infinity.
	loss, gradient := koLeoOnDevice(t, [][]float64{{1, 1}, {1, 1}, {1, 1}})
	if !(loss > 15) || math.IsInf(loss, 0) {
		t.Errorf("loss of equal rows: %g", loss)
	}
	for _, row := range gradient {
		for _, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("gradient of equal rows: %v", gradient)
			}
		}
	}
}

func TestKoLeoInvariances(t *testing.T) {
	x := normal(rand.New(rand.NewPCG(63, 64)), 6, 3)
	loss, _ := koLeoOnDevice(t, x)
	for name, other := range map[string][][]float64{"permuted": permuted(x), "stretched": stretched(x)} {
		again, _ := koLeoOnDevice(t, other)
		near(t, "loss of rows "+name, again, loss, 1e-5)
	}
}
