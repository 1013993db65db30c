package semi

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
)

// fixMatch is equation 4 of the paper in float64.
func fixMatch(weak, strong [][]float64, threshold float64) float64 {
	var sum float64
	for i := range weak {
		q := softmax(weak[i])
		if label := argMax(q); q[label] >= threshold {
			sum -= math.Log(softmax(strong[i])[label])
		}
	}
	return sum / float64(len(weak))
}

func TestFixMatchLossIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	weak, strong := normal(rng, 12, 4, 2), normal(rng, 12, 4, 2)
	for _, threshold := range []float64{.3, .7, .95} {
		got, gradients := lossAndGradients(t, func(in []*Node) *Node {
			return FixMatchLoss(in[0], in[1], threshold)
		}, 2, weak, strong)
		near(t, "loss", got, fixMatch(weak, strong, threshold), 1e-5)
		if !isZero(gradients[0]) {
			t.Error("a gradient flows through the pseudo-labels")
		}
		for i := range strong {
			want := slope(func() float64 { return fixMatch(weak, strong, threshold) }, &strong[i][1])
			near(t, "gradient", gradients[1][i][1], want, 1e-4)
		}
	}
}

func TestFixMatchLossLeavesOutWhatIsNotConfident(t *testing.T) {
	weak := [][]float64{{3, 0}, {0, 0}, {0, 1}} // Probabilities of 0.95, 0.5, 0.73.
	strong := [][]float64{{0, 0}, {1, 5}, {-2, 1}}
	loss := func(in []*Node) *Node { return FixMatchLoss(in[0], in[1], .95) }
	got, gradients := lossAndGradients(t, loss, 2, weak, strong)
	near(t, "loss", got, math.Ln2/3, 1e-6) // The first alone counts, but among all three.
	if !isZero(gradients[1][1:]) || isZero(gradients[1][:1]) {
		t.Errorf("gradients %v of the strong views, want none but the first", gradients[1])
	}
	if got, gradients := lossAndGradients(t, loss, 2, weak[1:], strong[1:]); got != 0 || !isZero(gradients[1]) {
		t.Errorf("loss %g where none is confident, with gradients %v", got, gradients[1])
	}
}

func TestFixMatchLossDoesNotDependOnTheOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	weak, strong := normal(rng, 6, 3, 2), normal(rng, 6, 3, 2)
	loss := func(in []*Node) *Node { return FixMatchLoss(in[0], in[1], .5) }
	before, _ := lossAndGradients(t, loss, 0, weak, strong)
	weak[1], weak[4], strong[1], strong[4] = weak[4], weak[1], strong[4], strong[1]
	after, _ := lossAndGradients(t, loss, 0, weak, strong)
	near(t, "loss in another order", after, before, 1e-6)
}

func TestFixMatchCheck(t *testing.T) {
	if err := checked(FixMatch{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the paper's recipe: %v", err)
	}
	for field, bad := range map[string]FixMatch{
		"Classes": {Classes: 1}, "Threshold": {Classes: 3, Threshold: 1}, "Weight": {Classes: 3, Weight: -1},
		"Share": {Classes: 3, Share: 1},
	} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	small := augment.Pipeline{augment.RandomResizedCrop{Size: 16}}
	if err := checked(FixMatch{Classes: 3}, 64, 32, 32, WeakView(), small); err == nil || !strings.Contains(err.Error(), "one size") {
		t.Errorf("views of two sizes: %v", err)
	}
	if err := checked(FixMatch{Classes: 3}, 1, 32, 32); err == nil || !strings.Contains(err.Error(), "at least 2") {
		t.Errorf("a batch of 1: %v", err)
	}
	for _, classes := range [][]string{nil, {"a", "b"}} {
		if err := (FixMatch{Classes: 3}).CheckLabels(classes); err == nil {
			t.Errorf("3 classes are accepted for images of %d", len(classes))
		}
	}
}

func TestLabelledPartIsTheShareOfTheBatch(t *testing.T) {
	for _, c := range []struct {
		share       float64
		batch, want int
	}{{0, 512, 64}, {0, 64, 8}, {0, 2, 1}, {.25, 10, 3}, {.9, 4, 3}, {.001, 100, 1}} {
		if got := resolved(FixMatch{Share: c.share}).LabelledOf(c.batch); got != c.want {
			t.Errorf("share %g of %d is %d, want %d", c.share, c.batch, got, c.want)
		}
	}
}
