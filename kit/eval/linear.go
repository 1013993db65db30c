package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sslkit/kit/setting"
)

// Defaults of [Linear].
const (
	// FewLabelL2 is used where every class has fewer than five labelled images.
	// What would be held out there is too little to choose by (on synthetic
	// features with two labels a class it chose too strong a penalty in every
	// draw). The figure is what scikit-learn's default C = 1 means for ten labels.
	FewLabelL2           = 0.1
	DefaultTolerance     = 1e-4
	DefaultMaxIterations = 300
)

// Linear is the linear probe: multinomial logistic regression on frozen,
// standardised features, the usual measure of what a representation holds.
// Mean and deviation come from the labelled images alone.
//
//	mean cross-entropy + L2/2 ‖W‖², the bias left free
//
// (In scikit-learn's terms C = 1/(L2·N).) The L2 is chosen on labelled training
// images only, never on the test set: by the mean cross-entropy of held-out
// images in five-fold cross-validation, or of one held-out fifth from 5,000
// labelled images on. With fewer than five labels in every class it is
// [FewLabelL2]. The final fit takes all labelled images. Fits are full-batch
// L-BFGS: convex, with no learning rate and no noise, so the figure is a property
// of the features. They keep 8·N·min(N, Dim) bytes on the device: with fewer
// images than dimensions the fit is done in the space that the images span.
type Linear struct {
	// L2 are the candidates, each above 0. One: it is used as it is, and nothing
	// is held out. Several give way to FewLabelL2 with fewer than five labels in
	// every class. Default: 10, 1, 0.1, ... 1e-6, tried from the strongest on
	// until one scores worse than the one before.
	L2 []float64
	// Seed deals the labelled images out over the folds.
	Seed uint64
	// Tolerance ends a fit when no component of the gradient exceeds it, above 0.
	// Default: 1e-4, as in scikit-learn.
	Tolerance float64
	// MaxIterations ends a fit that has not reached Tolerance, at least 1; Fit
	// tells when it did. Default: 300.
	MaxIterations int
}

var _ Probe = Linear{}

// Evaluate fits on train and scores the predictions on test. Errors: features
// that cannot be compared (see [Features.Check]), a missing label, settings out
// of range, an encoder that has changed.
func (l Linear) Evaluate(train, test Features) (Result, error) {
	if err := checkProbe(train, test); err != nil {
		return Result{}, err
	}
	model, err := l.Fit(train)
	if err != nil {
		return Result{}, err
	}
	return model.evaluate(train, test, l.Seed)
}

// Fit is the probe fitted on train: for probabilities and predictions on
// features without labels.
func (l Linear) Fit(train Features) (*LinearModel, error) { return l.fitWeighted(train, nil) }

// fitWeighted is Fit where each image's cross-entropy weighs weights[i], 1 on average; nil: all
// alike.
func (l Linear) fitWeighted(train Features, weights []float64) (*LinearModel, error) {
	if err := checkClasses(train); err != nil {
		return nil, err
	}
	l, err := l.withDefaults()
	if err != nil {
		return nil, err
	}
	standard := newStandardizer(train)
	x, dim := standard.apply(train), train.Dim
	few := train.N < train.Dim
	var within span
	if few {
		within = newSpan(x, train.N, train.Dim)
		x, dim = within.coordinates, train.N
	}
	problem, err := newLogistic(x, train.Labels, dim, len(train.Classes))
	if err != nil {
		return nil, fmt.Errorf("eval: preparing the linear probe of %q: %w", train.Name, err)
	}
	defer problem.close()
	problem.weights = weights
	best, protocol, err := l.fit(problem, train.Labels)
	if err != nil {
		return nil, fmt.Errorf("eval: linear probe of %q: %w", train.Name, err)
	}
	if few {
		best.parameters = within.unfold(best.parameters, len(train.Classes))
	}
	return newLinearModel(train, standard, best.minimum, Fit{
		L2: best.l2, Path: best.path, Loss: best.loss, Iterations: best.iterations, Converged: best.converged,
	}, protocol), nil
}

// chosen is the final fit and how its L2 was come by.
type chosen struct {
	minimum
	l2   float64
	path []Candidate
}

// fit chooses the L2 and fits all images with it. It also says how, in words.
func (l Linear) fit(problem *logistic, labels []int) (chosen, string, error) {
	start := make([]float64, (problem.dim+1)*problem.classes)
	choice := chosen{l2: l.L2[0]}
	how := "fixed"
	if len(l.L2) > 1 {
		folds, count := stratifiedFolds(labels, problem.classes, l.Seed)
		tried := count
		switch {
		case count < foldCount:
			choice.l2, how = FewLabelL2, "fixed, fewer than 5 labels a class"
		case len(labels) >= crossValidationLimit:
			tried, how = 1, fmt.Sprintf("by one held-out fold of %d", count)
		default:
			how = fmt.Sprintf("by %d-fold cross-validation", count)
		}
		if count == foldCount {
			var err error
			if choice, start, err = l.choose(problem, folds, tried); err != nil {
				return chosen{}, "", err
			}
		}
	}
	problem.holdOut(func(int) bool { return false })
	final, err := problem.minimize(start, choice.l2, l.Tolerance, l.MaxIterations)
	if err != nil {
		return chosen{}, "", err
	}
	choice.minimum = final
	return choice, fmt.Sprintf("logistic, standardised, L2 %g %s", choice.l2, how), nil
}

// choose scores the candidates by the held-out cross-entropy, from the strongest
// on, each fold going on from its last fit. It returns the best and the first
// fold's fit with it, from where the final fit sets out.
func (l Linear) choose(problem *logistic, folds []int, tried int) (chosen, []float64, error) {
	fits := make([][]float64, tried)
	for f := range fits {
		fits[f] = make([]float64, (problem.dim+1)*problem.classes)
	}
	sizes, images := make([]float64, tried), 0.0
	for _, f := range folds {
		if f >= 0 && f < tried {
			sizes[f]++
			images++
		}
	}
	var best chosen
	var start []float64
	var path []Candidate
	lowest := math.Inf(1)
	for _, l2 := range l.L2 {
		var score float64
		for f := range tried {
			problem.holdOut(func(i int) bool { return folds[i] == f })
			fit, err := problem.minimize(fits[f], l2, l.Tolerance, l.MaxIterations)
			if err != nil {
				return chosen{}, nil, err
			}
			fits[f] = fit.parameters
			score += fit.heldOut * sizes[f] / images
		}
		path = append(path, Candidate{L2: l2, HeldOut: score})
		// Weaker candidates still would only overfit more, and take the longest.
		if score >= lowest {
			break
		}
		lowest, best.l2, start = score, l2, fits[0]
	}
	best.path = path
	return best, start, nil
}

func (l Linear) withDefaults() (Linear, error) {
	if l.L2 == nil {
		l.L2 = []float64{10, 1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}
	}
	l.L2 = slices.Clone(l.L2)
	slices.SortFunc(l.L2, func(a, b float64) int { return cmp.Compare(b, a) })
	l.Tolerance = cmp.Or(l.Tolerance, DefaultTolerance)
	l.MaxIterations = cmp.Or(l.MaxIterations, DefaultMaxIterations)
	return l, cmp.Or(
		checkPenalties("eval.Linear: L2", l.L2),
		setting.Fraction("eval.Linear: Tolerance", l.Tolerance, DefaultTolerance),
		setting.AtLeast(1, "eval.Linear: MaxIterations", l.MaxIterations, DefaultMaxIterations))
}
