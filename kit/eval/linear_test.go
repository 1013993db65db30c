package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"sslkit/data"
)

// random parameters and a small problem with some images held out.
func smallProblem(t *testing.T) (p *logistic, f Features, parameters []float64) {
	t.Helper()
	f = gaussians("small", 30, 4, 3, 1, 1)
	p, err := newLogistic(newStandardizer(f).apply(f), f.Labels, f.Dim, 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	p.holdOut(func(i int) bool { return i%5 == 0 })
	random := rand.New(rand.NewPCG(2, 0))
	parameters = make([]float64, 5*3)
	for i := range parameters {
		parameters[i] = random.NormFloat64()
	}
	return p, f, parameters
}

// The objective equals a plain loop over the formula.
func TestLogisticAgainstNaive(t *testing.T) {
	p, f, parameters := smallProblem(t)
	const l2 = 0.3
	x := newStandardizer(f).apply(f)
	var sum, count [2]float64 // fitted, held out
	for i := range f.N {
		var logits [3]float64
		for c := range 3 {
			logits[c] = parameters[12+c]
			for j := range 4 {
				logits[c] += x[i*4+j] * parameters[j*3+c]
			}
		}
		side := 0
		if i%5 == 0 {
			side = 1
		}
		sum[side] += math.Log(math.Exp(logits[0])+math.Exp(logits[1])+math.Exp(logits[2])) - logits[f.Labels[i]]
		count[side]++
	}
	var squares float64
	for _, w := range parameters[:12] {
		squares += w * w
	}
	loss, heldOut, _, err := p.evaluate(parameters, l2)
	if err != nil {
		t.Fatal(err)
	}
	if want := sum[0]/count[0] + l2/2*squares; math.Abs(loss-want) > 1e-12 {
		t.Errorf("loss %.15g, want %.15g", loss, want)
	}
	if want := sum[1] / count[1]; math.Abs(heldOut-want) > 1e-12 {
		t.Errorf("held-out %.15g, want %.15g", heldOut, want)
	}
}

func TestLogisticGradient(t *testing.T) {
	p, _, parameters := smallProblem(t)
	const l2, step = 0.3, 1e-5
	_, _, gradient, err := p.evaluate(parameters, l2)
	if err != nil {
		t.Fatal(err)
	}
	if len(gradient) != len(parameters) {
		t.Fatalf("%d components for %d parameters", len(gradient), len(parameters))
	}
	for i := range parameters {
		moved := slices.Clone(parameters)
		moved[i] += step
		up, _, _, _ := p.evaluate(moved, l2)
		moved[i] -= 2 * step
		down, _, _, _ := p.evaluate(moved, l2)
		if want := (up - down) / (2 * step); math.Abs(gradient[i]-want) > 1e-8 {
			t.Errorf("component %d is %.12g, finite differences say %.12g", i, gradient[i], want)
		}
	}
}

// Golden values: scikit-learn 1.9.1 (numpy, float64), on the same 24 points standardised as
// newStandardizer does, by
//
//	var = x.var(0)
//	z = (x - x.mean(0)) / np.sqrt((24 * var + var.mean()) / 25)
//	m = LogisticRegression(C=1 / (l2 * 24), tol=1e-12, max_iter=100000, solver="newton-cg").fit(z, y)
//	p = m.predict_proba(z); W = m.coef_ - m.coef_.mean(0)
//	loss = -np.mean(np.log(p[np.arange(24), y])) + l2 / 2 * np.sum(W**2)
func TestLinearAgainstScikitLearn(t *testing.T) {
	f := Features{N: 24, Dim: 3, Name: "golden", Classes: []string{"a", "b", "c"}}
	for i := range f.N {
		for j := range f.Dim {
			v := float64((i*7+j*5)%11)/5 - 1
			if j == i%3 {
				v += 1.5
			}
			f.X = append(f.X, float32(v))
		}
		f.Labels = append(f.Labels, i%3)
	}
	f.Labels[0], f.Labels[4] = 1, 2 // not separable
	for _, c := range []struct {
		l2, loss float64
		p0, p4   []float64
	}{
		{0.1, 0.529991247944431,
			[]float64{0.20247806816029518, 0.19502985959871247, 0.6024920722409923},
			[]float64{0.24272332478496575, 0.4155686371770668, 0.3417080380379674}},
		{0.001, 0.18519289016039991,
			[]float64{0.007055978501016871, 0.17708596422599232, 0.8158580572729909},
			[]float64{0.03425516247643452, 0.5070502644697522, 0.4586945730538133}},
	} {
		model, err := Linear{L2: []float64{c.l2}, Tolerance: 1e-9, MaxIterations: 10_000}.Fit(f)
		if err != nil {
			t.Fatal(err)
		}
		if !model.Fit.Converged || math.Abs(model.Fit.Loss-c.loss) > 1e-9 {
			t.Errorf("L2 %g: %+v, want loss %.12g", c.l2, model.Fit, c.loss)
		}
		p, err := model.Probabilities(f)
		if err != nil {
			t.Fatal(err)
		}
		for j := range 3 {
			if math.Abs(p[j]-c.p0[j]) > 1e-5 || math.Abs(p[12+j]-c.p4[j]) > 1e-5 {
				t.Errorf("L2 %g: probabilities %v and %v, want %v and %v", c.l2, p[:3], p[12:15], c.p0, c.p4)
				break
			}
		}
	}
}

// On Gaussians of one covariance the Bayes rule is linear, so the probe comes as
// near to its accuracy as the estimate allows: Φ(d/2) for two at distance d.
func TestLinearOnGaussians(t *testing.T) {
	train, test := gaussians("train", crossValidationLimit, 6, 2, 1.5, 1), gaussians("test", 10_000, 6, 2, 1.5, 2)
	got, err := Linear{}.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	// Means at distance 1.5·sqrt 2: Φ(x) = erfc(-x/sqrt 2)/2.
	if best := 0.5 * math.Erfc(-1.5/2); got.Value < best-0.015 || got.Value > best+0.015 {
		t.Errorf("%v, want near the Bayes accuracy %.4f", got, best)
	}
	again, err := Linear{}.Evaluate(train, test)
	if err != nil || again.Fit.Loss != got.Fit.Loss || !slices.Equal(again.Predictions, got.Predictions) {
		t.Errorf("a second run differs: %v, %v", again, err)
	}
	if !got.Fit.Converged || len(got.Fit.Path) < 2 {
		t.Errorf("fit %+v", got.Fit)
	}
}

// A perfectly separable problem is solved, and scale and offset of the features
// do not matter.
func TestLinearSeparableAndScale(t *testing.T) {
	train, test := gaussians("train", 90, 5, 3, 20, 1), gaussians("test", 300, 5, 3, 20, 2)
	got, err := Linear{}.Evaluate(train, test)
	if err != nil || got.Value != 1 {
		t.Fatalf("%v, %v, want 100 %%", got, err)
	}
	moved := func(f Features) Features {
		f.X = slices.Clone(f.X)
		for i := range f.X {
			f.X[i] = f.X[i]*1e-3 + 7
		}
		return f
	}
	again, err := Linear{}.Evaluate(moved(train), moved(test))
	if err != nil || math.Abs(again.Fit.Loss-got.Fit.Loss) > 1e-3 || again.Value != 1 {
		t.Errorf("scaled and shifted: %v, %+v, %v, want %+v", again, again.Fit, err, got.Fit)
	}
}

// Features that carry nothing want the strongest regularisation; informative
// ones do not.
func TestLinearChoosesL2(t *testing.T) {
	images := gaussians("noise", 100, 60, 2, 0, 1)
	noise, err := Linear{}.Fit(images)
	if err != nil {
		t.Fatal(err)
	}
	clear, err := Linear{}.Fit(gaussians("clear", 100, 60, 2, 8, 1))
	if err != nil {
		t.Fatal(err)
	}
	if noise.Fit.L2 < 1 || clear.Fit.L2 > 0.1 {
		t.Errorf("L2 %g for noise and %g for clear classes", noise.Fit.L2, clear.Fit.L2)
	}
	for _, fit := range []Fit{noise.Fit, clear.Fit} {
		best := fit.Path[0]
		for _, c := range fit.Path {
			if c.HeldOut < best.HeldOut {
				best = c
			}
		}
		if best.L2 != fit.L2 {
			t.Errorf("chose %g of %+v", fit.L2, fit.Path)
		}
	}
	// The final fit takes all images: it is that of the chosen value alone.
	alone, err := Linear{L2: []float64{noise.Fit.L2}}.Fit(images)
	if err != nil || math.Abs(alone.Fit.Loss-noise.Fit.Loss) > 1e-6 {
		t.Errorf("chosen and fitted: loss %.9g; fitted alone: %.9g, %v", noise.Fit.Loss, alone.Fit.Loss, err)
	}
}

// The held-out score of a candidate is that of plain gradient descent on four of
// the five folds, measured on the fifth, over all images.
func TestLinearHoldsOneFoldOutAndFitsTheOthers(t *testing.T) {
	const dim, seed = 3, 4
	f := gaussians("folds", 40, dim, 2, 1, 6)
	candidates := []float64{1, 0.1, 0.01}
	model, err := Linear{L2: candidates, Seed: seed, Tolerance: 1e-9}.Fit(f)
	if err != nil {
		t.Fatal(err)
	}
	x := newStandardizer(f).apply(f)
	folds, count := stratifiedFolds(f.Labels, 2, seed)
	if count != 5 || len(model.Fit.Path) < 2 {
		t.Fatalf("%d folds, path %+v", count, model.Fit.Path)
	}
	for k, candidate := range model.Fit.Path {
		var sum float64
		for fold := range count {
			// The two classes' weights are opposite at the optimum: one logit z, and the penalty of
			// both is l2 · |w|²/4.
			var w [dim + 1]float64
			logit := func(i int) float64 {
				z := w[dim]
				for j := range dim {
					z += w[j] * x[i*dim+j]
				}
				return z
			}
			for range 2000 {
				var gradient [dim + 1]float64
				var images float64
				for i := range f.N {
					if folds[i] == fold {
						continue
					}
					images++
					residual := 1/(1+math.Exp(-logit(i))) - float64(f.Labels[i])
					for j := range dim {
						gradient[j] += residual * x[i*dim+j]
					}
					gradient[dim] += residual
				}
				for j := range w {
					gradient[j] /= images
					if j < dim {
						gradient[j] += candidates[k] * w[j] / 2
					}
					w[j] -= 0.5 * gradient[j]
				}
			}
			for i := range f.N {
				if folds[i] == fold {
					sum += math.Log1p(math.Exp(float64(1-2*f.Labels[i]) * logit(i)))
				}
			}
		}
		if want := sum / float64(f.N); candidate.L2 != candidates[k] || math.Abs(candidate.HeldOut-want) > 1e-6 {
			t.Errorf("candidate %g: held-out cross-entropy %.9g, want %.9g", candidate.L2, candidate.HeldOut, want)
		}
	}
}

// What the probe says of an image does not depend on the other test images:
// the standardisation is by the labelled images alone.
func TestLinearPredictsEachTestImageByItself(t *testing.T) {
	train, test := gaussians("train", 60, 4, 3, 2, 1), gaussians("test", 90, 4, 3, 2, 2)
	alone, err := Linear{L2: []float64{0.1}}.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	for name, far := range map[string]func(v float32) float32{
		"shifted":  func(v float32) float32 { return v + 50 },
		"scaled":   func(v float32) float32 { return v * 100 },
		"shrunken": func(v float32) float32 { return v / 100 },
	} {
		t.Run(name, func(t *testing.T) {
			more := test
			more.X, more.Labels = slices.Clone(test.X), slices.Clone(test.Labels)
			for _, v := range test.X {
				more.X = append(more.X, far(v))
			}
			more.Labels = append(more.Labels, test.Labels...)
			more.N *= 2
			got, err := Linear{L2: []float64{0.1}}.Evaluate(train, more)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Predictions[:test.N], alone.Predictions) {
				t.Error("other images in the test set change the predictions")
			}
		})
	}
}

// With few labels nothing is held out.
func TestLinearFewLabels(t *testing.T) {
	train, test := gaussians("train", 60, 5, 3, 12, 1), gaussians("test", 300, 5, 3, 12, 2)
	for _, perClass := range []int{1, 4} {
		few, err := train.Subset(data.Subset{PerClass: perClass, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Linear{}.Evaluate(few, test)
		if err != nil {
			t.Fatal(err)
		}
		if got.Fit.L2 != FewLabelL2 || got.Fit.Path != nil || got.Value < 0.95 ||
			got.Protocol != "linear probe (logistic, standardised, L2 0.1 fixed, fewer than 5 labels a class)" {
			t.Errorf("%v, %+v", got, got.Fit)
		}
	}
}

// A dimension that is constant on the labelled images must not dominate the
// others on the test images; features that are all constant are no division by
// zero.
func TestStandardizer(t *testing.T) {
	f := Features{N: 3, Dim: 2, X: []float32{1, 5, 2, 5, 3, 5}}
	s := newStandardizer(f)
	// Variances 2/3 and 0, their mean 1/3: (3·2/3 + 1/3)/4 and (0 + 1/3)/4.
	if want := math.Sqrt(7.0 / 12); math.Abs(s.scale[0]-want) > 1e-12 {
		t.Errorf("scale %g, want %g", s.scale[0], want)
	}
	if want := math.Sqrt(1.0 / 12); math.Abs(s.scale[1]-want) > 1e-12 {
		t.Errorf("scale of the constant dimension %g, want %g", s.scale[1], want)
	}
	constant := newStandardizer(Features{N: 2, Dim: 1, X: []float32{4, 4}})
	if got := constant.apply(Features{N: 1, Dim: 1, X: []float32{6}}); got[0] != 2 {
		t.Errorf("constant features: got %v, want 2", got)
	}
}

func TestStratifiedFolds(t *testing.T) {
	labels := make([]int, 0, 61)
	for class, images := range []int{40, 17, 3, 1} {
		for range images {
			labels = append(labels, class)
		}
	}
	folds, count := stratifiedFolds(labels, 4, 3)
	if count != foldCount {
		t.Fatalf("%d folds, want %d", count, foldCount)
	}
	sizes := map[int]int{}
	byClass := map[[2]int]int{}
	for i, fold := range folds {
		sizes[fold]++
		byClass[[2]int{labels[i], fold}]++
	}
	if sizes[alwaysFitted] != 1 || folds[60] != alwaysFitted {
		t.Error("the only image of a class is held out")
	}
	for fold := range count {
		if sizes[fold] != 12 || byClass[[2]int{0, fold}] != 8 || byClass[[2]int{2, fold}] > 1 {
			t.Errorf("fold %d holds %d images, %d of class 0 and %d of class 2",
				fold, sizes[fold], byClass[[2]int{0, fold}], byClass[[2]int{2, fold}])
		}
	}
	again, _ := stratifiedFolds(labels, 4, 3)
	other, _ := stratifiedFolds(labels, 4, 4)
	if !slices.Equal(folds, again) || slices.Equal(folds, other) {
		t.Error("the folds are not a function of the seed alone")
	}
	if _, count := stratifiedFolds([]int{0, 1, 2}, 3, 1); count != 1 {
		t.Errorf("%d folds of one image a class, want 1", count)
	}
}

func TestLinearBadSettings(t *testing.T) {
	train := gaussians("train", 10, 3, 2, 3, 1)
	for words, probe := range map[string]Linear{
		"L2 is empty":         {L2: []float64{}},
		"L2 holds 0":          {L2: []float64{1, 0}},
		"L2 holds NaN":        {L2: []float64{math.NaN()}},
		"Tolerance is -1":     {Tolerance: -1},
		"MaxIterations is -2": {MaxIterations: -2},
	} {
		_, err := probe.Fit(train)
		wantError(t, words, err, words)
	}
	single := train
	single.Classes, single.Labels = []string{"only"}, make([]int, 10)
	_, err := Linear{}.Fit(single)
	wantError(t, "one class", err, "one class")
	model, err := Linear{}.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	_, err = model.Predict(gaussians("test", 5, 4, 2, 3, 1))
	wantError(t, "another width", err, "Dim is 4")
	stranger := train
	stranger.Encoder = "e9"
	_, err = model.Predict(stranger)
	wantError(t, "another encoder", err, "Encoder is e9")
}

// A tolerance that rounding keeps out of reach ends in a fit that says so, not in a line search
// without end.
func TestLinearEndsBelowRounding(t *testing.T) {
	f := gaussians("wide", 15, 40, 3, 1, 1)
	fine, err := Linear{L2: []float64{.01}, Tolerance: 1e-16, MaxIterations: 100}.Fit(f)
	if err != nil {
		t.Fatal(err)
	}
	rough, err := Linear{L2: []float64{.01}, Tolerance: 1e-6}.Fit(f)
	if err != nil {
		t.Fatal(err)
	}
	if fine.Fit.Converged || math.Abs(fine.Fit.Loss-rough.Fit.Loss) > 1e-8 {
		t.Errorf("converged %v at a loss of %g, with a tolerance of 1e-6 %g", fine.Fit.Converged, fine.Fit.Loss, rough.Fit.Loss)
	}
}
