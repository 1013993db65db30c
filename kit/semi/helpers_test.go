package semi

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/ssl"
)

// lossAndGradients computes a loss and its gradients with respect to the first inputs, so many of
// them.
func lossAndGradients(t *testing.T, loss func(in []*Node) *Node, variables int, inputs ...any) (float64, [][][]float64) {
	t.Helper()
	backend := devicetest.Backend(t)
	outputs, err := CallOnceN(backend, func(in []*Node) []*Node {
		value := loss(in)
		return append([]*Node{value}, Gradient(value, in[:variables]...)...)
	}, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	var gradients [][][]float64
	for _, gradient := range outputs[1:] {
		gradients = append(gradients, gradient.Value().([][]float64))
	}
	return float64(outputs[0].Value().(float32)), gradients
}

// scalarOf computes a function of a scalar.
func scalarOf(t *testing.T, f func(x *Node) *Node, x float32) float64 {
	t.Helper()
	backend := devicetest.Backend(t)
	output, err := CallOnce(backend, f, x)
	if err != nil {
		t.Fatal(err)
	}
	return float64(output.Value().(float32))
}

// near fails where a number is not the wanted one, by more than a share of it, or of 1 if that is
// more.
func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*max(1, math.Abs(want))) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

// normal are random numbers of that deviation: [n, dim].
func normal(rng *rand.Rand, n, dim int, deviation float64) [][]float64 {
	x := make([][]float64, n)
	for i := range x {
		x[i] = make([]float64, dim)
		for j := range x[i] {
			x[i][j] = deviation * rng.NormFloat64()
		}
	}
	return x
}

// softmax of one row.
func softmax(logits []float64) []float64 {
	var sum float64
	p := make([]float64, len(logits))
	for c, v := range logits {
		p[c] = math.Exp(v)
		sum += p[c]
	}
	for c := range p {
		p[c] /= sum
	}
	return p
}

// argMax is the place of the largest, the first of equal ones.
func argMax(x []float64) int {
	best := 0
	for c, v := range x {
		if v > x[best] {
			best = c
		}
	}
	return best
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

// resolved is a method with its defaults, as a training hands it to all but WithDefaults.
func resolved[M ssl.Method](m M) M { return m.WithDefaults().(M) }

// checked is what a method says of batches of images of height × width pixels, in the given views
// or else its own.
func checked(m ssl.Method, images, height, width int, augment ...augment.Pipeline) error {
	m = m.WithDefaults()
	batch := ssl.BatchOf(m, images, height, width)
	var err error
	if batch.Views, err = ssl.ViewsOf(m, augment, height, width); err != nil {
		return err
	}
	return m.Check(batch)
}
