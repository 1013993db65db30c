package compress

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

// lossAndGradients computes a loss of two matrices and its gradients with respect to both.
func lossAndGradients(t *testing.T, loss func(a, b *Node) *Node, a, b [][]float64) (value float64, da, db [][]float64) {
	t.Helper()
	outputs, err := CallOnceN(devicetest.Backend(t), func(in []*Node) []*Node {
		value := loss(in[0], in[1])
		return append([]*Node{value}, Gradient(value, in...)...)
	}, a, b)
	if err != nil {
		t.Fatal(err)
	}
	return float64(outputs[0].Value().(float32)), outputs[1].Value().([][]float64), outputs[2].Value().([][]float64)
}

// near fails where a number is not the wanted one, by more than a share of it, or of 1 if that is
// more.
func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*max(1, math.Abs(want))) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

// normal are random numbers: [n, dim].
func normal(rng *rand.Rand, n, dim int) [][]float64 {
	x := make([][]float64, n)
	for i := range x {
		x[i] = make([]float64, dim)
		for j := range x[i] {
			x[i][j] = rng.NormFloat64()
		}
	}
	return x
}

// images are a smooth pattern, different in each image: [n, size, size, 3].
func images(n, size int) *tensors.Tensor {
	pix := make([]float32, n*size*size*3)
	for i := range pix {
		pix[i] = float32(math.Sin(float64(i) * .37))
	}
	return tensors.FromFlatDataAndDimensions(pix, n, size, size, 3)
}

// represent builds an encoder, with the weights where they are not nil and else with random ones,
// and gives its representations of some images, by running statistics, and its weights.
func represent(t *testing.T, e encoder.Encoder, weights map[string]encoder.Tensor) ([]float32, map[string]encoder.Tensor) {
	t.Helper()
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(5); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, x *Node) *Node {
		scope.Store().SetTraining(x.Graph(), false)
		return e.Encode(scope.At("encoder"), x).Pooled
	})
	if err != nil {
		t.Fatal(err)
	}
	x := images(2, 16)
	if weights != nil {
		if _, err := exec.Compile(x.Shape()); err != nil {
			t.Fatal(err)
		}
		if err := encoder.SetWeights(store.Scope("/encoder"), weights); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Call(x)
	if err != nil {
		t.Fatal(err)
	}
	list, err := encoder.Weights(store.Scope("/encoder"))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]encoder.Tensor{}
	for _, w := range list {
		have[w.Name] = w
	}
	return tensors.MustCopyFlatData[float32](out[0]), have
}

// scrambled are weights of which none is as a new network has it: norms that start at 0 or 1 get
// scales and statistics of their own.
func scrambled(t *testing.T, e encoder.Encoder) map[string]encoder.Tensor {
	t.Helper()
	_, weights := represent(t, e, nil)
	rng := rand.New(rand.NewPCG(1, 9))
	for _, name := range sortedNames(weights) {
		if w := weights[name]; len(w.Shape) == 1 {
			for i := range w.Data {
				w.Data[i] = float32(.5 + rng.Float64())
			}
		}
	}
	return weights
}

// resolved is a method with its defaults, as a training hands it to all but WithDefaults.
func resolved[M ssl.Method](m M) M { return m.WithDefaults().(M) }

// checked is what a method says of batches of images of height × width pixels, in its own views.
func checked(m ssl.Method, images, height, width int) error {
	m = m.WithDefaults()
	return m.Check(ssl.BatchOf(m, images, height, width))
}
