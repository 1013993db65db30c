package ssl

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

var nextPixelIGPT = encoder.IGPT{Side: 4, Levels: 2, Width: 16, Depth: 2, Heads: 2}

// nextPixelEntropy is the mean over all pixels of the cross-entropy of their colours, in float64.
func nextPixelEntropy(logits [][][]float64, next [][]int32) (loss float64) {
	n := 0.
	for i := range next {
		for p, colour := range next[i] {
			var sum float64
			for _, v := range logits[i][p] {
				sum += math.Exp(v)
			}
			loss += math.Log(sum) - logits[i][p][colour]
			n++
		}
	}
	return loss / n
}

func nextPixelOnDevice(t *testing.T, logits [][][]float64, next [][]int32) (loss float64, gradient [][][]float64) {
	t.Helper()
	return lossAndGradient[[][][]float64](t, func(in []*Node) *Node { return NextPixelEntropy(in[0], in[1]) }, logits, next)
}

func TestNextPixelEntropyIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	logits, next := maskedTokens(rng, 3, 4, 5), [][]int32{{0, 1, 2, 3}, {4, 4, 0, 1}, {2, 3, 3, 0}}
	loss, gradient := nextPixelOnDevice(t, logits, next)
	near(t, "loss", loss, nextPixelEntropy(logits, next), 1e-5)
	for _, at := range [][3]int{{0, 0, 0}, {1, 1, 4}, {2, 3, 1}} {
		x := &logits[at[0]][at[1]][at[2]]
		near(t, "gradient", gradient[at[0]][at[1]][at[2]],
			slope(func() float64 { return nextPixelEntropy(logits, next) }, x), 1e-4)
	}
}

func TestNextPixelEntropyByHand(t *testing.T) {
	// Two pixels of three colours: nothing known of the one, odds of 2 to 1 to 1 for the other.
	logits := [][][]float64{{{5, 5, 5}, {math.Log(2), 0, 0}}}
	loss, _ := nextPixelOnDevice(t, logits, [][]int32{{2, 0}})
	near(t, "loss", loss, (math.Log(3)+math.Log(2))/2, 1e-6)
}

func TestNextPixelStartsAtChance(t *testing.T) {
	for _, levels := range []int{2, 3} {
		e := nextPixelIGPT
		e.Levels = levels
		loss, norms := maskedStep(t, NextPixel{}, e)
		near(t, "the first loss", loss, math.Log(float64(levels*levels*levels)), 1e-5) // The last layer starts at zero.
		maskedReached(t, norms, "/method/head/")
	}
}

// nextPixelTraining trains a tiny network on batches of images of 4 pixels, [batch, 4, 4, 3] in [0,
// 1], and returns the loss of each step and, behind the last, the sum of the gradient's magnitudes
// by path.
func nextPixelTraining(t *testing.T, steps int, batch func() []float32) (losses []float64, gradients map[string]float64) {
	t.Helper()
	backend := devicetest.Backend(t)
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(5); err != nil {
		t.Fatal(err)
	}
	update, err := optim.AdamW{LR: 1e-2, Beta2: .95, Scaling: optim.Unscaled}.Build(optim.Plan{Steps: steps, Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, images *Node) []*Node {
		store.SetTraining(images.Graph(), true)
		views := []*Node{augment.Pipeline{augment.Normalize{}}.Apply(nil, images)}
		network := Network{Encoder: nextPixelIGPT, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32}
		loss := NextPixel{}.Loss(&Step{Network: network, Views: views})
		outputs := []*Node{loss}
		paths = nil
		for v := range scope.IterVariables() {
			if v.Trainable {
				paths = append(paths, v.Path())
			}
		}
		for _, gradient := range scope.BuildTrainableVariablesGradientsGraph(loss) {
			outputs = append(outputs, ReduceAllSum(Abs(gradient)))
		}
		update.UpdateGraph(scope, images.Graph(), loss)
		return outputs
	})
	if err != nil {
		t.Fatal(err)
	}
	for range steps {
		pixels := batch()
		outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(pixels, len(pixels)/48, 4, 4, 3))
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, float64(outputs[0].Value().(float32)))
		gradients = map[string]float64{}
		for i, path := range paths {
			gradients[path] = float64(outputs[1+i].Value().(float32))
		}
	}
	return losses, gradients
}

func TestNextPixelLearnsWhatPixelsTellOfEachOther(t *testing.T) {
	// Each image has one of 8 colours everywhere. A pixel by itself is as likely of any, ln 8 =
	// 2.08 nats; who reads those before it knows all but the first, ln 8 / 16 = 0.13 nats.
	rng := rand.New(rand.NewPCG(17, 18))
	losses, gradients := nextPixelTraining(t, 60, func() []float32 {
		pixels := make([]float32, 0, 16*48)
		for range 16 {
			colour := nextPixelIGPT.Palette().Colour(rng.IntN(8))
			for range 16 {
				pixels = append(pixels, float32(colour[0]), float32(colour[1]), float32(colour[2]))
			}
		}
		return pixels
	})
	near(t, "the first loss", losses[0], math.Log(8), 1e-5)
	last := losses[len(losses)-1]
	if last > .5 {
		t.Errorf("the last loss is %g, want at most 0.5: the losses are %v", last, losses)
	}
	if last < math.Log(8)/16*.8 {
		t.Errorf("the last loss is %g: the network sees the pixels that it is to tell", last)
	}
	maskedReached(t, gradients, "/encoder/", "/method/head/")
}

func TestNextPixelCheck(t *testing.T) {
	if err := checked(NextPixel{}, 1, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	if err := checkedWith(NextPixel{}, encoder.IGPT{}, 32, 32); err != nil {
		t.Error(err)
	}
	if err := checkedWith(NextPixel{}, maskedViT, 32, 32); err == nil || !strings.Contains(err.Error(), "encoder.IGPT") {
		t.Errorf("an encoder that sees all pixels: %v", err)
	}
	plain := encoder.IGPT{Std: [3]float64{1, 1, 1}}
	for _, test := range []struct {
		views []augment.Pipeline
		e     encoder.IGPT
		ok    bool
	}{
		{nil, plain, false}, {[]augment.Pipeline{{augment.Flip{}}}, plain, true}, {[]augment.Pipeline{{}}, encoder.IGPT{}, false},
		{[]augment.Pipeline{{augment.ImageNet}}, encoder.IGPT{}, false},
		{[]augment.Pipeline{{augment.ImageNet}}, encoder.IGPT{Mean: augment.ImageNet.Mean, Std: augment.ImageNet.Std}, true},
	} {
		if err := checkedWith(NextPixel{}, test.e, 32, 32, test.views...); (err == nil) != test.ok {
			t.Errorf("views %v with Std %v: %v", test.views, test.e.Std, err)
		}
	}
}

// A recipe pairs the method with an encoder that sees only the pixels before each.
func ExampleNextPixel() {
	method := NextPixel{}
	batch := BatchOf(method, 64, 32, 32)
	fmt.Println(method.CheckEncoder(encoder.ViT{Patch: 4}, batch) != nil) // All patches see each other there.

	igpt := encoder.IGPT{Side: 8, Levels: 4, Width: 96, Depth: 4, Heads: 3}
	fmt.Println(method.CheckEncoder(igpt, batch))
	fmt.Printf("%s: 64 pixels of %d colours, a first loss of %.2f nats\n",
		igpt.Name(), igpt.Palette().Size(), math.Log(float64(igpt.Palette().Size())))
	// Output:
	// true
	// <nil>
	// igpt4-w96-h3-s8-l4: 64 pixels of 64 colours, a first loss of 4.16 nats
}
