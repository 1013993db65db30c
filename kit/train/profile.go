package train

import (
	"cmp"
	"fmt"
	"time"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/device"
)

// Profile is how long the parts of a training's step take. Each is a program of its own, which does
// all that comes before as well: what the backward pass takes is Gradient less Loss. They took
// turns, so that the n-th values were measured beside each other.
type Profile struct {
	FLOPs float64 // Of a step, as in [Plan.StepFLOPs].
	First float64 // Seconds from nothing to the result of the first step: tracing, compiling, running.

	Input    []float64 // Seconds to read a batch from the data, on all cores.
	Transfer []float64 // Seconds to bring a batch to the device.
	Views    []float64 // Seconds to make the views.
	Loss     []float64 // Seconds to views and loss.
	Gradient []float64 // Seconds to views, loss and gradient.
	Step     []float64 // Seconds of the whole step: views, loss, gradient, update.
}

// Profile measures the parts of a step on the images of a set, the plan's, in so many rounds. The
// weights that it trains are thrown away.
func (p Plan) Profile(set data.Set, rounds int) (*Profile, error) {
	flops, err := p.StepFLOPs()
	if err != nil {
		return nil, err
	}
	profile := &Profile{FLOPs: flops}
	loader := data.NewItemLoader(set, p.Item, p.Order, 0, rounds)
	defer loader.Close()
	var batches []data.Batch
	for range rounds {
		if err := timed(&profile.Input, func() error {
			batch, err := loader.Next()
			batches = append(batches, batch)
			return err
		}); err != nil {
			return nil, fmt.Errorf("reading the batch of step %d: %w", len(batches), err)
		}
	}
	return profile, Catch(func() error { return p.profile(profile, batches) })
}

// timed runs f, and adds the seconds that it took.
func timed(seconds *[]float64, f func() error) error {
	began := time.Now()
	err := f()
	*seconds = append(*seconds, time.Since(began).Seconds())
	return err
}

// profile measures what the device does with the batches, one a round.
func (p Plan) profile(profile *Profile, batches []data.Batch) error {
	backend, err := device.Open()
	if err != nil {
		return err
	}
	defer device.Trim()
	store := model.NewStore()
	defer store.Finalize()
	if err := cmp.Or(store.SetRNGStateFromSeed(int64(p.Seed)), p.buildTeacherHead(store), p.freeze(store)); err != nil {
		return err
	}
	trainer, err := newTrainer(backend, store, p, nil)
	if err != nil {
		return err
	}
	defer trainer.ResetComputationGraphs()
	first, err := p.stepInputs(batches[0])
	if err != nil {
		return err
	}
	began := time.Now()
	if err := trainStep(trainer, first); err != nil {
		return err
	}
	profile.First = time.Since(began).Seconds()

	parts := []struct {
		seconds *[]float64
		build   func(scope *model.Scope, inputs []*Node) *Node
		exec    *model.Exec
	}{
		{&profile.Views, p.viewsAlone, nil}, {&profile.Loss, p.lossAlone, nil}, {&profile.Gradient, p.gradientAlone, nil},
	}
	for i := range parts {
		if parts[i].exec, err = model.NewExec(backend, store, parts[i].build); err != nil {
			return err
		}
		defer parts[i].exec.Finalize()
	}
	for round, batch := range append(batches[:1:1], batches...) { // The first compiles, and does not count.
		if round == 1 {
			profile.Transfer, profile.Views, profile.Loss, profile.Gradient, profile.Step = nil, nil, nil, nil, nil
			defer device.KeepMemory()() // As a training does.
		}
		inputs, err := p.stepInputs(batch)
		if err != nil {
			return err
		}
		if err := timed(&profile.Transfer, func() error {
			for _, input := range inputs {
				if err := input.MaterializeOnDevice(backend, false, 0); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		for _, part := range parts {
			if err := timed(part.seconds, func() error { return callScalar(part.exec, inputs) }); err != nil {
				return err
			}
		}
		if err := timed(&profile.Step, func() error { return trainStep(trainer, inputs) }); err != nil {
			return err
		}
	}
	return nil
}

// trainStep trains one step, and waits for it. It uses the inputs up.
func trainStep(trainer *train.Trainer, inputs []*tensors.Tensor) error {
	metrics, err := trainer.TrainStep(train.Batch{Inputs: inputs})
	for _, metric := range metrics {
		metric.MaterializeLocal()
		metric.MustFinalizeAll()
	}
	return err
}

// callScalar runs a program for its one number, and waits for it.
func callScalar(exec *model.Exec, inputs []*tensors.Tensor) error {
	var args []any
	for _, input := range inputs {
		args = append(args, input)
	}
	output, err := exec.Call1(args...)
	if err != nil {
		return err
	}
	scalar(output)
	output.MustFinalizeAll()
	return nil
}

// viewsAlone makes the views, and of each pixel something that the program has to give.
func (p Plan) viewsAlone(_ *model.Scope, inputs []*Node) *Node {
	sum := ScalarZero(inputs[0].Graph(), dtypes.Float32)
	views, _, _ := p.views(augment.NewRandom(inputs[1]), inputs[0], nil, nil)
	for _, view := range views {
		sum = Add(sum, ReduceAllMax(view))
	}
	return sum
}

// lossAlone makes the views and the loss.
func (p Plan) lossAlone(scope *model.Scope, inputs []*Node) *Node {
	scope.Store().SetTraining(inputs[0].Graph(), true)
	p.lossGraph(scope, nil, inputs)
	return train.TotalLoss(inputs[0].Graph())
}

// gradientAlone makes the views, the loss, and its gradient, of which it gives the squared norm.
func (p Plan) gradientAlone(scope *model.Scope, inputs []*Node) *Node {
	norm := p.lossAlone(scope, inputs)
	for _, gradient := range scope.BuildTrainableVariablesGradientsGraph(norm) {
		norm = Add(norm, ReduceAllSum(Square(gradient)))
	}
	return norm
}
