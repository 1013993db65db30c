package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
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
		output, err := CallOnce(backend, resolved(BYOL{Tau: .9}).Momentum, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "momentum", float64(output.Value().(float32)), want, 1e-6)
	}
}

func TestBYOLCheck(t *testing.T) {
	if err := checked(BYOL{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]BYOL{
		"Hidden": {Hidden: -1}, "Out": {Out: -1}, "Tau": {Tau: 1}, "Locals": {Locals: -1}, "LocalSize": {LocalSize: 33},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}

// The loss of a step is equation 2 for both orders of the views: what the student predicts from
// each view is compared with what the teacher, whose variables are others, makes of the other view.
func TestBYOLStepIsTheFormulaInBothOrders(t *testing.T) {
	method := resolved(BYOL{Hidden: 5, Out: 3})
	rng := rand.New(rand.NewPCG(7, 8))
	outputs, store := stepOutputs(t, func(scope *model.Scope, views []*Node) []*Node {
		step := mocov2Step(scope, views...)
		predictor := encoder.MLP{Hidden: 5, Out: 3, Layers: 2}
		var q, targets []*Node
		for _, view := range views {
			z := method.Embed(step.Scope, step.Encode(view).Pooled)
			q = append(q, predictor.Apply(step.Scope.At("predictor"), z))
			targets = append(targets, method.Embed(step.Teacher.Scope, step.Teacher.Encode(view).Pooled))
		}
		swapped := method.Loss(mocov2Step(scope, views[1], views[0]))
		return append(append(q, targets...), method.Loss(step), swapped)
	}, mocov2Images(rng, 4), mocov2Images(rng, 4))
	q0, q1, t0, t1 := table(outputs[0]), table(outputs[1]), table(outputs[2]), table(outputs[3])
	t.Run("the formula", func(t *testing.T) {
		near(t, "loss", number(outputs[4]), regression(q0, t1)+regression(q1, t0), 1e-4)
	})
	t.Run("the views swapped", func(t *testing.T) {
		near(t, "loss", number(outputs[5]), number(outputs[4]), 1e-5)
	})
	mocov2Twins(t, store)
}

// From each small crop what the teacher makes of both large views is predicted, and nothing of what a
// small one is.
func TestBYOLPredictsTheLargeViewsFromSmallCrops(t *testing.T) {
	method := resolved(BYOL{Hidden: 5, Out: 3, Locals: 2})
	rng := rand.New(rand.NewPCG(9, 10))
	outputs, store := stepOutputs(t, func(scope *model.Scope, views []*Node) []*Node {
		step := mocov2Step(scope, views...)
		q := apart(embedApart(method, step), func(z *Node) *Node { return method.head().Apply(step.Scope.At("predictor"), z) })
		return append(append(q, teachApart(method, step)...), method.Loss(step))
	}, mocov2Images(rng, 4), mocov2Images(rng, 4), mocov2Images(rng, 4), mocov2Images(rng, 4))
	if len(outputs) != 7 {
		t.Fatalf("%d outputs: the teacher looks at %d views, want 2", len(outputs), len(outputs)-5)
	}
	var want float64
	for target := range 2 {
		for crop := range 4 {
			if crop != target {
				want += regression(table(outputs[crop]), table(outputs[4+target]))
			}
		}
	}
	near(t, "loss", number(outputs[6]), want, 1e-4)
	mocov2Twins(t, store)
}

func TestBYOLLocalViews(t *testing.T) {
	for i, view := range resolved(BYOL{Locals: 3}).Views(32, 32) {
		want := augment.RandomResizedCrop{Size: 32, Interpolation: augment.Bicubic}
		if i > 1 {
			want = augment.RandomResizedCrop{Size: 16, Scale: [2]float64{.05, .4}, Interpolation: augment.Bicubic}
		}
		if got := view[0]; got != augment.Transform(want) {
			t.Errorf("view %d is cropped by %+v, want %+v", i, got, want)
		}
	}
}
