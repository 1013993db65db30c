package optim

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Optimizer is an optimiser as a recipe states it: [SGD], [LARS] or [AdamW].
type Optimizer interface {
	// Check returns an error that names every setting out of its range, and the range; nil if there is none.
	Check() error

	// WithDefaults returns the same optimiser with every default filled in, so that what is recorded of a run does not
	// depend on the defaults of the day.
	WithDefaults() Optimizer

	// Build returns the optimiser for GoMLX's trainer. It also implements train.OptimizeWithGradients, so that the
	// trainer can accumulate gradients. It returns an error where Check does, and where the plan is bad.
	Build(plan Plan) (optimizer.Interface, error)
}

// Plan is what an optimiser must know of the training that it serves.
type Plan struct {
	// Schedule is the course of the learning rate. nil means Constant{}.
	Schedule Schedule

	// Steps is the number of updates in the whole training, at least 1.
	Steps int

	// Batch is the number of images that an update sees, over all devices and accumulated batches, at least 1.
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
		inRange("Steps", p.Steps, p.Steps >= 1, "at least 1"),
		inRange("Batch", p.Batch, p.Batch >= 1, "at least 1"),
	); err != nil {
		return fmt.Errorf("optim.Plan: %w", err)
	}
	return p.Schedule.Check(peak)
}

// inRange returns nil if ok, else an error that names the field, its value and what is allowed.
func inRange[N int | float64](field string, value N, ok bool, allowed string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s is %v, must be %s", field, value, allowed)
}

// positive reports whether x is finite and above 0. NaN is not.
func positive(x float64) bool { return x > 0 && !math.IsInf(x, 1) }

// nonNegative reports whether x is finite and at least 0. NaN is not.
func nonNegative(x float64) bool { return x >= 0 && !math.IsInf(x, 1) }

// orDefault returns value, or the default if value is 0.
func orDefault(value, whenZero float64) float64 {
	if value == 0 {
		return whenZero
	}
	return value
}
