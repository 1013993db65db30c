package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	gomlxtrain "github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/optim"
)

// bowl returns GoMLX's trainer of a 2×2 matrix w of that type, ones at first, and its store. The
// loss is the sum of curvature ⊙ (w - target)² / 2, where target is the input of a step. The last
// two metrics are the learning rate and the norm of the gradient.
func bowl(t *testing.T, o optim.Optimizer, plan optim.Plan, dtype dtypes.DType) (*gomlxtrain.Trainer, *model.Store) {
	t.Helper()
	store := model.NewStore()
	return bowlOn(t, store, o, plan, dtype), store
}

// bowlOn is bowl on a store that may hold an earlier training.
func bowlOn(t *testing.T, store *model.Store, o optim.Optimizer, plan optim.Plan, dtype dtypes.DType) *gomlxtrain.Trainer {
	t.Helper()
	backend := devicetest.Backend(t)
	built, err := o.Build(plan)
	if err != nil {
		t.Fatal(err)
	}
	modelFn := func(scope *model.Scope, _ any, inputs []*Node) []*Node {
		target := inputs[0]
		g := target.Graph()
		w := scope.In("bowl").WithInitializer(Ones).VariableWithShape("w", shapes.Make(dtype, 2, 2)).NodeValue(g)
		curvature := Const(g, [][]float32{{1, 4}, {2, .5}})
		residual := Sub(ConvertDType(w, dtypes.Float32), target)
		gomlxtrain.AddMainLoss(MulScalar(ReduceAllSum(Mul(curvature, Square(residual))), .5))
		return nil
	}
	reported := func(name string, value func(g *Graph) *Node) metric.Interface {
		return metric.NewBaseMetric(name, name, name, func(_ *model.Scope, _, predictions []*Node) *Node {
			return value(predictions[0].Graph())
		}, nil)
	}
	metrics := []metric.Interface{reported("rate", optim.LearningRate), reported("norm", optim.GradientNorm)}
	return gomlxtrain.NewTrainer(backend, store, modelFn, nil, built, metrics, nil)
}

// stepTo runs one step with that target and returns the loss, the rate and the norm that the
// trainer reports.
func stepTo(t *testing.T, trainer *gomlxtrain.Trainer, target [][]float32) (loss, rate, norm float32) {
	t.Helper()
	metrics, err := trainer.TrainStep(gomlxtrain.Batch{Inputs: []*tensors.Tensor{tensors.FromValue(target)}})
	if err != nil {
		t.Fatal(err)
	}
	last := len(metrics) - 1
	return tensors.ToScalar[float32](metrics[0]), tensors.ToScalar[float32](metrics[last-1]), tensors.ToScalar[float32](metrics[last])
}

// Every optimiser brings a small quadratic to its minimum under the full schedule.
func TestConvergesOnQuadratic(t *testing.T) {
	for _, test := range []struct {
		name      string
		optimiser optim.Optimizer
		dtype     dtypes.DType
		tolerance float32
	}{
		{"SGD", optim.SGD{LR: .1, Momentum: .9}, dtypes.Float32, 1e-6},
		{"Nesterov", optim.SGD{LR: .1, Momentum: .9, Nesterov: true}, dtypes.Float32, 1e-6},
		{"clipped", optim.SGD{LR: .1, Momentum: .9, ClipNorm: 1}, dtypes.Float32, 1e-6},
		{"LARS", optim.LARS{LR: .5, Momentum: .9, Eta: .1}, dtypes.Float32, 1e-6},
		{"AdamW", optim.AdamW{LR: .2}, dtypes.Float32, 1e-6},
		{"SGD on bfloat16", optim.SGD{LR: .1, Momentum: .9}, dtypes.BFloat16, 1e-3},
		{"AdamW on float64", optim.AdamW{LR: .2}, dtypes.Float64, 1e-6},
	} {
		t.Run(test.name, func(t *testing.T) {
			const steps = 300
			schedule := optim.WarmupCosine{Warmup: .05}
			trainer, store := bowl(t, test.optimiser, optim.Plan{Schedule: schedule, Steps: steps, Batch: 256}, test.dtype)
			target := [][]float32{{3, -2}, {.5, 7}}
			var first, last float32
			for i := range steps {
				last, _, _ = stepTo(t, trainer, target)
				if i == 0 {
					first = last
				}
			}
			if first < 20 || !(last < test.tolerance*first) {
				t.Errorf("the loss went from %v to %v", first, last)
			}
			if got := store.GetVariable("/bowl/w").DType(); got != test.dtype {
				t.Errorf("the weights became %s", got)
			}
			for v := range store.IterVariables() {
				if v.Shape().Rank() == 2 && v.Path() != "/bowl/w" && (v.DType() != dtypes.Float32 || v.Trainable) {
					t.Errorf("state %s is %s, trainable: %v", v.Path(), v.DType(), v.Trainable)
				}
			}
		})
	}
}

// Two accumulated batches make the update of one batch with the mean gradient, count as one step of
// the schedule, and the metrics of a batch without an update report the last one.
func TestAccumulatedGradients(t *testing.T) {
	o := optim.AdamW{LR: .1, WeightDecay: .1, ClipNorm: 3}
	plan := optim.Plan{Schedule: optim.WarmupCosine{Warmup: .5, Start: .01}, Steps: 6, Batch: 256}
	whole, wholeStore := bowl(t, o, plan, dtypes.Float32)
	halves, halvesStore := bowl(t, o, plan, dtypes.Float32)
	if err := halves.AccumulateGradients(2); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		_, rate, _ := stepTo(t, whole, [][]float32{{3, -2}, {.5, 7}})
		_, rateBefore, _ := stepTo(t, halves, [][]float32{{2, -3}, {0, 6}})
		stepTo(t, halves, [][]float32{{4, -1}, {1, 8}})
		near(t, "rate", []float32{rate}, plan.Schedule.LR(i, plan.Steps, .1))
		if i > 0 {
			near(t, "rate reported before the update", []float32{rateBefore}, plan.Schedule.LR(i-1, plan.Steps, .1))
		} else {
			near(t, "rate reported before any update", []float32{rateBefore}, 0)
		}
		want := wholeStore.GetVariable("/bowl/w").MustValue().Value().([][]float32)
		got := halvesStore.GetVariable("/bowl/w").MustValue().Value().([][]float32)
		for r := range want {
			near(t, "row", got[r], float64(want[r][0]), float64(want[r][1]))
		}
	}
	if got := optimizer.GetGlobalStep(halvesStore); got != 5 {
		t.Errorf("the global step is %d after 5 updates", got)
	}
}

// Clear leaves the weights and the global step and takes every variable of the optimiser; the
// trainer goes on after it.
func TestClear(t *testing.T) {
	o := optim.AdamW{LR: .1}
	plan := optim.Plan{Steps: 10, Batch: 256}
	target := [][]float32{{3, -2}, {.5, 7}}
	trainer, store := bowl(t, o, plan, dtypes.Float32)
	for range 3 {
		stepTo(t, trainer, target)
	}
	if n := countUnder(store, "/optimizers/"); n != 5 { // Two moments, the count of updates, the rate, the norm.
		t.Errorf("AdamW keeps %d variables, want 5", n)
	}
	built, err := o.Build(plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := built.Clear(store.RootScope()); err != nil {
		t.Fatal(err)
	}
	if n := countUnder(store, "/optimizers/"); n != 0 {
		t.Errorf("%d variables are left after Clear", n)
	}
	if store.GetVariable("/bowl/w") == nil || optimizer.GetGlobalStep(store) != 3 {
		t.Error("Clear took more than the optimiser's variables")
	}

	// With fresh moments the next step is again lr·sign(gradient), whatever the global step.
	before := store.GetVariable("/bowl/w").MustValue().Value().([][]float32)
	trainer.ResetComputationGraphs()
	stepTo(t, trainer, target)
	after := store.GetVariable("/bowl/w").MustValue().Value().([][]float32)
	for r := range before {
		for c := range before[r] {
			moved := float64(after[r][c] - before[r][c])
			if math.Abs(math.Abs(moved)-.1) > 1e-5 {
				t.Errorf("weight %d, %d moved by %v, want .1 either way", r, c, moved)
			}
		}
	}
}

// Frozen variables and those the graph does not use stay, and without momentum SGD keeps no state.
func TestFrozenVariables(t *testing.T) {
	trainer, store := bowl(t, optim.SGD{LR: .1, WeightDecay: .1}, optim.Plan{Steps: 1, Batch: 256}, dtypes.Float32)
	unused := store.VariableWithValue("/unused", [][]float32{{5}})
	stepTo(t, trainer, [][]float32{{3, -2}, {.5, 7}})
	if got := unused.MustValue().Value().([][]float32)[0][0]; got != 5 {
		t.Errorf("the unused variable became %v", got)
	}
	if n := countUnder(store, "/optimizers/sgd"); n != 0 {
		t.Errorf("SGD without momentum keeps %d variables", n)
	}

	store.GetVariable("/bowl/w").SetTrainable(false)
	trainer.ResetComputationGraphs()
	_, err := trainer.TrainStep(gomlxtrain.Batch{Inputs: []*tensors.Tensor{tensors.FromValue([][]float32{{0, 0}, {0, 0}})}})
	if err == nil || !strings.Contains(err.Error(), "no trainable variable") {
		t.Errorf("a step with nothing to train: error %v", err)
	}
}

func TestLossMustBeScalar(t *testing.T) {
	backend := devicetest.Backend(t)
	built, err := optim.SGD{}.Build(optim.Plan{Steps: 1, Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	err = exceptions.TryCatch[error](func() {
		model.MustExecOnce(backend, model.NewStore(), func(scope *model.Scope, x *Node) *Node {
			loss := Mul(x, scope.VariableWithValue("w", []float32{1, 2}).NodeValue(x))
			built.UpdateGraph(scope, x.Graph(), loss)
			return loss
		}, []float32{3, 4})
	})
	if err == nil || !strings.Contains(err.Error(), "must be a scalar") {
		t.Errorf("a loss of two numbers: error %v", err)
	}
}

// countUnder counts the variables whose path has that prefix.
func countUnder(store *model.Store, prefix string) int {
	n := 0
	for v := range store.IterVariables() {
		if strings.HasPrefix(v.Path(), prefix) {
			n++
		}
	}
	return n
}
