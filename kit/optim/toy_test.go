package optim_test

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/optim"
)

// toy is a model of one matrix, which is decayed by default, and one bias, which is not; or a
// gradient of it.
type toy struct {
	matrix [][]float32
	bias   []float32
}

// trace is what a training of the toy left behind, a value a step.
type trace struct {
	weights     []toy
	rates       []float32
	normOfSteps []float32
}

// train runs the optimiser from the weights, with the gradients given: the loss is the inner
// product of the two.
func train(t *testing.T, o optim.Optimizer, plan optim.Plan, start toy, gradients []toy) trace {
	t.Helper()
	built, err := o.Build(plan)
	if err != nil {
		t.Fatal(err)
	}
	backend := devicetest.Backend(t)
	store := model.NewStore()
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, matrixGradient, biasGradient *Node) []*Node {
		g := matrixGradient.Graph()
		matrix := scope.VariableWithValue("matrix", start.matrix)
		bias := scope.VariableWithValue("bias", start.bias)
		loss := Add(ReduceAllSum(Mul(matrix.NodeValue(g), matrixGradient)), ReduceAllSum(Mul(bias.NodeValue(g), biasGradient)))
		built.UpdateGraph(scope, g, loss)
		return []*Node{matrix.NodeValue(g), bias.NodeValue(g), optim.LearningRate(g), optim.GradientNorm(g)}
	})
	if err != nil {
		t.Fatal(err)
	}
	var out trace
	for _, gradient := range gradients {
		results, err := exec.Call(gradient.matrix, gradient.bias)
		if err != nil {
			t.Fatal(err)
		}
		out.weights = append(out.weights, toy{results[0].Value().([][]float32), results[1].Value().([]float32)})
		out.rates = append(out.rates, tensors.ToScalar[float32](results[2]))
		out.normOfSteps = append(out.normOfSteps, tensors.ToScalar[float32](results[3]))
	}
	return out
}

// flat returns the numbers of the toy as float64, and how many of them belong to the matrix.
func (x toy) flat() (numbers []float64, matrixLen int) {
	for _, row := range x.matrix {
		for _, v := range row {
			numbers = append(numbers, float64(v))
		}
	}
	matrixLen = len(numbers)
	for _, v := range x.bias {
		numbers = append(numbers, float64(v))
	}
	return numbers, matrixLen
}

// randomToys returns n toys of a 3×4 matrix and a bias of 4, normal with that standard deviation.
func randomToys(n int, deviation float64, seed uint64) []toy {
	rng := rand.New(rand.NewPCG(seed, 0))
	toys := make([]toy, n)
	for i := range toys {
		toys[i].bias = make([]float32, 4)
		toys[i].matrix = make([][]float32, 3)
		for r := range toys[i].matrix {
			toys[i].matrix[r] = make([]float32, 4)
			for c := range toys[i].matrix[r] {
				toys[i].matrix[r][c] = float32(rng.NormFloat64() * deviation)
			}
		}
		for c := range toys[i].bias {
			toys[i].bias[c] = float32(rng.NormFloat64() * deviation)
		}
	}
	return toys
}

// reference is an optimiser in plain float64, for one variable: it changes w in place at update t,
// counted from 1.
type reference func(t int, w, gradient []float64)

// checkAgainst trains the toy with the optimiser and with the references of its two variables and
// compares every weight after every step.
func checkAgainst(t *testing.T, o optim.Optimizer, matrix, bias reference) {
	t.Helper()
	const steps = 8
	start := randomToys(1, .5, 1)[0]
	gradients := randomToys(steps, .3, 2)
	got := train(t, o, optim.Plan{Steps: steps, Batch: 256}, start, gradients)

	want, split := start.flat()
	for i := range steps {
		gradient, _ := gradients[i].flat()
		matrix(i+1, want[:split], gradient[:split])
		bias(i+1, want[split:], gradient[split:])
		numbers, _ := got.weights[i].flat()
		for j := range want {
			if math.Abs(numbers[j]-want[j]) > 2e-6*(1+math.Abs(want[j])) {
				t.Fatalf("step %d, weight %d: %v, the reference has %v", i, j, numbers[j], want[j])
			}
		}
	}
}

// near fails the test unless got is within 1e-6, relative above 1, of want.
func near(t *testing.T, what string, got []float32, want ...float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Abs(float64(got[i])-want[i]) > 1e-6*max(1, math.Abs(want[i])) {
			t.Errorf("%s[%d] = %v, want %v", what, i, got[i], want[i])
		}
	}
}

// norm2 is the 2-norm.
func norm2(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum)
}
