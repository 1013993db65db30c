package optim

import (
	"cmp"
	"errors"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"sslkit/kit/setting"
)

// SGD is stochastic gradient descent with momentum, as torch.optim.SGD computes it (Sutskever et
// al. 2013, with the learning rate outside the momentum):
//
//	g = gradient + WeightDecay·w
//	b = Momentum·b + g
//	w = w - lr·b                    or, with Nesterov, w - lr·(g + Momentum·b)
type SGD struct {
	// LR is the peak learning rate for 256 images a step (see Scaling), above 0. Default 0.3, that
	// of MoCo v2+ on CIFAR-10 in solo-learn.
	LR float64

	// Scaling says how LR grows with the batch. The zero value is Linear256.
	Scaling Scaling

	// Momentum is in [0, 1); 0 is none. Self-supervised recipes have .9.
	Momentum float64

	// Nesterov looks one step of momentum ahead; it needs a Momentum above 0.
	Nesterov bool

	// WeightDecay is the L2 penalty added to the gradient, at least 0; 0 is none.
	WeightDecay float64

	// Exclude says which variables have no weight decay. nil means NormsAndBiases{}.
	Exclude Exclusion

	// ClipNorm is the largest global norm of the gradient, at least 0; a longer gradient is
	// shortened to it. 0 is no limit.
	ClipNorm float64
}

var _ Optimizer = SGD{}

// WithDefaults returns the same optimiser with every default filled in.
func (o SGD) WithDefaults() Optimizer { return o.withDefaults() }

func (o SGD) withDefaults() SGD {
	o.LR = cmp.Or(o.LR, .3)
	if o.Exclude == nil {
		o.Exclude = NormsAndBiases{}
	}
	return o
}

// Check returns an error that names every setting out of its range; nil if there is none.
func (o SGD) Check() error {
	d := SGD{}.withDefaults()
	o = o.withDefaults()
	return errors.Join(
		setting.Positive("optim.SGD: LR", o.LR, d.LR),
		o.Scaling.check("optim.SGD: Scaling"),
		setting.Below(1, "optim.SGD: Momentum", o.Momentum),
		setting.Must(!o.Nesterov || o.Momentum != 0, "optim.SGD: Momentum", o.Momentum, "above 0 with Nesterov"),
		setting.NotNegative("optim.SGD: WeightDecay", o.WeightDecay),
		setting.NotNegative("optim.SGD: ClipNorm", o.ClipNorm),
	)
}

// Build returns the optimiser for GoMLX's trainer; see [Optimizer].
func (o SGD) Build(plan Plan) (optimizer.Interface, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	return build("sgd", plan, o.Scaling.Scale(o.LR, plan.Batch), o.ClipNorm, o.Exclude, o.update)
}

// update is the algorithm of SGD.
func (o SGD) update(s step) func(p parameter) *Node {
	return func(p parameter) *Node {
		direction := p.gradient
		if !p.excluded {
			direction = Add(direction, MulScalar(p.value, o.WeightDecay))
		}
		ahead := s.momentum(p, direction, o.Momentum)
		if o.Nesterov {
			ahead = Add(direction, MulScalar(ahead, o.Momentum))
		}
		return Sub(p.value, Mul(p.rate, ahead))
	}
}

// momentum adds the direction to the parameter's decaying sum of directions and returns the sum.
// With no momentum there is nothing to keep, and no variable.
func (s step) momentum(p parameter, direction *Node, momentum float64) *Node {
	if momentum == 0 {
		return direction
	}
	buffer := s.state(p, "momentum")
	sum := Add(MulScalar(buffer.NodeValue(s.graph), momentum), direction)
	buffer.SetNodeValue(sum)
	return sum
}
