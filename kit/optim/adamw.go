package optim

import (
	"cmp"
	"errors"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"sslkit/kit/setting"
)

// AdamW is Adam with decoupled weight decay (Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter
// 2019, arXiv:1711.05101), the decay scaled by the learning rate as in torch.optim.AdamW. At its
// update t, counted from 1:
//
//	m = Beta1·m + (1 - Beta1)·gradient
//	v = Beta2·v + (1 - Beta2)·gradient²
//	w = w - lr·( m/(1 - Beta1ᵗ) / (√(v/(1 - Beta2ᵗ)) + Eps) + WeightDecay·w )
//
// The weight decay may follow a schedule of its own, from WeightDecay to WeightDecayEnd.
type AdamW struct {
	// LR is the peak learning rate for 256 images a step (see Scaling), above 0. Default 2e-4, that
	// of MAE on CIFAR-10 in solo-learn.
	LR float64

	// Scaling says how LR grows with the batch. The zero value is Linear256.
	Scaling Scaling

	// Beta1 is the decay of the mean of gradients, in (0, 1). Default 0.9.
	Beta1 float64

	// Beta2 is the decay of the mean of squared gradients, in (0, 1). Default 0.999; MAE has .95.
	Beta2 float64

	// Eps is added to the denominator, above 0. Default 1e-8.
	Eps float64

	// WeightDecay is the decoupled decay at the first update, at least 0; 0 is none. MAE has .05.
	WeightDecay float64

	// WeightDecayEnd is the decay that training ends at, at least 0, reached from WeightDecay along
	// half a cosine over all steps, whatever the schedule of LR: DINO, iBOT and I-JEPA go from .04
	// to .4. 0 stays at WeightDecay; a tiny number ends at none.
	WeightDecayEnd float64

	// Exclude says which variables have no weight decay. nil means NormsAndBiases{}.
	Exclude Exclusion

	// ClipNorm is the largest global norm of the gradient, at least 0; a longer gradient is
	// shortened to it. 0 is no limit.
	ClipNorm float64

	// ClipEach is the largest norm of the gradient of each variable by itself, at least 0, as DINO
	// and iBOT clip; a longer one is shortened to it, after ClipNorm. 0 is no limit.
	ClipEach float64
}

var _ Optimizer = AdamW{}

// WithDefaults returns the same optimiser with every default filled in.
func (o AdamW) WithDefaults() Optimizer { return o.withDefaults() }

func (o AdamW) withDefaults() AdamW {
	o.LR = cmp.Or(o.LR, 2e-4)
	o.Beta1 = cmp.Or(o.Beta1, .9)
	o.Beta2 = cmp.Or(o.Beta2, .999)
	o.Eps = cmp.Or(o.Eps, 1e-8)
	if o.Exclude == nil {
		o.Exclude = NormsAndBiases{}
	}
	return o
}

// Check returns an error that names every setting out of its range; nil if there is none.
func (o AdamW) Check() error {
	d := AdamW{}.withDefaults()
	o = o.withDefaults()
	return errors.Join(
		setting.Positive("optim.AdamW: LR", o.LR, d.LR),
		o.Scaling.check("optim.AdamW: Scaling"),
		setting.Fraction("optim.AdamW: Beta1", o.Beta1, d.Beta1),
		setting.Fraction("optim.AdamW: Beta2", o.Beta2, d.Beta2),
		setting.Positive("optim.AdamW: Eps", o.Eps, d.Eps),
		setting.NotNegative("optim.AdamW: WeightDecay", o.WeightDecay),
		setting.NotNegative("optim.AdamW: WeightDecayEnd", o.WeightDecayEnd),
		setting.NotNegative("optim.AdamW: ClipNorm", o.ClipNorm),
		setting.NotNegative("optim.AdamW: ClipEach", o.ClipEach),
	)
}

// Build returns the optimiser for GoMLX's trainer; see [Optimizer].
func (o AdamW) Build(plan Plan) (optimizer.Interface, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	return build("adamw", plan, o.Scaling.Scale(o.LR, plan.Batch), o.ClipNorm, o.Exclude, o.update)
}

// update is the algorithm of AdamW. It counts its own updates, since the moments may be cleared
// while the global step goes on.
func (o AdamW) update(s step) func(p parameter) *Node {
	counter := s.variable(shapes.Make(dtypes.Int64), "updates")
	count := AddScalar(counter.NodeValue(s.graph), 1)
	counter.SetNodeValue(count)
	corrections := func(updates *Node) (*Node, *Node) {
		t := ConvertDType(updates, dtypes.Float32)
		return biasCorrection(t, o.Beta1), biasCorrection(t, o.Beta2)
	}
	ofAll1, ofAll2 := corrections(count)

	decay := o.decay(s)

	return func(p parameter) *Node {
		gradient := shortened(p.gradient, norm(p.gradient), o.ClipEach)
		mean := s.average(p, "first_moment", gradient, o.Beta1)
		square := s.average(p, "second_moment", Square(gradient), o.Beta2)
		correction1, correction2 := ofAll1, ofAll2
		if p.held != nil {
			correction1, correction2 = corrections(s.ownUpdates(p, count))
		}
		direction := Div(Div(mean, correction1), AddScalar(Sqrt(Div(square, correction2)), o.Eps))
		if !p.excluded {
			direction = Add(direction, Mul(p.value, decay))
		}
		return Sub(p.value, Mul(p.rate, direction))
	}
}

// ownUpdates is the number of updates of a parameter that may be held, this one counted: at least 1.
//
//	count: that of all updates, an int64 scalar
func (s step) ownUpdates(p parameter, count *Node) *Node {
	held := s.variable(shapes.Make(dtypes.Int64), p.variable.Path(), "held")
	held.SetNodeValue(Add(held.NodeValue(s.graph), ConvertDType(p.held, dtypes.Int64)))
	return MaxScalar(Sub(count, held.NodeValue(s.graph)), 1)
}

// decay is the weight decay of this update, a float32 scalar: a function of the global step, as the
// learning rate is, so that a training that goes on from a checkpoint goes on with it.
func (o AdamW) decay(s step) *Node {
	if o.WeightDecayEnd == 0 {
		return Scalar(s.graph, dtypes.Float32, o.WeightDecay)
	}
	return WarmupCosine{Final: o.WeightDecayEnd}.LRGraph(s.number, s.steps, o.WeightDecay)
}

// biasCorrection returns 1 - betaᵗ. In float32 the subtraction would lose four digits of it at beta
// = .999 and t = 1.
func biasCorrection(t *Node, beta float64) *Node {
	return Neg(Expm1(MulScalar(t, math.Log(beta))))
}

// average moves the parameter's exponential average of that name towards x and returns it.
func (s step) average(p parameter, name string, x *Node, beta float64) *Node {
	variable := s.state(p, name)
	mean := Add(MulScalar(variable.NodeValue(s.graph), beta), MulScalar(x, 1-beta))
	variable.SetNodeValue(mean)
	return mean
}
