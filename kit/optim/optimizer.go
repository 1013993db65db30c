package optim

import (
	"errors"

	"github.com/gomlx/gomlx/ml/train/optimizer"

	"sslkit/kit/setting"
)

// Optimizer is an optimiser as a recipe states it: [SGD], [LARS] or [AdamW].
type Optimizer interface {
	// Check returns an error that names every setting out of its range, and the range; nil if there
	// is none.
	Check() error

	// WithDefaults returns the same optimiser with every default filled in, so that what is
	// recorded of a run does not depend on the defaults of the day.
	WithDefaults() Optimizer

	// Build returns the optimiser for GoMLX's trainer. It also implements
	// train.OptimizeWithGradients, so that the trainer can accumulate gradients. It returns an
	// error where Check does, and where the plan is bad.
	Build(plan Plan) (optimizer.Interface, error)
}

// Plan is what an optimiser must know of the training that it serves.
type Plan struct {
	// Schedule is the course of the learning rate. nil means Constant{}.
	Schedule Schedule

	// Steps is the number of updates in the whole training, at least 1.
	Steps int

	// Batch is the number of images that an update sees, over all devices and accumulated batches,
	// at least 1.
	Batch int
}

// withDefaults returns the plan with a schedule.
func (p Plan) withDefaults() Plan {
	if p.Schedule == nil {
		p.Schedule = Constant{}
	}
	return p
}

// check returns an error if the plan is out of range, or its schedule does not fit it.
func (p Plan) check(peak float64) error {
	if err := errors.Join(
		setting.AtLeast(1, "optim.Plan: Steps", p.Steps),
		setting.AtLeast(1, "optim.Plan: Batch", p.Batch),
	); err != nil {
		return err
	}
	return p.Schedule.Check(peak)
}
