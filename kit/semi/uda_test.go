package semi

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// uda is the loss on images without labels in float64.
func uda(weak, strong [][]float64, temperature, threshold float64) float64 {
	var sum float64
	for i := range weak {
		if q := softmax(weak[i]); q[argMax(q)] <= threshold {
			continue
		}
		sharp := make([]float64, len(weak[i]))
		for c, v := range weak[i] {
			sharp[c] = v / temperature
		}
		target, p := softmax(sharp), softmax(strong[i])
		for c := range target {
			sum += target[c] * math.Log(target[c]/p[c])
		}
	}
	return sum / float64(len(weak))
}

func TestUDALossIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	weak, strong := normal(rng, 12, 4, 2), normal(rng, 12, 4, 2)
	for _, c := range []struct{ temperature, threshold float64 }{{1, .3}, {.4, .8}, {.7, .95}} {
		got, gradients := lossAndGradients(t, func(in []*Node) *Node {
			return UDALoss(in[0], in[1], c.temperature, c.threshold)
		}, 2, weak, strong)
		formula := func() float64 { return uda(weak, strong, c.temperature, c.threshold) }
		near(t, "loss", got, formula(), 1e-5)
		if !isZero(gradients[0]) {
			t.Error("a gradient flows into the weak views")
		}
		for i := range strong {
			near(t, "gradient", gradients[1][i][1], slope(formula, &strong[i][1]), 1e-4)
		}
	}
}

func TestUDALossByHand(t *testing.T) {
	// Probabilities of 9/10 and 1/2. At temperature 1/2 the first become 81/82.
	weak := [][]float64{{math.Log(9), 0}, {0, 0}}
	strong := [][]float64{{0, 0}, {5, 1}}
	loss := func(in []*Node) *Node { return UDALoss(in[0], in[1], .5, .8) }
	got, gradients := lossAndGradients(t, loss, 2, weak, strong)
	near(t, "loss", got, (81./82*math.Log(81./41)+1./82*math.Log(1./41))/2, 1e-6)
	if !isZero(gradients[1][1:]) {
		t.Errorf("gradients %v flow into a view whose image is not confident", gradients[1][1])
	}
	// The strong view says what is asked for: nothing is left to learn.
	if got, _ := lossAndGradients(t, loss, 0, weak[:1], [][]float64{{2 * math.Log(9), 0}}); math.Abs(got) > 1e-6 {
		t.Errorf("the loss of the sharpened answer itself is %g", got)
	}
}

func TestUDALossDoesNotDependOnTheOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	weak, strong := normal(rng, 6, 3, 2), normal(rng, 6, 3, 2)
	loss := func(in []*Node) *Node { return UDALoss(in[0], in[1], .4, .5) }
	before, _ := lossAndGradients(t, loss, 0, weak, strong)
	weak[1], weak[4], strong[1], strong[4] = weak[4], weak[1], strong[4], strong[1]
	after, _ := lossAndGradients(t, loss, 0, weak, strong)
	near(t, "loss in another order", after, before, 1e-6)
}

func TestUDACheck(t *testing.T) {
	if err := checked(UDA{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the paper's recipe: %v", err)
	}
	for field, bad := range map[string]UDA{
		"Classes": {}, "Temperature": {Classes: 3, Temperature: -1}, "Threshold": {Classes: 3, Threshold: 1},
		"Weight": {Classes: 3, Weight: -1}, "Share": {Classes: 3, Share: 1},
	} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
