package semi

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// pseudoLabel is the second term of equation 15 of the paper in float64, with the classes chosen
// beforehand.
func pseudoLabel(logits [][]float64, classes []int, threshold float64) float64 {
	var sum float64
	for i, row := range logits {
		if q := softmax(row); q[classes[i]] >= threshold {
			sum -= math.Log(q[classes[i]])
		}
	}
	return sum / float64(len(logits))
}

func TestPseudoLabelLossIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	logits := normal(rng, 10, 4, 2)
	var classes []int
	for _, row := range logits {
		classes = append(classes, argMax(row))
	}
	for _, threshold := range []float64{0, .6} {
		got, gradients := lossAndGradients(t, func(in []*Node) *Node { return PseudoLabelLoss(in[0], threshold) }, 1, logits)
		near(t, "loss", got, pseudoLabel(logits, classes, threshold), 1e-5)
		for i := range logits { // The gradient is that for labels that stand still.
			want := slope(func() float64 { return pseudoLabel(logits, classes, threshold) }, &logits[i][2])
			near(t, "gradient", gradients[0][i][2], want, 1e-4)
		}
	}
}

func TestPseudoLabelWeightRisesInALine(t *testing.T) {
	m := resolved(PseudoLabel{Begin: .2, End: .6, Weight: 2})
	for progress, want := range map[float32]float64{0: 0, .2: 0, .3: .5, .4: 1, .6: 2, .99: 2} {
		near(t, "weight", scalarOf(t, m.weight, progress), want, 1e-6)
	}
}

func TestPseudoLabelCheck(t *testing.T) {
	if err := checked(PseudoLabel{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the paper's recipe: %v", err)
	}
	for field, bad := range map[string]PseudoLabel{
		"Classes": {}, "Weight": {Classes: 3, Weight: -1}, "Begin is 0.7": {Classes: 3, Begin: .7}, "End is 2": {Classes: 3, End: 2},
		"Threshold": {Classes: 3, Threshold: 1}, "Share": {Classes: 3, Share: 2},
	} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
