package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sslkit/kit/setting"
)

// Defaults of [GroupDRO].
const (
	DefaultDROL2     = 1e-2
	DefaultDROStep   = 1
	DefaultDRORounds = 50
	DefaultDROGap    = 0.02
)

// GroupDRO is the linear probe of group distributionally robust optimisation: it minimises the loss
// of the worst pair of a class and a group, not the mean loss.
//
//	min over W, b of  max over g of (mean cross-entropy of pair g + Adjustment/√images of g)  + L2/2 ‖W‖²
//
// As in the paper's algorithm 1, the pairs have weights q that grow exponentially with their
// losses, q_g ← q_g exp(Step·loss_g); but where the paper takes one stochastic gradient step
// between two such updates, for networks, here the weighted probe is fitted to its minimum, since
// on frozen features the problem is convex. The mean of these fits goes towards the solution, the
// weighted minima bound what is possible from below, and the probe stops when both are within Gap:
// the certificate is in Fit.Converged.
//
// The paper's finding that this needs strong regularisation holds for probes that can fit all their
// training images: on them every loss goes to 0. Choose L2 on validation images, by the worst
// group's accuracy.
//
// S. Sagawa et al., "Distributionally robust neural networks for group shifts", ICLR 2020
// (arXiv:1911.08731).
type GroupDRO struct {
	L2         float64 // L2 above 0. Default: 0.01.
	Adjustment float64 // Adjustment for small groups, the paper's C, at least 0. Default 0: none.
	Step       float64 // Step of the weights in the first round, falling as 1/√round; above 0. Default: 1.
	Rounds     int     // Rounds at most, at least 1. Default: 50.
	Gap        float64 // Gap in nats between the bounds of the worst loss that ends it, above 0. Default: 0.02.
}

var _ Probe = GroupDRO{}

// Evaluate fits on train, which needs Groups, and scores the predictions on test, which needs none.
// Errors are those of [Linear], a train without Groups or with one group only, settings out of
// range.
func (d GroupDRO) Evaluate(train, test Features) (Result, error) {
	if err := checkProbe(train, test); err != nil {
		return Result{}, err
	}
	model, err := d.Fit(train)
	if err != nil {
		return Result{}, err
	}
	return model.evaluate(train, test, 0)
}

// Fit is the probe fitted on train. Fit.Loss is the worst pair's loss with adjustment and penalty,
// Fit.Iterations are rounds.
func (d GroupDRO) Fit(train Features) (*LinearModel, error) {
	if err := checkLabelled(train); err != nil {
		return nil, err
	}
	if err := checkGroups(train); err != nil {
		return nil, err
	}
	d, err := d.withDefaults()
	if err != nil {
		return nil, err
	}
	if len(train.Classes) < 2 {
		return nil, fmt.Errorf("eval: features %q: Classes has %d name; it must have at least 2", train.Name, len(train.Classes))
	}
	standard := newStandardizer(train)
	x := standard.apply(train)
	problem, err := newLogistic(x, train.Labels, train.Dim, len(train.Classes))
	if err != nil {
		return nil, fmt.Errorf("eval: preparing the group-DRO probe of %q: %w", train.Name, err)
	}
	defer problem.close()
	cells := train.cells()
	best, lower, rounds, err := d.play(problem, cells)
	if err != nil {
		return nil, fmt.Errorf("eval: group-DRO probe of %q: %w", train.Name, err)
	}
	fit := Fit{L2: d.L2, Loss: best.loss, Iterations: rounds, Converged: best.loss-lower <= d.Gap}
	protocol := fmt.Sprintf("group DRO over %d pairs of class and group, standardised, L2 %g, adjustment %g, worst loss "+
		"within %.2g of the least",
		len(cells), d.L2, d.Adjustment, max(best.loss-lower, 0))
	return newLinearModel(train, standard, best, fit, protocol), nil
}

// play lets the weights and the probe play against each other. It returns the best parameters with
// their objective, and a lower bound of it.
func (d GroupDRO) play(problem *logistic, cells []cell) (best minimum, lower float64, rounds int, err error) {
	size := (problem.dim + 1) * problem.classes
	at, mean := make([]float64, size), make([]float64, size)
	q := make([]float64, len(cells))
	for g := range q {
		q[g] = 1 / float64(len(cells))
	}
	best.loss, lower = math.Inf(1), math.Inf(-1)
	var weightSum float64
	for round := 1; round <= d.Rounds; round++ {
		rounds = round
		problem.weights = make([]float64, problem.n)
		for g, c := range cells {
			for _, i := range c.images {
				problem.weights[i] = q[g] / float64(len(c.images))
			}
		}
		problem.holdOut(func(int) bool { return false })
		fit, err := problem.minimize(at, d.L2, DefaultTolerance, DefaultMaxIterations)
		if err != nil {
			return minimum{}, 0, 0, err
		}
		at = fit.parameters
		losses, penalty, err := d.losses(problem, cells, at)
		if err != nil {
			return minimum{}, 0, 0, err
		}
		bound := penalty
		for g, loss := range losses {
			bound += q[g] * loss
		}
		lower = max(lower, bound)
		// Later fits, with better weights, count for more in the mean.
		weightSum += float64(round)
		for k, v := range at {
			mean[k] += (v - mean[k]) * float64(round) / weightSum
		}
		if worst := slices.Max(losses) + penalty; worst < best.loss {
			best.loss, best.parameters = worst, slices.Clone(at)
		}
		ofMean, penaltyOfMean, err := d.losses(problem, cells, mean)
		if err != nil {
			return minimum{}, 0, 0, err
		}
		if worst := slices.Max(ofMean) + penaltyOfMean; worst < best.loss {
			best.loss, best.parameters = worst, slices.Clone(mean)
		}
		if best.loss-lower <= d.Gap {
			break
		}
		var sum float64
		for g, loss := range losses {
			q[g] *= math.Exp(d.Step / math.Sqrt(float64(round)) * (loss - slices.Max(losses)))
			sum += q[g]
		}
		for g := range q {
			q[g] /= sum
		}
	}
	return best, lower, rounds, nil
}

// losses are the mean cross-entropies of the cells with their adjustments, and the penalty.
func (d GroupDRO) losses(problem *logistic, cells []cell, parameters []float64) (losses []float64, penalty float64, err error) {
	each, err := problem.crossEntropies(parameters)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range cells {
		var sum float64
		for _, i := range c.images {
			sum += each[i]
		}
		n := float64(len(c.images))
		losses = append(losses, sum/n+d.Adjustment/math.Sqrt(n))
	}
	for _, w := range parameters[:problem.dim*problem.classes] {
		penalty += d.L2 / 2 * w * w
	}
	return losses, penalty, nil
}

func (d GroupDRO) withDefaults() (GroupDRO, error) {
	d.L2, d.Step = cmp.Or(d.L2, DefaultDROL2), cmp.Or(d.Step, DefaultDROStep)
	d.Rounds, d.Gap = cmp.Or(d.Rounds, DefaultDRORounds), cmp.Or(d.Gap, DefaultDROGap)
	return d, cmp.Or(
		setting.Positive("eval.GroupDRO: L2", d.L2, DefaultDROL2),
		setting.Positive("eval.GroupDRO: Step", d.Step, DefaultDROStep),
		setting.Positive("eval.GroupDRO: Gap", d.Gap, DefaultDROGap),
		setting.NotNegative("eval.GroupDRO: Adjustment", d.Adjustment),
		setting.AtLeast(1, "eval.GroupDRO: Rounds", d.Rounds, DefaultDRORounds))
}
