package ssl

import (
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// The loss of a Sum is that of its terms, each computed alone on its own views with its own
// variables, times their weights. The terms differ in how many views they take, the first has a
// teacher, and the weight of the last falls from 3 to 1 along half a cosine, which is at 2 halfway.
func TestSumIsTheWeightedSumOfItsTermsOnTheirOwnViews(t *testing.T) {
	byol, supervised, simCLR := resolved(BYOL{Hidden: 5, Out: 3}), Supervised{Classes: 3}, resolved(SimCLR{Hidden: 5, Out: 3})
	for name, c := range map[string]struct {
		sum      Sum
		progress float32
		weights  [3]float64
	}{
		"weights of 1 by default": {Sum{{Method: byol}, {Method: supervised}, {Method: simCLR}}, .3, [3]float64{1, 1, 1}},
		"weights": {
			Sum{{Method: byol, Weight: .25}, {Method: supervised, Weight: 2}, {Method: simCLR, Weight: 3}}, .3, [3]float64{.25, 2, 3},
		},
		"a weight that falls, halfway": {
			Sum{{Method: byol}, {Method: supervised, Weight: .5}, {Method: simCLR, Weight: 3, Final: new(1.0)}}, .5,
			[3]float64{1, .5, 2},
		},
		"a weight that falls, at the end": {
			Sum{{Method: byol}, {Method: supervised, Weight: .5}, {Method: simCLR, Weight: 3, Final: new(1.0)}}, 1,
			[3]float64{1, .5, 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(41, 42))
			inputs := []any{[]int32{2, 0, 1, 2}, c.progress}
			for range 5 {
				inputs = append(inputs, mocov2Images(rng, 4))
			}
			outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
				views := in[2:]
				step := func(views []*Node) *Step {
					step := mocov2Step(scope, views...)
					step.Labels, step.Progress, step.Height, step.Width = in[0], in[1], 1, 2
					return step
				}
				alone := func(i int, m Method, views []*Node) *Node {
					own := step(views)
					own.Scope, own.Teacher.Scope = own.Scope.At("%d", i), own.Teacher.Scope.At("%d", i)
					return m.Loss(own)
				}
				return []*Node{
					resolved(c.sum).Loss(step(views)),
					alone(0, byol, views[:2]), alone(1, supervised, views[2:3]), alone(2, simCLR, views[3:]),
				}
			}, inputs...)
			var want float64
			for i, weight := range c.weights {
				want += weight * number(outputs[1+i])
			}
			near(t, "loss", number(outputs[0]), want, 1e-5)
		})
	}
}
