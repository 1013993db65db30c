package semi

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/ssl"
)

// The whole losses, on a step of images of one pixel, beside their formulas in float64 of the
// logits.

// lossStep is a batch of two images with labels and three without, in two views.
var lossStep = struct {
	views   [2][][][][]float32
	labels  []int32
	indices []int32
}{
	[2][][][][]float32{
		{{{{1, 2, -1}}}, {{{0, -2, 3}}}, {{{-3, 1, 2}}}, {{{2, 2, 0}}}, {{{1, -1, -2}}}},
		{{{{0, 1, 1}}}, {{{2, 0, -1}}}, {{{1, 3, -2}}}, {{{-1, 2, 2}}}, {{{0, -3, 1}}}},
	},
	[]int32{2, 0, -1, -1, -1}, []int32{0, 1, 2, 3, 4},
}

// stepOf is what a method's loss is of, at the given images.
func stepOf(scope *model.Scope, views []*Node, labels, indices, progress, state *Node) *ssl.Step {
	return &ssl.Step{
		Network: ssl.Network{
			Encoder: firstPixel{}, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32,
		},
		Views: views, Labels: labels, Indices: indices, Images: 5, Labelled: []int{0, 1}, Progress: progress,
		Random: augment.NewRandom(state),
	}
}

// lossAndLogits are those of lossStep, and the logits of its two views.
func lossAndLogits(t *testing.T, store *model.Store, method ssl.Method, state [3]uint64) (loss float64, weak, strong [][]float64) {
	t.Helper()
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, in []*Node) []*Node {
		step := stepOf(scope, in[:2], in[2], in[3], in[4], in[5])
		logits := func(view *Node) *Node { return method.Embed(step.Scope, step.Encode(view).Pooled) }
		return []*Node{method.Loss(step), logits(in[0]), logits(in[1])}
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call(lossStep.views[0], lossStep.views[1], lossStep.labels, lossStep.indices, float32(.5), state[:])
	if err != nil {
		t.Fatal(err)
	}
	return float64(outputs[0].Value().(float32)), float64s(outputs[1].Value().([][]float32)), float64s(outputs[2].Value().([][]float32))
}

func float64s(x [][]float32) [][]float64 {
	y := make([][]float64, len(x))
	for i, row := range x {
		for _, v := range row {
			y[i] = append(y[i], float64(v))
		}
	}
	return y
}

// crossEntropy is the mean over rows of the one of softmax(logits) to targets.
func crossEntropy(logits, targets [][]float64) float64 {
	var sum float64
	for i, row := range logits {
		for c, p := range softmax(row) {
			sum -= targets[i][c] * math.Log(p)
		}
	}
	return sum / float64(len(logits))
}

func TestSoftMatchLossIsThatOfItsParts(t *testing.T) {
	m := resolved(SoftMatch{Classes: 3, Momentum: .1, Sigmas: 4, Weight: 2, Share: .4})
	loss, weak, strong := lossAndLogits(t, model.NewStore(), m, augment.State(1, 0))
	var probabilities [][]float64
	for _, row := range weak[2:] {
		probabilities = append(probabilities, softmax(row))
	}
	means := soft{mean: 1. / 3, variance: 1}
	var unsupervised float64
	for i, weight := range means.weights(probabilities, .1, 4) {
		unsupervised -= weight * math.Log(softmax(strong[2+i])[argMax(weak[2+i])]) / 3
	}
	near(t, "loss", loss, crossEntropy(weak[:2], oneHot([]int{2, 0}, 3))+2*unsupervised, 1e-4)
}

func TestUDAAndFlexMatchLossesAreThoseOfTheirParts(t *testing.T) {
	uda2 := resolved(UDA{Classes: 3, Threshold: .4, Weight: 2, Share: .4})
	loss, weak, strong := lossAndLogits(t, model.NewStore(), uda2, augment.State(1, 0))
	labelled := crossEntropy(weak[:2], oneHot([]int{2, 0}, 3))
	near(t, "UDA's loss", loss, labelled+2*uda(weak[2:], strong[2:], .4, .4), 1e-4)

	// Nothing is learned before the first step, so that all images count in it. Then the images that
	// are told with confidence are known.
	flex, store := resolved(FlexMatch{Classes: 3, Threshold: .4, Weight: 2, Share: .4}), model.NewStore()
	loss, weak, strong = lossAndLogits(t, store, flex, augment.State(1, 0))
	labelled = crossEntropy(weak[:2], oneHot([]int{2, 0}, 3))
	near(t, "FlexMatch's first loss", loss, labelled+2*flexMatch(weak[2:], strong[2:], []float64{0, 0, 0}), 1e-4)
	learned := []int{-1, -1, -1, -1, -1} // Images 0 and 1 came with their labels alone.
	for i, row := range weak[2:] {
		if q := softmax(row); q[argMax(q)] >= .4 {
			learned[2+i] = argMax(q)
		}
	}
	thresholds := flexStatus(learned, 3, true)
	for c, status := range thresholds {
		thresholds[c] = .4 * status / (2 - status)
	}
	loss, weak, strong = lossAndLogits(t, store, flex, augment.State(1, 1))
	near(t, "FlexMatch's second loss", loss, labelled+2*flexMatch(weak[2:], strong[2:], thresholds), 1e-4)
}

func TestSimMatchLossIsThatOfItsParts(t *testing.T) {
	m := resolved(SimMatch{Classes: 3, Threshold: .3, Weight: 2, Similarity: 3, Out: 4, Queue: 1, Share: .4})
	store := model.NewStore()
	loss, weak, strong := lossAndLogits(t, store, m, augment.State(1, 0))
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, first, second *Node) []*Node {
		n := stepOf(scope, nil, nil, nil, nil, first).Network
		return []*Node{m.project(n.Scope, n.Encode(first).Pooled), m.project(n.Scope, n.Encode(second).Pooled)}
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call(lossStep.views[0], lossStep.views[1])
	if err != nil {
		t.Fatal(err)
	}
	alike, strongAlike := float64s(outputs[0].Value().([][]float32)), float64s(outputs[1].Value().([][]float32))
	labelled := crossEntropy(weak[:2], oneHot([]int{2, 0}, 3))
	var shares [3]float64
	for _, row := range weak[2:] {
		for c, p := range softmax(row) {
			shares[c] += p / 3
		}
	}
	aligned := make([][]float64, 3)
	for i, row := range weak[2:] {
		var sum float64
		for c, p := range softmax(row) {
			aligned[i] = append(aligned[i], p*(1./3+1e-6)/(shares[c]+1e-6))
			sum += aligned[i][c]
		}
		for c := range aligned[i] {
			aligned[i][c] /= sum
		}
	}
	// In the first step the bank is empty; in the second it holds both images with labels as they
	// were, and the shares are again those of the step alone.
	near(t, "the first loss", loss, labelled+2*crossEntropy(strong[2:], aligned), 1e-4)
	targets, matching := make([][]float64, 3), 0.
	for i := range targets {
		b, student := similaritySoftmax(alike[2+i], alike[:2], .1), similaritySoftmax(strongAlike[2+i], alike[:2], .1)
		targets[i] = []float64{.9*aligned[i][0] + .1*b[1], .9 * aligned[i][1], .9*aligned[i][2] + .1*b[0]} // Their classes are 2 and 0.
		unfolded := []float64{b[0] * aligned[i][2], b[1] * aligned[i][0]}
		for k, p := range student {
			matching -= unfolded[k] / (unfolded[0] + unfolded[1]) * math.Log(p) / 3
		}
	}
	loss, _, _ = lossAndLogits(t, store, m, augment.State(1, 1))
	near(t, "the second loss", loss, labelled+2*crossEntropy(strong[2:], targets)+3*matching, 1e-3)

	gradients, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, in []*Node) []*Node {
		loss := m.Loss(stepOf(scope, in[:2], in[2], in[3], in[4], in[5]))
		var weights []*Node
		for v := range scope.At("method").At("projector").IterVariables() {
			weights = append(weights, v.NodeValue(loss.Graph()))
		}
		sum := ScalarZero(loss.Graph(), dtypes.Float32)
		for _, gradient := range Gradient(loss, weights...) {
			sum = Add(sum, ReduceAllSum(Abs(gradient)))
		}
		return []*Node{sum}
	})
	if err != nil {
		t.Fatal(err)
	}
	state := augment.State(1, 2)
	outputs, err = gradients.Call(lossStep.views[0], lossStep.views[1], lossStep.labels, lossStep.indices, float32(.5), state[:])
	if err != nil {
		t.Fatal(err)
	}
	if sum := outputs[0].Value().(float32); !(sum > 1e-3) {
		t.Errorf("the gradients of the head of the embeddings sum up to %g", sum)
	}
}

func TestMixMatchLossIsThatOfItsParts(t *testing.T) {
	m := resolved(MixMatch{Classes: 3, Weight: 4, Ramp: .9, Share: .4})
	store, state := model.NewStore(), augment.State(1, 0)
	loss, first, second := lossAndLogits(t, store, m, state)
	labels := [][]float32{{0, 0, 1}, {1, 0, 0}}
	var guesses [][]float32
	for i := range 3 {
		var sharp [3]float32
		var sum float32
		for c := range sharp {
			mean := (softmax(first[2+i])[c] + softmax(second[2+i])[c]) / 2
			sharp[c] = float32(mean * mean)
			sum += sharp[c]
		}
		guesses = append(guesses, []float32{sharp[0] / sum, sharp[1] / sum, sharp[2] / sum})
	}
	labels = append(append(labels, guesses...), guesses...)
	images := append(append(lossStep.views[0][:2:2], lossStep.views[0][2:]...), lossStep.views[1][2:]...)
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, images, labels, state *Node) []*Node {
		step := stepOf(scope, nil, nil, nil, nil, state)
		images, labels = m.mix(step.Random, images, labels)
		return []*Node{m.Embed(step.Scope, step.Encode(images).Pooled), labels}
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := exec.Call(images, labels, state[:])
	if err != nil {
		t.Fatal(err)
	}
	logits, targets := float64s(outputs[0].Value().([][]float32)), float64s(outputs[1].Value().([][]float32))
	var guessed float64
	for i := range logits[2:] {
		for c, p := range softmax(logits[2+i]) {
			guessed += (p - targets[2+i][c]) * (p - targets[2+i][c]) / (6 * 3)
		}
	}
	near(t, "loss", loss, crossEntropy(logits[:2], targets[:2])+4*(.5/.9)*guessed, 1e-4)
}
