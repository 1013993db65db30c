package optim

import (
	"cmp"
	"errors"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"sslkit/kit/setting"
)

// LARS is layer-wise adaptive rate scaling (You et al. 2017, arXiv:1708.03888): SGD with momentum
// in which each variable's step is proportional to the norm of its weights, so that large batches
// do not tear the first layers apart.
//
//	trust = Eta·‖w‖ / (‖gradient‖ + WeightDecay·‖w‖ + 1e-8)    or, with ClipLR, min(that / lr, 1)
//	b     = Momentum·b + trust·(gradient + WeightDecay·w)
//	w     = w - lr·b
//
// Excluded variables, and those whose weights or gradient are all zero, take the gradient as it is:
// no decay and no trust. As in solo-learn, lightly and LARC, and unlike the paper's formula, lr is
// outside the momentum.
type LARS struct {
	// LR is the peak learning rate for 256 images a step (see Scaling), above 0. Default 0.3, that
	// of most methods on CIFAR-10 in solo-learn.
	LR float64

	// Scaling says how LR grows with the batch. The zero value is Linear256.
	Scaling Scaling

	// Momentum is in [0, 1); 0 is none. Self-supervised recipes have .9.
	Momentum float64

	// WeightDecay is the L2 penalty added to the gradient, at least 0; 0 is none.
	WeightDecay float64

	// Eta is the trust coefficient, above 0. Default 0.02, solo-learn's. The paper, SimCLR and BYOL
	// have .001, with batches of thousands of images and learning rates to match.
	Eta float64

	// ClipLR makes LR the largest rate of a variable, not a factor of its rate: that is lr × trust
	// without ClipLR, and the smaller of lr and trust with it (but for momentum). It is solo-learn's
	// clip_lr, which its recipes for CIFAR-10 have with their Eta of .02, and the clip of LARC.
	ClipLR bool

	// Exclude says which variables have no weight decay and no trust. nil means NormsAndBiases{}.
	Exclude Exclusion

	// ClipNorm is the largest global norm of the gradient, at least 0; a longer gradient is
	// shortened to it. 0 is no limit.
	ClipNorm float64
}

var _ Optimizer = LARS{}

// larsEpsilon keeps the trust finite; solo-learn's and LARC's.
const larsEpsilon = 1e-8

// WithDefaults returns the same optimiser with every default filled in.
func (o LARS) WithDefaults() Optimizer { return o.withDefaults() }

func (o LARS) withDefaults() LARS {
	o.LR = cmp.Or(o.LR, .3)
	o.Eta = cmp.Or(o.Eta, .02)
	if o.Exclude == nil {
		o.Exclude = NormsAndBiases{}
	}
	return o
}

// Check returns an error that names every setting out of its range; nil if there is none.
func (o LARS) Check() error {
	d := LARS{}.withDefaults()
	o = o.withDefaults()
	return errors.Join(
		setting.Positive("optim.LARS: LR", o.LR, d.LR),
		o.Scaling.check("optim.LARS: Scaling"),
		setting.Below(1, "optim.LARS: Momentum", o.Momentum),
		setting.NotNegative("optim.LARS: WeightDecay", o.WeightDecay),
		setting.Positive("optim.LARS: Eta", o.Eta, d.Eta),
		setting.NotNegative("optim.LARS: ClipNorm", o.ClipNorm),
	)
}

// Build returns the optimiser for GoMLX's trainer; see [Optimizer].
func (o LARS) Build(plan Plan) (optimizer.Interface, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	return build("lars", plan, o.Scaling.Scale(o.LR, plan.Batch), o.ClipNorm, o.Exclude, o.update)
}

// update is the algorithm of LARS.
func (o LARS) update(s step) func(p parameter) *Node {
	return func(p parameter) *Node {
		direction := p.gradient
		if !p.excluded {
			direction = o.adapt(p.value, p.gradient, p.rate)
		}
		return Sub(p.value, Mul(p.rate, s.momentum(p, direction, o.Momentum)))
	}
}

// adapt returns the decayed gradient times the trust, or the gradient itself where either norm is
// 0: a trust of 0 would keep a variable that starts at 0 there for good. rate is the learning rate,
// a scalar.
func (o LARS) adapt(value, gradient, rate *Node) *Node {
	valueNorm, gradientNorm := norm(value), norm(gradient) // scalars
	decayedNorm := Add(gradientNorm, MulScalar(valueNorm, o.WeightDecay))
	trust := MulScalar(Div(valueNorm, AddScalar(decayedNorm, larsEpsilon)), o.Eta)
	if o.ClipLR {
		trust = MinScalar(Div(trust, rate), 1) // A rate of 0 gives 1, and no step.
	}
	adapted := Mul(trust, Add(gradient, MulScalar(value, o.WeightDecay)))
	bothMove := LogicalAnd(GreaterThan(valueNorm, ZerosLike(valueNorm)), GreaterThan(gradientNorm, ZerosLike(gradientNorm)))
	return Where(bothMove, adapted, gradient)
}
