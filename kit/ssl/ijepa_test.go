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

// ijepaLoss is the smooth distance to targets of mean 0 and variance 1, in float64.
func ijepaLoss(prediction, target [][][]float64) float64 {
	var sum, n float64
	for i := range target {
		for p, token := range target[i] {
			var mean, variance float64
			for _, v := range token {
				mean += v / float64(len(token))
			}
			for _, v := range token {
				variance += (v - mean) * (v - mean) / float64(len(token))
			}
			for j, v := range token {
				d := math.Abs(prediction[i][p][j] - (v-mean)/math.Sqrt(variance+1e-5))
				if d < 1 {
					sum += d * d / 2
				} else {
					sum += d - .5
				}
				n++
			}
		}
	}
	return sum / n
}

func TestSmoothDistanceIsTheFormulaAndStopsTheTargetsGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	prediction, target := maskedTokens(rng, 2, 3, 8), maskedTokens(rng, 2, 3, 8)
	prediction[0][0][0], prediction[0][0][1] = 4, -5 // Beyond 1, both ways.
	loss := func(in []*Node) *Node { return SmoothDistance(in[0], withoutScale(in[1])) }
	got, gradient := lossAndGradient[[][][]float64](t, loss, prediction, target)
	near(t, "loss", got, ijepaLoss(prediction, target), 1e-5)
	for _, at := range [][3]int{{0, 0, 0}, {0, 0, 1}, {1, 2, 3}} {
		x := &prediction[at[0]][at[1]][at[2]]
		near(t, "gradient", gradient[at[0]][at[1]][at[2]],
			slope(func() float64 { return ijepaLoss(prediction, target) }, x), 1e-4)
	}
	_, gradient = lossAndGradient[[][][]float64](t, func(in []*Node) *Node {
		return SmoothDistance(in[1], in[0])
	}, target, prediction)
	for i := range gradient {
		for p := range gradient[i] {
			for _, g := range gradient[i][p] {
				if g != 0 {
					t.Fatal("a gradient flows into the targets")
				}
			}
		}
	}
}

func TestSmoothDistanceByHand(t *testing.T) {
	// Differences of 0, ½, 1 and 3 cost 0, ⅛, ½ and 2½.
	loss, _ := lossAndGradient[[]float64](t, func(in []*Node) *Node { return SmoothDistance(in[0], in[1]) },
		[]float64{7, .5, -1, 5}, []float64{7, 0, 0, 2})
	near(t, "loss", loss, 3.125/4, 1e-6)
}

func TestIJEPAContextIsWhatNoTargetHolds(t *testing.T) {
	backend := devicetest.Backend(t)
	state := augment.State(5, 6)
	outputs, err := CallOnceN(backend, func(state *Node) []*Node {
		r := augment.NewRandom(state)
		blocks := resolved(IJEPA{}).Mask.Draw(r, 6, 8, 8)
		return []*Node{resolved(IJEPA{}).context(r, blocks, 6, 8, 8), Reshape(blocks.Context, 6, 64)}
	}, state[:])
	if err != nil {
		t.Fatal(err)
	}
	context := outputs[1].Value().([][]bool)
	for i, keep := range outputs[0].Value().([][]int32) {
		if len(keep) != 13 { // 49 of the context less 4 targets of 9.
			t.Fatalf("%d patches are kept, want 13", len(keep))
		}
		seen := map[int32]bool{}
		for _, patch := range keep {
			if seen[patch] || !context[i][patch] {
				t.Errorf("image %d: patch %d is kept twice, or lies in a target", i, patch)
			}
			seen[patch] = true
		}
	}
}

func TestIJEPATokensAt(t *testing.T) {
	backend := devicetest.Backend(t)
	output, err := CallOnce(backend, func(tokens, which *Node) *Node { return tokensAt(repeatRows(tokens, 2), which) },
		[][][]float32{{{1}, {2}, {3}}, {{4}, {5}, {6}}}, [][]int32{{2, 0}, {1, 1}, {0, 2}, {2, 1}})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]float32{{3, 1}, {2, 2}, {4, 6}, {6, 5}} // Both targets of the first image, then of the second.
	for i, tokens := range output.Value().([][][]float32) {
		for k, token := range tokens {
			if token[0] != want[i][k] {
				t.Errorf("row %d, token %d is %g, want %g", i, k, token[0], want[i][k])
			}
		}
	}
}

func TestIJEPATrainsEncoderAndPredictor(t *testing.T) {
	_, norms := maskedStep(t, IJEPA{Mask: augment.MultiBlockMask{Targets: 2}, Predictor: encoder.Transformer{Depth: 1}}, maskedViT)
	maskedReached(t, norms, "/encoder/", "/method/predictor/")
}

func TestIJEPAMomentumRisesInALine(t *testing.T) {
	backend := devicetest.Backend(t)
	for progress, want := range map[float32]float64{0: .9, .25: .925, 1: 1} {
		output, err := CallOnce(backend, resolved(IJEPA{Tau: .9}).Momentum, progress)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "momentum", float64(output.Value().(float32)), want, 1e-6)
	}
}

func TestIJEPACheck(t *testing.T) {
	small := encoder.ViT{Patch: 4, Width: 192, Depth: 6, Pool: encoder.MeanPatches}
	if err := checked(IJEPA{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if err := checkedWith(IJEPA{}, small, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if err := checked(IJEPA{Tau: 1}, 2, 32, 32); err == nil || !strings.Contains(err.Error(), "Tau") {
		t.Errorf("a teacher that stands still: %v", err)
	}
	for field, bad := range map[string]IJEPA{
		"Targets":     {Mask: augment.MultiBlockMask{Targets: 6}},
		"TargetScale": {Mask: augment.MultiBlockMask{TargetScale: 1}},
		"Width":       {Predictor: encoder.Transformer{Width: 6}},
		"Heads":       {Predictor: encoder.Transformer{Heads: 5}},
	} {
		if err := checkedWith(bad, small, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checkedWith(IJEPA{}, maskedResNet, 32, 32); err == nil || !strings.Contains(err.Error(), "ViT") {
		t.Errorf("a convolutional encoder: %v", err)
	}
}

// ijepaScaled is a ViT whose tokens of patches are made longer, each by another factor, and moved.
type ijepaScaled struct{ encoder.ViT }

func (e ijepaScaled) Encode(scope *model.Scope, images *Node) encoder.Output {
	out := e.ViT.Encode(scope, images)
	factors := AddScalar(Iota(images.Graph(), out.Tokens.Shape(), 1), 2)
	out.Tokens = AddScalar(Mul(out.Tokens, factors), 5)
	return out
}

// The targets are the teacher's tokens with mean 0 and variance 1, each by itself: how long the
// teacher makes them, and what it adds to all features, is not to be predicted.
func TestIJEPAStepDoesNotSeeTheScaleOfTheTargets(t *testing.T) {
	method := resolved(IJEPA{Mask: augment.MultiBlockMask{Targets: 2}, Predictor: encoder.Transformer{Depth: 1}})
	rng := rand.New(rand.NewPCG(31, 32))
	state := augment.State(13, 14)
	outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		loss := func(teacher encoder.Encoder) *Node {
			step := maskedNetworks(scope, maskedViT, in[1])
			step.Random, step.Teacher.Encoder = augment.NewRandom(in[0]), teacher
			return method.Loss(step)
		}
		return []*Node{loss(maskedViT), loss(ijepaScaled{maskedViT})}
	}, state[:], maskedImages(rng, 2, 32))
	near(t, "loss with other scales", number(outputs[1]), number(outputs[0]), 1e-4)
}
