package ssl

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// swavSlow is equation 6 of the paper in float64 for crops with given codes.
func swavSlow(codes, scores [][][]float64, temperature float64) float64 {
	var loss, terms float64
	for i := range codes {
		for v := range scores {
			if v == i {
				continue
			}
			for b := range codes[i] {
				var sum float64
				for _, s := range scores[v][b] {
					sum += math.Exp(s / temperature)
				}
				for k, s := range scores[v][b] {
					loss -= codes[i][b][k] * math.Log(math.Exp(s/temperature)/sum)
				}
				terms++
			}
		}
	}
	return loss / terms
}

// swavLoss is the loss of two crops whose codes come from their own scores.
func swavLoss(a, b *Node) *Node {
	return SwappedPrediction([]*Node{Sinkhorn(a, .5, 3), Sinkhorn(b, .5, 3)}, []*Node{a, b}, .2)
}

func TestSwappedPredictionIsTheFormulaAndStopsTheCodesGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	a, b := normal(rng, 6, 4), normal(rng, 6, 4)
	got, da, _ := pairLoss(t, swavLoss, a, b)
	codes := [][][]float64{sinkhornSlow(a, .5, 3), sinkhornSlow(b, .5, 3)}
	slow := func() float64 { return swavSlow(codes, [][][]float64{a, b}, .2) }
	near(t, "loss", got, slow(), 1e-5)
	// The codes stay as they were while a score moves: so must they for the gradient.
	near(t, "gradient", da[2][3], slope(slow, &a[2][3]), 1e-4)
	permuted, _, _ := pairLoss(t, swavLoss, permuted(a), permuted(b))
	near(t, "loss with the images permuted", permuted, got, 1e-5)
	swapped, _, _ := pairLoss(t, swavLoss, b, a)
	near(t, "loss with the crops swapped", swapped, got, 1e-5)

	// Codes alone are no way for a gradient.
	_, da, db := pairLoss(t, func(a, b *Node) *Node {
		return SwappedPrediction([]*Node{Sinkhorn(a, .5, 3)}, []*Node{a, b}, .2)
	}, a, b)
	if !isZero(da) || isZero(db) {
		t.Error("a gradient flows into the crop that only gives codes, or none into the one that predicts")
	}
}

func TestSwappedPredictionOfSmallCrops(t *testing.T) {
	// A small crop has no codes, and predicts those of both large ones: 4 terms, not 2.
	rng := rand.New(rand.NewPCG(19, 20))
	a, b := normal(rng, 5, 4), normal(rng, 5, 4)
	got, _, _ := pairLoss(t, func(a, b *Node) *Node {
		return SwappedPrediction([]*Node{Sinkhorn(a, .5, 3), Sinkhorn(b, .5, 3)}, []*Node{a, b, Sub(a, b)}, .2)
	}, a, b)
	small := normal(rng, 5, 4)
	for i := range small {
		for j := range small[i] {
			small[i][j] = a[i][j] - b[i][j]
		}
	}
	codes := [][][]float64{sinkhornSlow(a, .5, 3), sinkhornSlow(b, .5, 3)}
	near(t, "loss", got, swavSlow(codes, [][][]float64{a, b, small}, .2), 1e-5)
}

func TestSwappedPredictionOfCollapse(t *testing.T) {
	// All images the same: codes and predictions are uniform, and the loss is the log of the number
	// of prototypes.
	same := [][]float64{{1, 1, 1, 1}, {1, 1, 1, 1}}
	got, _, _ := pairLoss(t, swavLoss, same, same)
	near(t, "loss of collapsed scores", got, math.Log(4), 1e-5)
	// Two images far apart, each with a prototype of its own: nothing is left.
	apart := [][]float64{{9, 0}, {0, 9}}
	got, _, _ = pairLoss(t, swavLoss, apart, apart)
	near(t, "loss of clear scores", got, 0, 1e-5)
}

func TestSwAVFreezesItsPrototypesAtFirst(t *testing.T) {
	m := SwAV{Prototypes: 5, Hidden: 8, Out: 6, FreezeLast: .1}
	_, early := negfreeStep(t, m, .05)
	if g, ok := early["/method/prototypes"]; !ok || g != 0 {
		t.Errorf("the gradient of frozen prototypes is %g (%v)", g, ok)
	}
	_, late := negfreeStep(t, m, .1)
	if late["/method/prototypes"] == 0 {
		t.Error("the prototypes stay frozen")
	}
}

func TestSwAVStepWithSmallCropsAndQueue(t *testing.T) {
	m := SwAV{Prototypes: 5, Hidden: 8, Out: 6, Locals: 2, Queue: 16, QueueFrom: .5}
	early, _ := negfreeStep(t, m, .4)
	late, _ := negfreeStep(t, m, .6)
	if early == late {
		t.Errorf("the queue makes no difference: %g", late)
	}
}

func TestSwAVCheck(t *testing.T) {
	if err := checked(SwAV{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]SwAV{
		"Prototypes": {Prototypes: 1}, "Temperature": {Temperature: -1}, "Epsilon": {Epsilon: -1}, "Iterations": {Iterations: -1},
		"FreezeLast": {FreezeLast: 1}, "Hidden": {Hidden: -1}, "Out": {Out: 1}, "Locals": {Locals: -1},
		"LocalSize": {LocalSize: 33},
		"Queue":     {Queue: 24}, "QueueFrom": {QueueFrom: 1},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field+" ") {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(SwAV{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
}

// The codes of a step are of the batch alone until QueueFrom of the training is done, and from then
// on of the batch among the embeddings of its own crop's queue.
func TestSwAVQueueIsUsedLateOnly(t *testing.T) {
	method := resolved(SwAV{Prototypes: 5, Hidden: 8, Out: 6, Epsilon: .1, Queue: 8, QueueFrom: .5})
	for name, c := range map[string]struct {
		progress float32
		late     bool
	}{"early": {.4, false}, "from then on": {.5, true}, "late": {.6, true}} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(21, 22))
			outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
				step := mocov2Step(scope, in[1:]...)
				step.Progress = in[0]
				prototypes := method.prototypes(step.Scope, step.Progress)
				var out []*Node
				for crop, z := range SplitViews(unit(method.Embed(step.Scope, step.Encode(step.Views...).Pooled)), 2) {
					held := newQueue(step.Scope.At("crop%d", crop), 8, 6).embeddings(z.Graph())
					out = append(out, Dot(z, prototypes).Product(), Dot(held, prototypes).Product())
				}
				return append(out, method.Loss(step))
			}, c.progress, mocov2Images(rng, 4), mocov2Images(rng, 4))
			var codes, scores [][][]float64
			for crop := range 2 {
				own, earlier := table(outputs[2*crop]), table(outputs[2*crop+1])
				among := own
				if c.late {
					among = slices.Concat(own, earlier)
				}
				scores, codes = append(scores, own), append(codes, sinkhornSlow(among, .1, 3)[:len(own)])
			}
			near(t, "loss", number(outputs[4]), swavSlow(codes, scores, .1), 1e-4)
		})
	}
}
