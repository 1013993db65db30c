package eval

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"sslkit/kit/setting"
)

// DefaultRidgeL2 is the penalty of [Ridge].
const DefaultRidgeL2 = 1

// Ridge predicts by ridge regression on the classes' indicators, the class of the largest value: a
// linear classifier in closed form, for as few images as there are. For n embeddings X and
// indicators Y, both less their means,
//
//	W = Xᵀ (X Xᵀ + λ I)⁻¹ Y
//
// is a system of n equations however wide the embeddings are; from more images than dimensions on,
// the equal one of Dim equations is solved: (XᵀX + λ I)⁻¹ XᵀY. A class without a labelled image is
// never predicted; of equal values the lower class index is.
//
// L. Bertinetto et al., "Meta-learning with differentiable closed-form solvers", ICLR 2019
// (arXiv:1805.08136), on a frozen encoder.
type Ridge struct {
	// L2 is λ as a multiple of the mean squared length of the centred embeddings, above 0, so that
	// the scale of the features does not matter. Default: 1.
	L2 float64
	// Unit scales every embedding to length 1 first. Default: as they come.
	Unit bool
}

var (
	_ Probe      = Ridge{}
	_ Classifier = Ridge{}
)

// Evaluate fits on train and scores the predictions on test. Errors: features that cannot be
// compared (see [Features.Check]), a missing label, L2 out of range, an encoder that has changed.
func (r Ridge) Evaluate(train, test Features) (Result, error) {
	if err := checkProbe(train, test); err != nil {
		return Result{}, err
	}
	predictions, err := r.Predict(train, test)
	if err != nil {
		return Result{}, err
	}
	return newResult("ridge probe ("+r.settings()+")", train, test, predictions)
}

// Predict is the predicted class of each image of test, whose labels are not used and may be
// missing.
func (r Ridge) Predict(train, test Features) ([]int, error) {
	if err := checkLabelled(train); err != nil {
		return nil, err
	}
	r, err := r.withDefaults()
	if err != nil {
		return nil, err
	}
	if r.Unit {
		if err := test.Check(); err != nil {
			return nil, err
		}
		train, test = unitLength(train), unitLength(test)
	}
	model, err := r.fit(train)
	if err != nil {
		return nil, fmt.Errorf("eval: ridge regression on features %q: %w", train.Name, err)
	}
	return model.Predict(test)
}

// fit is the regression as a linear model, its means folded into the bias.
func (r Ridge) fit(train Features) (*LinearModel, error) {
	n, dim, classes := train.N, train.Dim, len(train.Classes)
	mean := make([]float64, dim)
	for i := range n {
		for j, v := range train.Row(i) {
			mean[j] += float64(v) / float64(n)
		}
	}
	x, y := mat.NewDense(n, dim, nil), mat.NewDense(n, classes, nil)
	var squared float64 // the mean squared length of the rows of x
	counts := train.perClass()
	for i := range n {
		row := x.RawRowView(i)
		for j, v := range train.Row(i) {
			row[j] = float64(v) - mean[j]
			squared += row[j] * row[j] / float64(n)
		}
		for c := range classes {
			y.Set(i, c, -float64(counts[c])/float64(n))
		}
		y.Set(i, train.Labels[i], 1+y.At(i, train.Labels[i]))
	}
	if squared == 0 {
		squared = 1 // all embeddings are one: any λ leaves the classes' shares alone to decide
	}
	weights, err := ridgeRegression(x, y, r.L2*squared)
	if err != nil {
		return nil, err
	}
	m := newEmptyModel(train)
	for c, count := range counts {
		if count > 0 {
			m.Bias[c] = float64(count) / float64(n)
		}
	}
	for j := range dim {
		for c := range classes {
			w := weights.At(j, c)
			m.Weights[j*classes+c] = w
			m.Bias[c] -= mean[j] * w
		}
	}
	return m, nil
}

// newEmptyModel has zero weights, and a bias that keeps classes without a labelled image from ever
// being predicted.
func newEmptyModel(train Features) *LinearModel {
	classes := len(train.Classes)
	m := &LinearModel{
		Weights: make([]float64, train.Dim*classes), Bias: make([]float64, classes),
		Dim: train.Dim, Classes: train.Classes, Encoder: train.Encoder,
	}
	for c, count := range train.perClass() {
		if count == 0 {
			m.Bias[c] = math.Inf(-1)
		}
	}
	return m
}

// ridgeRegression is the [dim, classes] matrix W of least ‖x W - y‖² + penalty ‖W‖², for x [n, dim]
// and y [n, classes], by whichever of its two equal forms has the smaller system.
func ridgeRegression(x, y *mat.Dense, penalty float64) (*mat.Dense, error) {
	n, dim := x.Dims()
	if n <= dim {
		return ridgeDual(x, y, penalty)
	}
	return ridgePrimal(x, y, penalty)
}

func ridgeDual(x, y *mat.Dense, penalty float64) (*mat.Dense, error) {
	var gram mat.SymDense
	gram.SymOuterK(1, x) // [n, n]
	dual, err := solvePenalised(&gram, penalty, y)
	if err != nil {
		return nil, err
	}
	var w mat.Dense
	w.Mul(x.T(), dual)
	return &w, nil
}

func ridgePrimal(x, y *mat.Dense, penalty float64) (*mat.Dense, error) {
	var gram mat.SymDense
	gram.SymOuterK(1, x.T()) // [dim, dim]
	var right mat.Dense
	right.Mul(x.T(), y)
	return solvePenalised(&gram, penalty, &right)
}

// solvePenalised is (a + penalty I)⁻¹ b for a positive semidefinite a, which it leaves alone.
func solvePenalised(a *mat.SymDense, penalty float64, b mat.Matrix) (*mat.Dense, error) {
	n := a.SymmetricDim()
	sum := mat.NewSymDense(n, nil)
	sum.CopySym(a)
	for i := range n {
		sum.SetSym(i, i, sum.At(i, i)+penalty)
	}
	var factor mat.Cholesky
	if !factor.Factorize(sum) {
		return nil, fmt.Errorf("the penalty %g is too small: the system of %d equations is singular", penalty, n)
	}
	var out mat.Dense
	if err := factor.SolveTo(&out, b); err != nil {
		// An ill-conditioned system has been solved all the same; the penalty says how much
		// precision is left.
		if condition := mat.Condition(0); !errors.As(err, &condition) {
			return nil, err
		}
	}
	return &out, nil
}

func (r Ridge) withDefaults() (Ridge, error) {
	r.L2 = cmp.Or(r.L2, DefaultRidgeL2)
	return r, setting.Positive("eval.Ridge: L2", r.L2, DefaultRidgeL2)
}

// String is the classifier in words: "ridge, L2 1".
func (r Ridge) String() string { return "ridge, " + r.settings() }

func (r Ridge) settings() string {
	if filled, err := r.withDefaults(); err == nil {
		r = filled
	}
	words := fmt.Sprintf("L2 %g", r.L2)
	if r.Unit {
		words += ", unit length"
	}
	return words
}
