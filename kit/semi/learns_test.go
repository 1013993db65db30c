package semi

import (
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/ssl"
)

// These images have one pixel. Its first colour is the class, -1 or 1 and a little noise; the
// second says nothing, but is alike in the two images with labels. A classifier that looks at these
// alone takes it for the class as well, and is wrong where the second colour is strong. All views
// but the first draw the second colour anew, so that a method which makes the answers to them agree
// must find that it says nothing.
const (
	learnImages   = 64
	learnLabelled = 2
	learnBatch    = 34 // Both labelled images, and half of all.
)

// pixels are those of the images: [learnImages] colours, in [-3, 3] the second.
func pixels(rng *rand.Rand) (colours [learnImages][3]float32, classes [learnImages]int32) {
	for i := range colours {
		classes[i] = int32(i % 2)
		side := 2*float64(classes[i]) - 1
		colours[i] = [3]float32{float32(side + .2*rng.NormFloat64()), float32(6*rng.Float64() - 3), 0}
		if i < learnLabelled {
			colours[i] = [3]float32{float32(side), float32(side), 0}
		}
	}
	return colours, classes
}

// accuracyAfter is how many of the images a classifier tells rightly after some steps of a method.
func accuracyAfter(t *testing.T, method ssl.Method, steps int) float64 {
	t.Helper()
	backend := devicetest.Backend(t)
	method = method.WithDefaults()
	rng := rand.New(rand.NewPCG(1, 2))
	colours, classes := pixels(rng)
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		t.Fatal(err)
	}
	network := func(scope *model.Scope) ssl.Network {
		return ssl.Network{
			Encoder: firstPixel{}, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32,
		}
	}
	step, err := model.NewExec(backend, store, func(scope *model.Scope, in []*Node) *Node {
		first, second, labels, indices, progress, state := in[0], in[1], in[2], in[3], in[4], in[5]
		step := &ssl.Step{
			Network: network(scope), Views: []*Node{first, second}, Labels: labels, Indices: indices, Images: learnImages,
			Labelled: []int{0, 1}, Progress: progress, Random: augment.NewRandom(state),
		}
		step.Teacher = step.Network
		loss := method.Loss(step)
		var weights []*Node
		var variables []*model.Variable
		for v := range scope.IterVariables() {
			if v.Trainable && v.InUseByGraph(loss.Graph()) {
				variables, weights = append(variables, v), append(weights, v.NodeValue(loss.Graph()))
			}
		}
		for i, gradient := range Gradient(loss, weights...) {
			variables[i].SetNodeValue(Sub(weights[i], MulScalar(gradient, .3)))
		}
		return loss
	})
	if err != nil {
		t.Fatal(err)
	}
	for s := range steps {
		indices := []int32{0, 1}
		for _, i := range rng.Perm(learnImages)[:learnBatch-learnLabelled] {
			indices = append(indices, int32(i))
		}
		var first, second [][][][]float32
		var labels []int32
		for row, i := range indices {
			own, other := colours[i], colours[i]
			other[1] = float32(6*rng.Float64() - 3)
			first, second = append(first, [][][]float32{{own[:]}}), append(second, [][][]float32{{other[:]}})
			labels = append(labels, -1)
			if row < learnLabelled {
				labels[row] = classes[i]
			}
		}
		state := augment.State(1, s)
		if _, err := step.Call(first, second, labels, indices, float32(s)/float32(steps), state[:]); err != nil {
			t.Fatal(err)
		}
	}
	var all [][][][]float32
	for i := range colours {
		all = append(all, [][][]float32{{colours[i][:]}})
	}
	answer, err := model.NewExec(backend, store, func(scope *model.Scope, images *Node) *Node {
		n := network(scope)
		return ArgMax(method.Embed(n.Scope, n.Encode(images).Pooled), -1)
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := answer.Call(all)
	if err != nil {
		t.Fatal(err)
	}
	var right float64
	for i, class := range outputs[0].Value().([]int32) {
		if class == classes[i] {
			right++
		}
	}
	return right / learnImages
}

// labelsAlone is a method that does not look at images without labels.
type labelsAlone struct{ FixMatch }

func (m labelsAlone) WithDefaults() ssl.Method { return labelsAlone{resolved(m.FixMatch)} }

func (m labelsAlone) Loss(step *ssl.Step) *Node {
	logits := m.Embed(step.Scope, step.Encode(step.Views[0]).Pooled)
	first, _ := split(logits, learnLabelled)
	return supervised(first, step.Labels)
}

func TestMethodsLearnFromImagesWithoutLabels(t *testing.T) {
	const steps, part = 300, float64(learnLabelled) / learnBatch
	alone := accuracyAfter(t, labelsAlone{FixMatch{Classes: 2}}, steps)
	if alone > .8 {
		t.Fatalf("the labels alone give %.2f, so that there is nothing to gain", alone)
	}
	for _, method := range []ssl.Method{
		FixMatch{Classes: 2, Share: part, Threshold: .8}, FreeMatch{Classes: 2, Share: part, Momentum: .9},
		MeanTeacher{Classes: 2, Share: part, Weight: 10}, UDA{Classes: 2, Share: part},
		FlexMatch{Classes: 2, Share: part, Threshold: .8}, SoftMatch{Classes: 2, Share: part, Momentum: .9},
		SimMatch{Classes: 2, Share: part, Threshold: .8, Out: 8}, MixMatch{Classes: 2, Share: part, Weight: 10},
	} {
		t.Run(method.Name(), func(t *testing.T) {
			t.Parallel()
			if got := accuracyAfter(t, method, steps); got < .95 {
				t.Errorf("%.2f of the images are told rightly, want .95; the labels alone give %.2f", got, alone)
			}
		})
	}
}
