package ssl

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

// lossAndGradients computes a loss and its gradients with respect to the first inputs, so many of
// them, which have type T.
func lossAndGradients[T any](
	t *testing.T, loss func(in []*Node) *Node, variables int, inputs ...any,
) (value float64, gradients []T) {
	t.Helper()
	backend := devicetest.Backend(t)
	outputs, err := CallOnceN(backend, func(in []*Node) []*Node {
		value := loss(in)
		return append([]*Node{value}, Gradient(value, in[:variables]...)...)
	}, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	for _, gradient := range outputs[1:] {
		gradients = append(gradients, gradient.Value().(T))
	}
	return float64(outputs[0].Value().(float32)), gradients
}

// lossAndGradient is the same with respect to the first input alone.
func lossAndGradient[T any](t *testing.T, loss func(in []*Node) *Node, inputs ...any) (value float64, gradient T) {
	t.Helper()
	value, gradients := lossAndGradients[T](t, loss, 1, inputs...)
	return value, gradients[0]
}

// pairLoss computes a loss of two sets of embeddings and its gradients with respect to both.
func pairLoss(t *testing.T, loss func(a, b *Node) *Node, a, b [][]float64) (value float64, da, db [][]float64) {
	t.Helper()
	value, d := lossAndGradients[[][]float64](t, func(in []*Node) *Node { return loss(in[0], in[1]) }, 2, a, b)
	return value, d[0], d[1]
}

// slope is the derivative of f with respect to *x, by differences.
func slope(f func() float64, x *float64) float64 {
	const h = 1e-4
	at := *x
	*x = at + h
	above := f()
	*x = at - h
	below := f()
	*x = at
	return (above - below) / (2 * h)
}

// near fails where a number is not the wanted one, by more than a share of it, or of 1 if that is
// more.
func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got-want) > relative*max(1, math.Abs(want)) {
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

// cosine is the cosine similarity in float64.
func cosine(a, b []float64) float64 {
	var dot, aa, bb float64
	for i := range a {
		dot, aa, bb = dot+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	return dot / math.Sqrt(aa*bb)
}

// permuted are the rows in another order.
func permuted[T any](x []T) []T {
	y := append([]T(nil), x[2:]...)
	return append(y, x[1], x[0])
}

// stretched are the rows made longer, each by another factor.
func stretched(x [][]float64) [][]float64 {
	y := make([][]float64, len(x))
	for i := range x {
		for _, v := range x[i] {
			y[i] = append(y[i], v*float64(i+1)*10)
		}
	}
	return y
}

// isZero reports whether nothing flows.
func isZero(gradient [][]float64) bool {
	for _, row := range gradient {
		for _, v := range row {
			if v != 0 {
				return false
			}
		}
	}
	return true
}

// stepOutputs runs what a test builds of one training step, with variables drawn from a fixed seed,
// and gives its outputs, in float64, and the store that holds the variables after it.
func stepOutputs(
	t *testing.T, build func(scope *model.Scope, in []*Node) []*Node, inputs ...any,
) (outputs []*tensors.Tensor, store *model.Store) {
	t.Helper()
	backend := devicetest.Backend(t)
	store = model.NewStore()
	if err := store.SetRNGStateFromSeed(3); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, in []*Node) (out []*Node) {
		for _, node := range build(scope, in) {
			out = append(out, ConvertDType(node, dtypes.Float64))
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	if outputs, err = exec.Call(inputs...); err != nil {
		t.Fatal(err)
	}
	return outputs, store
}

// number, table and tokensOf are the value of an output of stepOutputs that is a scalar, a matrix
// or tokens.
func number(x *tensors.Tensor) float64         { return x.Value().(float64) }
func table(x *tensors.Tensor) [][]float64      { return x.Value().([][]float64) }
func tokensOf(x *tensors.Tensor) [][][]float64 { return x.Value().([][][]float64) }

// resolved is a method with its defaults, as a training hands it to all but WithDefaults.
func resolved[M Method](m M) M { return m.WithDefaults().(M) }

// checked is what a method says of batches of images of height × width pixels, in the given views
// or else its own.
func checked(m Method, images, height, width int, augment ...augment.Pipeline) error {
	m = m.WithDefaults()
	batch := BatchOf(m, images, height, width)
	var err error
	if batch.Views, err = ViewsOf(m, augment, height, width); err != nil {
		return err
	}
	return ForBatch(m, batch).Check(batch)
}

// checkedWith is what a method says of an encoder for such batches.
func checkedWith(m NeedsEncoder, e encoder.Encoder, height, width int, augment ...augment.Pipeline) error {
	m = resolved(m)
	batch := BatchOf(m, 16, height, width)
	var err error
	if batch.Views, err = ViewsOf(m, augment, height, width); err != nil {
		return err
	}
	return m.CheckEncoder(e, batch)
}
