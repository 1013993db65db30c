package ssl

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// negfreeStep builds one step of a method at the given progress on a small encoder and tiny images:
// the loss, and by path the sum of the gradient's magnitudes.
func negfreeStep(t *testing.T, m Method, progress float64, views ...augment.Pipeline) (loss float64, gradients map[string]float64) {
	t.Helper()
	const batch, size = 8, 12
	m = m.WithDefaults()
	if err := checked(m, batch, size, size, views...); err != nil {
		t.Fatal(err)
	}
	views, err := ViewsOf(m, views, size, size)
	if err != nil {
		t.Fatal(err)
	}
	backend := devicetest.Backend(t)
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(3); err != nil {
		t.Fatal(err)
	}
	var paths []string
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, inputs []*Node) []*Node {
		random, progress := augment.NewRandom(inputs[0]), inputs[1]
		scope.Store().SetTraining(random.Graph(), true)
		step := &Step{
			Network: Network{
				Encoder:      encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.Stem{Kernel: 3, Stride: 2}},
				EncoderScope: scope.At("encoder"), Scope: scope.At("method"), Precision: dtypes.Float32,
			},
			Augment: views, Progress: progress, Random: random,
		}
		images := random.Uniform(0, 1, batch, size, size, 3)
		for _, view := range views {
			step.Views = append(step.Views, view.Apply(random, images))
		}
		loss := m.Loss(step)
		outputs := []*Node{loss}
		paths = nil
		for v := range scope.IterVariables() {
			if v.Trainable && v.InUseByGraph(random.Graph()) {
				paths = append(paths, v.Path())
			}
		}
		for _, gradient := range scope.BuildTrainableVariablesGradientsGraph(loss) {
			outputs = append(outputs, ReduceAllSum(Abs(gradient)))
		}
		return outputs
	})
	if err != nil {
		t.Fatal(err)
	}
	state := augment.State(5, 0)
	outputs, err := exec.Call(state[:], float32(progress))
	if err != nil {
		t.Fatal(err)
	}
	gradients = map[string]float64{}
	for i, path := range paths {
		gradients[path] = float64(outputs[1+i].Value().(float32))
	}
	loss = float64(outputs[0].Value().(float32))
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		t.Errorf("the loss is %g", loss)
	}
	for path, sum := range gradients {
		if math.IsNaN(sum) || math.IsInf(sum, 0) {
			t.Errorf("the gradient of %s is %g", path, sum)
		}
	}
	if gradients["/encoder/conv1/weight"] == 0 {
		t.Errorf("no gradient reaches the encoder: %v", gradients)
	}
	return loss, gradients
}

// negativeCosine is equation 1 of the SimSiam paper in float64.
func negativeCosine(p, z [][]float64) float64 {
	var sum float64
	for i := range p {
		sum -= cosine(p[i], z[i])
	}
	return sum / float64(len(p))
}

func TestNegativeCosineIsTheFormulaAndStopsTheTargetsGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 20))
	p, z := normal(rng, 6, 5), normal(rng, 6, 5)
	got, dp, dz := pairLoss(t, NegativeCosine, p, z)
	near(t, "loss", got, negativeCosine(p, z), 1e-5)
	near(t, "gradient", dp[4][1], slope(func() float64 { return negativeCosine(p, z) }, &p[4][1]), 1e-4)
	if !isZero(dz) {
		t.Error("a gradient flows into the target")
	}
	shuffled, _, _ := pairLoss(t, NegativeCosine, permuted(p), permuted(z))
	near(t, "loss with the images permuted", shuffled, got, 1e-5)
}

func TestNegativeCosineByHand(t *testing.T) {
	// Cosines of 1, 0 and 0.6, whatever the lengths.
	got, _, _ := pairLoss(t, NegativeCosine, [][]float64{{2, 0}, {3, 0}, {3, 4}}, [][]float64{{1, 0}, {0, 5}, {7, 0}})
	near(t, "loss", got, -1.6/3, 1e-6)
}

func TestSimSiamStep(t *testing.T) {
	loss, gradients := negfreeStep(t, SimSiam{Hidden: 8, Out: 6, Bottleneck: 4}, 0)
	if loss < -1 || loss > 1 {
		t.Errorf("the loss is %g, outside of [-1, 1]", loss)
	}
	if gradients["/method/predictor/0/weight"] == 0 || gradients["/method/projector/2/weight"] == 0 {
		t.Errorf("heads without a gradient: %v", gradients)
	}
}

func TestSimSiamCheck(t *testing.T) {
	if err := checked(SimSiam{}, 2, 32, 32); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	for field, bad := range map[string]SimSiam{"Hidden": {Hidden: -1}, "Out": {Out: -1}, "Bottleneck": {Bottleneck: -1}} {
		if err := checked(bad, 16, 32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := checked(SimSiam{}, 1, 32, 32); err == nil {
		t.Error("a batch of one image is accepted")
	}
}

// The norm behind the projector has no scale and offset: BatchNorm1d(affine=False) in
// facebookresearch/simsiam, simsiam/builder.py.
func TestSimSiamProjectorsLastNormIsPlain(t *testing.T) {
	_, store := stepOutputs(t, func(scope *model.Scope, in []*Node) []*Node {
		scope.Store().SetTraining(in[0].Graph(), true)
		return []*Node{resolved(SimSiam{Hidden: 5, Out: 4}).Embed(scope, in[0])}
	}, normal(rand.New(rand.NewPCG(1, 2)), 6, 3))
	for path, want := range map[string]bool{
		"/projector/1/bn/weight": true, "/projector/2/bn/running_mean": true,
		"/projector/2/bn/weight": false, "/projector/2/bn/bias": false,
	} {
		if got := store.GetVariable(path) != nil; got != want {
			t.Errorf("variable %s is there: %t, want %t", path, got, want)
		}
	}
}
