package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// GroupBalanced is the linear probe with every pair of a class and a group given the same weight,
// so that what mostly goes together in the training images (a class and a background) is not worth
// learning. train needs Groups, the attribute not to be relied on; test needs none.
//
// It weighs images, or, with Subsample, leaves images out until all pairs have as many as the
// smallest. B. Idrissi et al., "Simple data balancing achieves competitive worst-group-accuracy",
// CLeaR 2022 (arXiv:2110.14503), RWG and SUBG.
type GroupBalanced struct {
	Linear    Linear // Linear is how it is fitted.
	Subsample bool   // Subsample draws images instead of weighing them, with Linear.Seed.
}

var _ Probe = GroupBalanced{}

// Evaluate fits on train and scores the predictions on test. Errors are those of [Linear], and a
// train without Groups or with one group only.
func (b GroupBalanced) Evaluate(train, test Features) (Result, error) {
	if err := checkProbe(train, test); err != nil {
		return Result{}, err
	}
	model, err := b.Fit(train)
	if err != nil {
		return Result{}, err
	}
	return model.evaluate(train, test, b.Linear.Seed)
}

// Fit is the probe fitted on train.
func (b GroupBalanced) Fit(train Features) (*LinearModel, error) {
	if err := checkLabelled(train); err != nil {
		return nil, err
	}
	if err := checkGroups(train); err != nil {
		return nil, err
	}
	cells := train.cells()
	how, fit := "reweighted", func() (*LinearModel, error) {
		weights := make([]float64, train.N)
		for _, c := range cells {
			for _, i := range c.images {
				weights[i] = float64(train.N) / float64(len(cells)*len(c.images))
			}
		}
		return b.Linear.fitWeighted(train, weights)
	}
	if b.Subsample {
		how, fit = "subsampled", func() (*LinearModel, error) {
			smallest := train.N
			for _, c := range cells {
				smallest = min(smallest, len(c.images))
			}
			var rows []int
			for k, c := range cells {
				random := rand.New(rand.NewPCG(b.Linear.Seed, uint64(k)))
				for _, pick := range random.Perm(len(c.images))[:smallest] {
					rows = append(rows, c.images[pick])
				}
			}
			slices.Sort(rows)
			return b.Linear.Fit(train.rows(rows, b.Linear.Seed))
		}
	}
	model, err := fit()
	if err != nil {
		return nil, err
	}
	model.Protocol += fmt.Sprintf(", %s to balance %d pairs of class and group", how, len(cells))
	return model, nil
}

// evaluate scores the fitted probe on test.
func (m *LinearModel) evaluate(train, test Features, seed uint64) (Result, error) {
	predictions, err := m.Predict(test)
	if err != nil {
		return Result{}, err
	}
	probabilities, err := m.Probabilities(test)
	if err != nil {
		return Result{}, err
	}
	result, err := newResult("linear probe ("+m.Protocol+")", train, test, predictions)
	if err != nil {
		return Result{}, err
	}
	result.Seed, result.Fit = seed, &m.Fit
	for i, class := range predictions {
		result.Confidence = append(result.Confidence, probabilities[i*len(m.Bias)+class])
	}
	return result, nil
}
