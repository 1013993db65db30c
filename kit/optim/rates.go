package optim

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"sslkit/kit/setting"
)

// PerVariable is another optimiser, [SGD], [LARS] or [AdamW], with learning rates that differ
// between variables:
//
//	optim.PerVariable{Optimizer: optim.AdamW{LR: 1e-3}, Rates: optim.LayerDecay{Factor: .75}}
//	optim.PerVariable{Optimizer: optim.SGD{LR: .06}, Rates: optim.Steady{Under: "predictor"}}
//
// The learning rate that a step reports is the schedule's.
type PerVariable struct {
	Optimizer Optimizer // Optimizer does the updates. Required.
	Rates     Rates     // Rates are the rule. Required.
}

var _ Optimizer = PerVariable{}

// Rates says what the learning rate of a variable is. It is a value and not a function so that a
// recorded recipe tells one rule from another.
type Rates interface {
	// Check returns an error that names every setting out of its range; nil if there is none.
	Check() error

	// Of returns the factor of a variable's learning rate. It multiplies the peak rate where steady
	// is true, so that the rate stays the same all through the training, and else what the schedule
	// makes of it. all are the variables that are trained.
	Of(v *model.Variable, all []*model.Variable) (factor float64, steady bool)
}

// WithDefaults fills in the defaults of the optimiser.
func (o PerVariable) WithDefaults() Optimizer {
	if o.Optimizer != nil {
		o.Optimizer = o.Optimizer.WithDefaults()
	}
	return o
}

// Check returns an error that names every setting out of its range; nil if there is none.
func (o PerVariable) Check() error {
	if o.Optimizer == nil {
		return setting.Missing("optim.PerVariable: Optimizer", "an optim.Optimizer, such as optim.SGD{}")
	}
	if o.Rates == nil {
		return setting.Missing("optim.PerVariable: Rates", "an optim.Rates, such as optim.LayerDecay{Factor: .75}")
	}
	if _, nested := o.Optimizer.(PerVariable); nested {
		return errors.New("optim.PerVariable: Optimizer is an optim.PerVariable itself; it must be SGD, LARS or AdamW")
	}
	return errors.Join(o.Optimizer.Check(), o.Rates.Check())
}

// Build returns the optimiser for GoMLX's trainer; see [Optimizer].
func (o PerVariable) Build(plan Plan) (optimizer.Interface, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	built, err := o.Optimizer.Build(plan)
	if err != nil {
		return nil, err
	}
	d, ok := built.(*descent)
	if !ok {
		return nil, fmt.Errorf("optim.PerVariable: Optimizer is a %T; it must be SGD, LARS or AdamW", o.Optimizer)
	}
	d.rates = o.Rates
	return d, nil
}

// setRates gives every parameter its learning rate.
//
//	rate: the schedule's, a float32 scalar
func (d *descent) setRates(parameters []parameter, rate *Node) {
	var all []*model.Variable
	for i := range parameters {
		parameters[i].rate = rate
		all = append(all, parameters[i].variable)
	}
	if d.rates == nil {
		return
	}
	for i, p := range parameters {
		factor, steady := d.rates.Of(p.variable, all)
		if steady {
			parameters[i].rate = Scalar(rate.Graph(), rate.DType(), factor*d.peak)
		} else {
			parameters[i].rate = MulScalar(rate, factor)
		}
	}
}
