package semi

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

func TestGuessLabelsIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	answers := [][][]float64{normal(rng, 5, 3, 2), normal(rng, 5, 3, 2), normal(rng, 5, 3, 2)}
	for _, temperature := range []float64{.1, .5, 1} {
		outputs, err := CallOnceN(devicetest.Backend(t), func(in []*Node) []*Node {
			guess := GuessLabels(in, temperature)
			return append([]*Node{guess}, Gradient(ReduceAllSum(Square(guess)), in...)...)
		}, answers[0], answers[1], answers[2])
		if err != nil {
			t.Fatal(err)
		}
		for n := range 5 {
			sharp, sum := make([]float64, 3), 0.
			for c := range sharp {
				for _, answer := range answers {
					sharp[c] += softmax(answer[n])[c] / 3
				}
				sharp[c] = math.Pow(sharp[c], 1/temperature)
				sum += sharp[c]
			}
			for c := range sharp {
				near(t, "a guess", float64(outputs[0].Value().([][]float32)[n][c]), sharp[c]/sum, 1e-4)
			}
		}
		for _, gradient := range outputs[1:] {
			if !isZero(gradient.Value().([][]float64)) {
				t.Error("a gradient flows into the answers")
			}
		}
	}
}

// The mean of (0.9, 0.1) and (0.5, 0.5) is (0.7, 0.3), whose squares are 0.49 and 0.09 of 0.58.
func TestGuessLabelsByHand(t *testing.T) {
	output, err := CallOnce(devicetest.Backend(t), func(a, b *Node) *Node {
		return GuessLabels([]*Node{a, b}, .5)
	}, [][]float32{{float32(math.Log(9)), 0}}, [][]float32{{0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range []float64{.49 / .58, .09 / .58} {
		near(t, "a guess", float64(output.Value().([][]float32)[0][c]), want, 1e-5)
	}
}

func TestGuessLossIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	logits, other := normal(rng, 6, 4, 1), normal(rng, 6, 4, 1)
	got, gradients := lossAndGradients(t, func(in []*Node) *Node { return GuessLoss(in[0], Softmax(in[1], -1)) }, 2, logits, other)
	near(t, "loss", got, consistency(logits, other), 1e-5) // It is J of MeanTeacher.
	for i := range logits {
		near(t, "gradient", gradients[0][i][3], slope(func() float64 { return consistency(logits, other) }, &logits[i][3]), 1e-4)
	}
	if !isZero(gradients[1]) {
		t.Error("a gradient flows into the guess")
	}
}

// Images and labels of one-hot numbers tell who was blended with whom, and with which weight.
func TestMixMatchBlendsEachImageWithOneOther(t *testing.T) {
	const n = 64
	labels := make([][]float32, n)
	images := make([][][][]float32, n)
	for i := range n {
		labels[i] = make([]float32, n)
		labels[i][i] = 1
		images[i] = [][][]float32{{labels[i]}}
	}
	m := resolved(MixMatch{Classes: n})
	exec, err := NewExec(devicetest.Backend(t), func(state, images, labels *Node) []*Node {
		a, b := m.mix(augment.NewRandom(state), images, labels)
		return []*Node{Reshape(a, n, n), b}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	state := augment.State(1, 0)
	outputs, err := exec.Call(state[:], images, labels)
	if err != nil {
		t.Fatal(err)
	}
	ofImages, ofLabels := outputs[0].Value().([][]float32), outputs[1].Value().([][]float32)
	moved := 0
	for i := range n {
		partner := i
		for c := range n {
			near(t, "the blend of an image beside that of its label", float64(ofImages[i][c]), float64(ofLabels[i][c]), 1e-6)
			if c != i && ofLabels[i][c] > 0 {
				partner = c
			}
		}
		if partner != i {
			moved++
			near(t, "the weights of the two", float64(ofLabels[i][i]+ofLabels[i][partner]), 1, 1e-6)
		}
		if ofLabels[i][i] < .5 {
			t.Errorf("image %d has a weight of %g in its own place, want a half at least", i, ofLabels[i][i])
		}
	}
	if moved < n/2 {
		t.Errorf("%d of %d images are blended with another", moved, n)
	}
}

func TestMixMatchWeightRises(t *testing.T) {
	m := resolved(MixMatch{Weight: 10, Ramp: .5})
	for progress, want := range map[float32]float64{0: 0, .25: 5, .5: 10, .9: 10} {
		near(t, "weight", scalarOf(t, m.weight, progress), want, 1e-6)
	}
}

func TestMixMatchCheck(t *testing.T) {
	if err := checked(MixMatch{Classes: 10}, 64, 32, 32); err != nil {
		t.Errorf("the paper's recipe: %v", err)
	}
	for field, bad := range map[string]MixMatch{
		"Classes": {}, "Guesses": {Classes: 3, Guesses: 17}, "Temperature": {Classes: 3, Temperature: 2}, "Alpha": {Classes: 3, Alpha: -1},
		"Weight": {Classes: 3, Weight: -1}, "Ramp": {Classes: 3, Ramp: 1}, "Share": {Classes: 3, Share: 1},
	} {
		if err := checked(bad, 64, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if views := resolved(MixMatch{Classes: 3, Guesses: 3}).Views(32, 32); len(views) != 3 {
		t.Errorf("%d views for 3 guesses", len(views))
	}
}
