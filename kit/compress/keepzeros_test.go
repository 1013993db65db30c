package compress

import (
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/optim"
)

// Of the variables that steps trains, those that a mask is for and those that it is not for.
var trainedPaths = []string{"/encoder/conv/weight", "/encoder/bn/bias", "/method/head/weight"}

// steps trains three variables towards ones, from the values that are given, and returns them after
// each step.
func steps(t *testing.T, o optim.Optimizer, start [][]float32, count int) (values [][]*tensors.Tensor, norms []float64) {
	t.Helper()
	built, err := o.Build(optim.Plan{Steps: count, Batch: 256})
	if err != nil {
		t.Fatal(err)
	}
	dims := [][]int{{2, 3}, {3}, {2, 3}}
	store := model.NewStore()
	exec, err := model.NewExec(devicetest.Backend(t), store, func(scope *model.Scope, pull *Node) []*Node {
		g := pull.Graph()
		var loss *Node
		for i, path := range trainedPaths {
			v := store.VariableWithShape(path, shapes.Make(dtypes.Float32, dims[i]...), Zeros)
			far := ReduceAllSum(Square(Sub(v.NodeValue(g), pull)))
			if loss == nil {
				loss = far
			} else {
				loss = Add(loss, far)
			}
		}
		built.UpdateGraph(scope, g, loss)
		out := []*Node{optim.GradientNorm(g)}
		for _, path := range trainedPaths {
			out = append(out, store.GetVariable(path).NodeValue(g))
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Compile(shapes.Make(dtypes.Float32)); err != nil {
		t.Fatal(err)
	}
	for i, path := range trainedPaths {
		if err := store.GetVariable(path).SetValue(tensors.FromFlatDataAndDimensions(start[i], dims[i]...)); err != nil {
			t.Fatal(err)
		}
	}
	for range count {
		out, err := exec.Call(float32(1))
		if err != nil {
			t.Fatal(err)
		}
		norms = append(norms, float64(out[0].Value().(float32)))
		values = append(values, out[1:])
	}
	return values, norms
}

func TestZerosStayZeroWithEachOptimizer(t *testing.T) {
	start := [][]float32{{.5, 0, -.5, 0, 0, 2}, {0, 0, 0}, {0, 0, 0, 3, 3, 3}}
	for name, o := range map[string]optim.Optimizer{
		"SGD":      optim.SGD{LR: .05, Momentum: .9, WeightDecay: .1},
		"Nesterov": optim.SGD{LR: .05, Momentum: .9, Nesterov: true, ClipNorm: 1},
		"LARS":     optim.LARS{LR: 1, Momentum: .9, WeightDecay: .1},
		"AdamW":    optim.AdamW{LR: .1, WeightDecay: .1},
		"rates":    optim.PerVariable{Optimizer: optim.AdamW{LR: .1}, Rates: optim.Steady{Under: "encoder"}},
	} {
		values, _ := steps(t, KeepZeros{o}, start, 8)
		plain, _ := steps(t, o, start, 8)
		if plain[7][0].Value().([][]float32)[0][1] == 0 {
			t.Errorf("%s: without the mask a zero stays too: nothing is tested", name)
		}
		for step, at := range values {
			kernel := tensors.MustCopyFlatData[float32](at[0])
			for i, v := range start[0] {
				if v == 0 && kernel[i] != 0 {
					t.Fatalf("%s: weight %d is %g after step %d", name, i, kernel[i], step+1)
				}
				if v != 0 && kernel[i] == v {
					t.Errorf("%s: weight %d, which is not masked, is not trained", name, i)
				}
			}
			for i, free := range at[1:] { // A bias, and a head.
				for j, v := range tensors.MustCopyFlatData[float32](free) {
					if v == 0 {
						t.Fatalf("%s: value %d of %s stays at zero", name, j, trainedPaths[i+1])
					}
				}
			}
		}
	}
}

func TestMaskedGradientsDoNotCount(t *testing.T) {
	// The gradient of (w-1)² at 0 is -2 and at 1 it is 0: all of it is where the mask is.
	start := [][]float32{{1, 0, 1, 0, 0, 1}, {1, 1, 1}, {1, 1, 1, 1, 1, 1}}
	_, norms := steps(t, KeepZeros{optim.SGD{LR: .1}}, start, 1)
	if norms[0] != 0 {
		t.Errorf("the norm of the gradient is %g", norms[0])
	}
	// Where nothing is zero the optimiser is as without.
	dense := [][]float32{{1, 2, 3, 4, 5, 6}, {2, 2, 2}, {3, 3, 3, 3, 3, 3}}
	masked, _ := steps(t, KeepZeros{optim.LARS{LR: 1, Momentum: .9}}, dense, 3)
	plain, _ := steps(t, optim.LARS{LR: 1, Momentum: .9}, dense, 3)
	for i := range plain[2] {
		if !masked[2][i].Equal(plain[2][i]) {
			t.Errorf("%s differs where nothing is masked", trainedPaths[i])
		}
	}
}

func TestKeepZerosRefuses(t *testing.T) {
	for what, o := range map[string]KeepZeros{
		"Optimizer is missing": {}, "LR": {optim.SGD{LR: -1}}, "gradients": {foreign{optim.SGD{}}},
	} {
		_, err := o.Build(optim.Plan{Steps: 1, Batch: 1})
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	if o := (KeepZeros{optim.SGD{}}).WithDefaults().(KeepZeros); o.Optimizer.(optim.SGD).LR == 0 {
		t.Error("the optimiser's defaults are not filled in")
	}
}

// foreign is an optimiser that can't be handed gradients.
type foreign struct{ optim.SGD }

func (foreign) Build(optim.Plan) (optimizer.Interface, error) { return bare{}, nil }

type bare struct{ optimizer.Interface }

// TestWeightsThatStayAreTrainedAsWithoutTheMask: SGD updates every weight by itself, so that those
// beside the zeros go the same way with and without them, whichever their sign.
func TestWeightsThatStayAreTrainedAsWithoutTheMask(t *testing.T) {
	start := [][]float32{{.5, 0, -.5, 0, -4, 2}, {0, 0, 0}, {0, -1, 0, 3, 3, 3}}
	sgd := optim.SGD{LR: .05, Momentum: .9}
	masked, _ := steps(t, KeepZeros{sgd}, start, 3)
	plain, _ := steps(t, sgd, start, 3)
	for step := range plain {
		kernel, want := tensors.MustCopyFlatData[float32](masked[step][0]), tensors.MustCopyFlatData[float32](plain[step][0])
		for i, v := range start[0] {
			if v != 0 && kernel[i] != want[i] {
				t.Errorf("the weight that began at %g is %g after step %d, want %g", v, kernel[i], step+1, want[i])
			}
		}
	}
}
