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

// flexStatus is β of the paper in float64, of what each image was last taken for; -1 is never.
func flexStatus(learned []int, classes int, warmUp bool) []float64 {
	counts := make([]float64, classes)
	var never, most float64
	for _, c := range learned {
		if c < 0 {
			never++
			continue
		}
		counts[c]++
		most = max(most, counts[c])
	}
	if warmUp {
		most = max(most, never)
	}
	for c := range counts {
		counts[c] /= max(most, 1)
	}
	return counts
}

func TestCurriculumNotesWhatImagesWereLastTakenFor(t *testing.T) {
	const images, batch, classes, threshold = 12, 5, 3, .8
	for _, warmUp := range []bool{true, false} {
		exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, indices, weak *Node) []*Node {
			learned := newCurriculum(scope, images)
			before := learned.status(weak.Graph(), classes, warmUp)
			learned.note(indices, weak, threshold)
			return []*Node{before, learned.status(weak.Graph(), classes, warmUp)}
		})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		want := make([]int, images)
		for i := range want {
			want[i] = -1
		}
		for step := range 8 {
			before := flexStatus(want, classes, warmUp)
			weak := normal(rng, batch, classes, 3)
			var indices []int32
			for k, i := range rng.Perm(images)[:batch] {
				indices = append(indices, int32(i))
				if q := softmax(weak[k]); q[argMax(q)] >= threshold {
					want[i] = argMax(q)
				}
			}
			outputs, err := exec.Call(indices, weak)
			if err != nil {
				t.Fatal(err)
			}
			after := flexStatus(want, classes, warmUp)
			for c := range classes {
				near(t, "the status of a class before", float64(outputs[0].Value().([]float32)[c]), before[c], 1e-6)
				near(t, "the status of a class after", float64(outputs[1].Value().([]float32)[c]), after[c], 1e-6)
			}
			if step == 0 && before[0] != 0 {
				t.Errorf("a class is learned before the first step: %v", before)
			}
		}
	}
}

// flexMatch is the loss on images without labels in float64.
func flexMatch(weak, strong [][]float64, thresholds []float64) float64 {
	var sum float64
	for i := range weak {
		q := softmax(weak[i])
		if label := argMax(q); q[label] >= thresholds[label] {
			sum -= math.Log(softmax(strong[i])[label])
		}
	}
	return sum / float64(len(weak))
}

func TestFlexMatchLossIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	weak, strong := normal(rng, 12, 3, 2), normal(rng, 12, 3, 2)
	for _, thresholds := range [][]float64{{0, 0, 0}, {.9, .5, .7}, {.95, .95, .95}} {
		got, gradients := lossAndGradients(t, func(in []*Node) *Node {
			return FlexMatchLoss(in[0], in[1], Const(in[0].Graph(), float32s(thresholds)))
		}, 2, weak, strong)
		formula := func() float64 { return flexMatch(weak, strong, thresholds) }
		near(t, "loss", got, formula(), 1e-5)
		if !isZero(gradients[0]) {
			t.Error("a gradient flows through the pseudo-labels")
		}
		for i := range strong {
			near(t, "gradient", gradients[1][i][1], slope(formula, &strong[i][1]), 1e-4)
		}
	}
	// Where all classes are as well learned, it is FixMatch.
	near(t, "the loss of one threshold", flexMatch(weak, strong, []float64{.7, .7, .7}), fixMatch(weak, strong, .7), 1e-12)
}

// A class that is half as well learned as the best has a third of its threshold: .5 / (2 - .5).
func TestFlexibleThresholdsByHand(t *testing.T) {
	for status, want := range map[float32]float64{0: 0, .5: 1. / 3, 1: 1} {
		near(t, "the factor of a threshold", scalarOf(t, flexible, status), want, 1e-6)
	}
}

func TestFlexMatchCheck(t *testing.T) {
	if err := checked(FlexMatch{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the paper's recipe: %v", err)
	}
	for field, bad := range map[string]FlexMatch{
		"Classes": {}, "Threshold": {Classes: 3, Threshold: 1}, "Weight": {Classes: 3, Weight: -1}, "Share": {Classes: 3, Share: 1},
	} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
