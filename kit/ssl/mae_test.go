package ssl

import (
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
)

var (
	maskedViT     = encoder.ViT{Patch: 8, Width: 16, Depth: 1, Size: 32, Pool: encoder.MeanPatches}
	maskedResNet  = encoder.ResNet{Depth: 10, Width: 2}
	maskedDecoder = encoder.Transformer{Width: 8, Depth: 1}
)

// maskedStep builds a method's loss on a batch of 4 images of 32 pixels halfway through training,
// and gives it with the norm of its gradient for each trainable variable, by path. The views are
// the method's own where none are given.
func maskedStep(t *testing.T, m Method, e encoder.Encoder, views ...augment.Pipeline) (float64, map[string]float64) {
	t.Helper()
	backend := devicetest.Backend(t)
	m = m.WithDefaults()
	if err := checked(m, 4, 32, 32, views...); err != nil {
		t.Fatal(err)
	}
	if m, ok := m.(NeedsEncoder); ok {
		if err := checkedWith(m, e, 32, 32, views...); err != nil {
			t.Fatal(err)
		}
	}
	views, err := ViewsOf(m, views, 32, 32)
	if err != nil {
		t.Fatal(err)
	}
	network := func(scope *model.Scope) Network {
		return Network{Encoder: e, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32}
	}
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(3); err != nil {
		t.Fatal(err)
	}
	var paths []string
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, images, state *Node) []*Node {
		g := images.Graph()
		store.SetTraining(g, true)
		random := augment.NewRandom(state)
		step := &Step{Network: network(scope), Augment: views, Progress: Scalar(g, dtypes.Float32, .5), Random: random}
		for _, view := range views {
			step.Views = append(step.Views, view.Apply(random, images))
		}
		if m, ok := m.(HasTeacher); ok { // As in training: it brings all that the teacher needs a twin of.
			m.TeacherHead(step.Scope, step.Encode(step.Views[0]).Pooled)
			step.Teacher = network(scope.At("teacher"))
		}
		loss := m.Loss(step)
		outputs, variables := []*Node{loss}, []*Node{}
		for v := range scope.IterVariables() {
			if twin, ok := strings.CutPrefix(v.Path(), "/teacher"); ok {
				if store.GetVariable(twin) == nil {
					t.Errorf("the teacher's %s has no twin", v.Path())
				}
			}
			if v.Trainable && v.InUseByGraph(g) {
				paths, variables = append(paths, v.Path()), append(variables, v.NodeValue(g))
			}
		}
		for _, gradient := range Gradient(loss, variables...) {
			outputs = append(outputs, Sqrt(ReduceAllSum(Square(gradient))))
		}
		return outputs
	})
	if err != nil {
		t.Fatal(err)
	}
	pix := make([]uint8, 4*32*32*3)
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range pix {
		pix[i] = uint8(rng.IntN(256))
	}
	state := augment.State(1, 2)
	outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(pix, 4, 32, 32, 3), state[:])
	if err != nil {
		t.Fatal(err)
	}
	value := func(i int) float64 { return float64(outputs[i].Value().(float32)) }
	if loss := value(0); !(loss > 0) || math.IsInf(loss, 0) {
		t.Errorf("the loss is %g", loss)
	}
	norms := map[string]float64{}
	for i, path := range paths {
		norms[path] = value(1 + i)
		if math.IsNaN(norms[path]) || math.IsInf(norms[path], 0) {
			t.Errorf("the gradient of %s is %g", path, norms[path])
		}
		if strings.HasPrefix(path, "/teacher") && norms[path] != 0 {
			t.Errorf("a gradient flows into the teacher's %s", path)
		}
	}
	return value(0), norms
}

// maskedReached fails where a variable under a prefix has no gradient, or where there is none.
func maskedReached(t *testing.T, norms map[string]float64, prefixes ...string) {
	t.Helper()
	for _, prefix := range prefixes {
		found := false
		for path, norm := range norms {
			if strings.HasPrefix(path, prefix) {
				found = true
				if norm == 0 {
					t.Errorf("no gradient reaches %s", path)
				}
			}
		}
		if !found {
			t.Errorf("no variable %s", prefix)
		}
	}
}

// maskedTokens are random numbers: [batch, patches, features].
func maskedTokens(rng *rand.Rand, batch, patches, features int) [][][]float64 {
	x := make([][][]float64, batch)
	for i := range x {
		x[i] = normal(rng, patches, features)
	}
	return x
}

// maeLoss is the paper's in float64: normalised pixels, the mean over each patch, the mean over the
// hidden ones.
func maeLoss(prediction, pixels [][][]float64, hidden [][]float64) float64 {
	var sum, n float64
	for i := range pixels {
		for p, patch := range pixels[i] {
			if hidden[i][p] == 0 {
				continue
			}
			var mean, variance, squares float64
			for _, v := range patch {
				mean += v / float64(len(patch))
			}
			for _, v := range patch {
				variance += (v - mean) * (v - mean) / float64(len(patch)-1)
			}
			for j, v := range patch {
				d := prediction[i][p][j] - (v-mean)/math.Sqrt(variance+1e-6)
				squares += d * d
			}
			sum, n = sum+squares/float64(len(patch)), n+1
		}
	}
	return sum / n
}

func maeOnDevice(t *testing.T, prediction, pixels [][][]float64, hidden [][]float64) (float64, [][][]float64) {
	t.Helper()
	return lossAndGradient[[][][]float64](t, func(in []*Node) *Node {
		return MaskedSquares(in[0], NormalizedPatches(in[1]), in[2])
	}, prediction, pixels, hidden)
}

func TestMaskedSquaresIsTheFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	prediction, pixels := maskedTokens(rng, 3, 4, 12), maskedTokens(rng, 3, 4, 12)
	hidden := [][]float64{{1, 0, 1, 1}, {0, 0, 1, 0}, {1, 1, 1, 1}}
	loss, gradient := maeOnDevice(t, prediction, pixels, hidden)
	near(t, "loss", loss, maeLoss(prediction, pixels, hidden), 1e-5)

	near(t, "gradient", gradient[1][2][3],
		slope(func() float64 { return maeLoss(prediction, pixels, hidden) }, &prediction[1][2][3]), 1e-4)
	for _, v := range gradient[0][1] {
		if v != 0 {
			t.Error("a gradient flows into a patch that was seen")
		}
	}

	// Brighter patches of more contrast are the same target.
	for i := range pixels {
		for p := range pixels[i] {
			for j := range pixels[i][p] {
				pixels[i][p][j] = 3*pixels[i][p][j] + 5
			}
		}
	}
	brighter, _ := maeOnDevice(t, prediction, pixels, hidden)
	near(t, "loss with other brightness", brighter, loss, 1e-4)
}

func TestMaskedSquaresByHand(t *testing.T) {
	// A patch of -1 and 1 has mean 0 and unbiased variance 2, so its target is ∓1/√2, and the
	// squares of a prediction of zeros are ½. The second patch, which would cost more, was seen.
	pixels, hidden := [][][]float64{{{-1, 1}, {3, 7}}}, [][]float64{{1, 0}}
	loss, _ := maeOnDevice(t, [][][]float64{{{0, 0}, {9, 9}}}, pixels, hidden)
	near(t, "loss", loss, .5, 1e-5)
	loss, _ = maeOnDevice(t, [][][]float64{{{-math.Sqrt(.5), math.Sqrt(.5)}, {9, 9}}}, pixels, hidden)
	near(t, "loss of the right answer", loss, 0, 1e-5)
	// A patch of one colour has no contrast to tell: its target is zeros, not a division by zero.
	loss, _ = maeOnDevice(t, [][][]float64{{{0, 0}, {0, 0}}}, [][][]float64{{{4, 4}, {4, 4}}}, [][]float64{{1, 1}})
	near(t, "loss of a flat patch", loss, 0, 1e-6)
}

func TestMAETrainsAllOfEncoderAndDecoder(t *testing.T) {
	_, norms := maskedStep(t, MAE{Decoder: maskedDecoder}, maskedViT)
	maskedReached(t, norms, "/encoder/", "/method/decoder/")
	withClass := maskedViT
	withClass.Pool = encoder.ClassToken
	_, norms = maskedStep(t, MAE{Decoder: maskedDecoder}, withClass)
	maskedReached(t, norms, "/encoder/cls_token")
}

func TestMAECheck(t *testing.T) {
	if err := checked(MAE{}, 1, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]MAE{
		"Ratio": {Ratio: 1}, "Width": {Decoder: encoder.Transformer{Width: 6}}, "Heads": {Decoder: encoder.Transformer{Heads: 7}},
	} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checkedWith(MAE{}, maskedResNet, 32, 32); err == nil || !strings.Contains(err.Error(), "ViT") {
		t.Errorf("a convolutional encoder: %v", err)
	}
	if err := checkedWith(MAE{Ratio: .99}, maskedViT, 32, 32); err == nil || !strings.Contains(err.Error(), "Ratio") {
		t.Errorf("a mask of all patches: %v", err)
	}
}

// maskedNetworks is a step on the given views, with a teacher, without randomness and progress.
func maskedNetworks(scope *model.Scope, e encoder.Encoder, views ...*Node) *Step {
	scope.Store().SetTraining(views[0].Graph(), true)
	network := func(scope *model.Scope) Network {
		return Network{Encoder: e, EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32}
	}
	return &Step{Network: network(scope), Teacher: network(scope.At("teacher")), Views: views}
}

// maskedImages are random square images as views hold them.
func maskedImages(rng *rand.Rand, batch, size int) [][][][]float32 {
	images := make([][][][]float32, batch)
	for i := range images {
		for range size {
			var row [][]float32
			for range size {
				row = append(row, []float32{float32(rng.NormFloat64()), float32(rng.NormFloat64()), float32(rng.NormFloat64())})
			}
			images[i] = append(images[i], row)
		}
	}
	return images
}

// maeWitness is a ViT that remembers which patches it was shown.
type maeWitness struct {
	encoder.ViT
	shown **Node
}

func (w maeWitness) EncodeVisible(scope *model.Scope, images, keep *Node) encoder.Output {
	*w.shown = keep
	return w.ViT.EncodeVisible(scope, images, keep)
}

// The loss of a step is the error on the patches that the encoder was not shown. Nothing of them
// but the target goes into it, so their pixels have a gradient just because they count.
func TestMAEStepCountsWhatTheEncoderWasNotShown(t *testing.T) {
	method := resolved(MAE{Ratio: .5, Decoder: maskedDecoder})
	var shown *Node
	witness := maeWitness{encoder.ViT{Patch: 4, Width: 8, Depth: 1, Size: 12}, &shown}
	rng := rand.New(rand.NewPCG(27, 28))
	state := augment.State(11, 12)
	outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := maskedNetworks(scope, witness, in[1])
		step.Random = augment.NewRandom(in[0])
		loss := method.Loss(step)
		keep := shown
		prediction := method.decode(step.Network, step.EncodeVisible(in[1], keep), keep, 3, 3, 4)
		return []*Node{
			loss, ConvertDType(keep, dtypes.Float64), prediction, pixelPatches(in[1], 4), pixelPatches(Gradient(loss, in[1])[0], 4),
		}
	}, state[:], maskedImages(rng, 3, 12))
	hidden := make([][]float64, 3)
	for i, kept := range table(outputs[1]) {
		hidden[i] = []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}
		for _, patch := range kept {
			hidden[i][int(patch)] = 0
		}
	}
	t.Run("the formula", func(t *testing.T) {
		near(t, "loss", number(outputs[0]), maeLoss(tokensOf(outputs[2]), tokensOf(outputs[3]), hidden), 1e-4)
	})
	t.Run("hidden pixels count", func(t *testing.T) {
		for i, patches := range tokensOf(outputs[4]) {
			for p, gradient := range patches {
				if hidden[i][p] == 1 && isZero([][]float64{gradient}) {
					t.Errorf("image %d: the pixels of the hidden patch %d do not matter", i, p)
				}
			}
		}
	})
}

// What the decoder draws depends on the place that it is asked for: the token in all hidden places
// is the same, so without positions it would draw the same in all of them. The order in which the
// encoder gives what it saw means nothing.
func TestMAEDecoderKnowsThePlaces(t *testing.T) {
	method := resolved(MAE{Decoder: maskedDecoder})
	rng := rand.New(rand.NewPCG(29, 30))
	keep, hidden := []int32{4, 1, 7, 2}, []int{0, 3, 5, 6, 8}
	tokens := maskedTokens(rng, 1, 4, 8)
	outputs, _ := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		step := maskedNetworks(scope, maskedViT, in[0])
		decode := func(tokens, keep *Node) *Node {
			tokens = ConvertDType(tokens, dtypes.Float32)
			return method.decode(step.Network, encoder.Output{Pooled: ReduceMean(tokens, 1), Tokens: tokens}, keep, 3, 3, 2)
		}
		return []*Node{decode(in[0], in[1]), decode(in[2], in[3])}
	}, tokens, [][]int32{keep}, [][][]float64{permuted(tokens[0])}, [][]int32{permuted(keep)})
	drawn, reordered := tokensOf(outputs[0])[0], tokensOf(outputs[1])[0]
	t.Run("hidden places differ", func(t *testing.T) {
		for i, p := range hidden {
			for _, q := range hidden[:i] {
				var most float64
				for j := range drawn[p] {
					most = max(most, math.Abs(drawn[p][j]-drawn[q][j]))
				}
				if most < .01 {
					t.Errorf("places %d and %d are drawn alike, within %g", p, q, most)
				}
			}
		}
	})
	t.Run("the order of the seen patches", func(t *testing.T) {
		for p := range drawn {
			for j := range drawn[p] {
				near(t, "pixel", reordered[p][j], drawn[p][j], 1e-4)
			}
		}
	})
}
