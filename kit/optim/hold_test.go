package optim_test

import (
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	gomlxtrain "github.com/gomlx/gomlx/ml/train"

	"sslkit/kit/device/devicetest"
	"sslkit/kit/optim"
)

// A variable that is held in the first steps stays as it was, and then moves as one whose training
// begins there, to the same bits; one beside it moves in all steps. A gradient of zero would not do:
// weight decay would move the variable, and AdamW's first updates would be too long.
func TestHold(t *testing.T) {
	gradients := []float32{.3, -.2, .5, .1, -.4}
	const held = 2 // Steps.
	for name, o := range map[string]optim.Optimizer{
		"SGD":   optim.SGD{LR: .1, Momentum: .9, WeightDecay: .2, Exclude: optim.Nothing{}},
		"LARS":  optim.LARS{LR: .1, Momentum: .9, WeightDecay: .2, Eta: .5, Exclude: optim.Nothing{}},
		"AdamW": optim.AdamW{LR: .1, WeightDecay: .2, Exclude: optim.Nothing{}},
	} {
		t.Run(name, func(t *testing.T) {
			holding := trainHeld(t, o, gradients, held)
			late := trainHeld(t, o, gradients[held:], 0)
			for step, got := range holding {
				want := float32(1)
				if step >= held {
					want = late[step-held].mayBeHeld
				}
				if got.mayBeHeld != want {
					t.Errorf("behind step %d it is %v, want %v", step, got.mayBeHeld, want)
				}
			}
			for step, want := range trainHeld(t, o, gradients, 0) {
				if got := holding[step].beside; got != want.beside {
					t.Errorf("behind step %d the variable beside it is %v, want %v", step, got, want.beside)
				}
			}
		})
	}
}

// heldTrace is what two variables are behind a step.
type heldTrace struct{ mayBeHeld, beside float32 }

// trainHeld gives two variables, 1 at first, the same gradients. One of them is held in the first
// steps, while its gradient is zero.
func trainHeld(t *testing.T, o optim.Optimizer, gradients []float32, held int) []heldTrace {
	t.Helper()
	built, err := o.Build(optim.Plan{Steps: len(gradients), Batch: 256})
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	variable := func(name string) *model.Variable {
		return store.RootScope().WithInitializer(Ones).VariableWithShape(name, shapes.Make(dtypes.Float32))
	}
	loss := func(_ *model.Scope, _ any, inputs []*Node) []*Node {
		gradient, while := inputs[0], inputs[1]
		g := gradient.Graph()
		v := variable("may_be_held")
		optim.Hold(v, while)
		value := Where(while, StopGradient(v.NodeValue(g)), v.NodeValue(g))
		gomlxtrain.AddMainLoss(Mul(gradient, Add(value, variable("beside").NodeValue(g))))
		return nil
	}
	trainer := gomlxtrain.NewTrainer(devicetest.Backend(t), store, loss, nil, built, nil, nil)
	var trace []heldTrace
	for step, gradient := range gradients {
		inputs := []*tensors.Tensor{tensors.FromScalar(gradient), tensors.FromScalar(step < held)}
		if _, err := trainer.TrainStep(gomlxtrain.Batch{Inputs: inputs}); err != nil {
			t.Fatal(err)
		}
		value := func(name string) float32 { return tensors.ToScalar[float32](variable(name).MustValue()) }
		trace = append(trace, heldTrace{value("may_be_held"), value("beside")})
	}
	return trace
}
