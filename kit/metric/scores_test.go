package metric

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// float32 scores and probabilities give the figures of the same numbers as
// float64, and rows that sum to 1 only in float32 are probabilities.
func TestFloat32Scores(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	const n, classes = 700, 7
	truth, single, double := make([]int, n), make([]float32, n*classes), make([]float64, n*classes)
	for i := range truth {
		truth[i] = i % classes
		row := single[i*classes : (i+1)*classes]
		var sum float32
		for c := range row {
			row[c] = float32(random.ExpFloat64())
			sum += row[c]
		}
		for c := range row {
			row[c] /= sum
			double[i*classes+c] = float64(row[c])
		}
	}
	a, err := ROCAUCOneVsRest(truth, single, classes)
	b, errDouble := ROCAUCOneVsRest(truth, double, classes)
	if err != nil || errDouble != nil || !slices.Equal(a.Classes, b.Classes) {
		t.Errorf("ROC-AUC: %v, %v, %v, %v", a, err, b, errDouble)
	}
	loss, err := LogLoss(truth, single, classes)
	var want float64
	for i, class := range truth {
		want -= math.Log(double[i*classes+class]) / n
	}
	if err != nil || !near(loss, want, 1e-9) {
		t.Errorf("log-loss: got %g, %v, want %g", loss, err, want)
	}
	if _, err := LogLoss(truth, double, classes); err == nil {
		t.Error("float64 rows that sum to 1 ± 1e-7 are no probabilities, as in scikit-learn")
	}
}

// The area is the share of pairs in the right order, for many values as for
// few: the two ways of sorting agree.
func TestROCAUCAgainstPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 1))
	for _, n := range []int{30, 3000} {
		truth, scores := make([]int, n), make([]float64, n)
		for i := range truth {
			truth[i] = random.IntN(2)
			scores[i] = math.Round(float64(n)*(random.NormFloat64()+float64(truth[i]))) / float64(n)
		}
		var right, pairs float64
		for i := range truth {
			for j := range truth {
				if truth[i] == 1 && truth[j] == 0 {
					pairs++
					switch {
					case scores[i] > scores[j]:
						right++
					case scores[i] == scores[j]:
						right += 0.5
					}
				}
			}
		}
		got, err := ROCAUC(truth, scores)
		agree(t, "ROC-AUC", got, err, right/pairs)
	}
}

func TestSortScores(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for _, scale := range []float64{1e-310, 1e-3, 1, 1e300} {
		x := make([]float64, 4000)
		for i := range x {
			x[i] = scale * random.NormFloat64()
			if i%5 == 0 {
				x[i] = math.Copysign(0, float64(i%2)-0.5)
			}
		}
		want := slices.Clone(x)
		slices.Sort(want)
		sortScores(x)
		if !slices.Equal(x, want) { // 0 equals -0 here, as it must in a ranking
			t.Errorf("scale %g: not sorted", scale)
		}
	}
}

func TestRankingKnownValues(t *testing.T) {
	for name, c := range map[string]struct {
		truth           []int
		scores          []float64
		area, precision float64
	}{
		"perfect":        {[]int{0, 0, 1, 1}, []float64{-3, -2, 1, 8}, 1, 1},
		"reversed":       {[]int{1, 0}, []float64{0, 1}, 0, 0.5},
		"all tied":       {[]int{0, 1, 1, 0, 0}, []float64{2, 2, 2, 2, 2}, 0.5, 0.4},
		"zeros tie":      {[]int{0, 1}, []float64{0, math.Copysign(0, -1)}, 0.5, 0.5},
		"half the pairs": {[]int{0, 1, 0, 1}, []float64{1, 2, 3, 4}, 0.75, 0.5 + 0.5*2/3},
	} {
		area, err := ROCAUC(c.truth, c.scores)
		agree(t, name+": ROC-AUC", area, err, c.area)
		precision, err := AveragePrecision(c.truth, c.scores)
		agree(t, name+": average precision", precision, err, c.precision)
	}
}

func TestSensitivityAtKnownValues(t *testing.T) {
	t.Parallel()
	ten := []int{1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0} // Ten negatives.
	for name, c := range map[string]struct {
		truth       []int
		scores      []float64
		specificity float64
		want        float64
	}{
		"perfect":                    {[]int{0, 0, 1, 1}, []float64{-3, -2, 1, 8}, 1, 1},
		"a negative on top":          {[]int{0, 1}, []float64{5, 1}, 0.5, 0},
		"any threshold will do":      {[]int{0, 1}, []float64{5, 1}, 0, 1},
		"one of ten negatives":       {ten, []float64{3, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0.9, 1},
		"less than one of ten":       {ten, []float64{3, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0.91, 0.5},
		"a tie counts as a positive": {[]int{0, 1, 1, 0}, []float64{1, 1, 2, 0}, 0.6, 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := SensitivityAt(c.truth, c.scores, c.specificity)
			agree(t, "sensitivity", got, err, c.want)
		})
	}
	for _, truth := range [][]int{{0, 0}, {1, 1}} {
		if got, err := SensitivityAt(truth, []float64{1, 2}, 0.9); !errors.Is(err, ErrUndefined) {
			t.Errorf("truth %v: got %g, %v, want ErrUndefined", truth, got, err)
		}
	}
	for _, specificity := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := SensitivityAt([]int{0, 1}, []float64{1, 2}, specificity); err == nil || !strings.Contains(err.Error(), "metric.SensitivityAt: specificity") {
			t.Errorf("specificity %g: %v", specificity, err)
		}
	}
}

// A confidence on an edge counts below it: 0.6 of five bins is in the third.
func TestECEEdges(t *testing.T) {
	p := []float64{0.6, 0.4, 0.6000001, 0.3999999}
	got, err := ECE([]int{0, 1}, p, 2, 5)
	agree(t, "apart", got, err, (0.4+0.6000001)/2)
	got, err = ECE([]int{0, 1}, []float64{0.6, 0.4, 0.6, 0.4}, 2, 5)
	agree(t, "together", got, err, 0.1)
	got, err = ECE([]int{0, 0}, []float64{0.5, 0.5, 1, 0}, 2, ECEBins)
	agree(t, "a tie is the first class", got, err, 0.25)
}

func TestLogLossClips(t *testing.T) {
	got, err := LogLoss([]int{1}, []float64{1, 0}, 2)
	agree(t, "float64", got, err, 52*math.Ln2)
	got, err = LogLoss([]int{1}, []float32{1, 0}, 2)
	agree(t, "float32", got, err, 23*math.Ln2)
}

func TestMetricsUndefined(t *testing.T) {
	failures := map[string]error{}
	_, failures["ROCAUC no positives"] = ROCAUC([]int{0, 0}, []float64{1, 2})
	_, failures["ROCAUC no negatives"] = ROCAUC([]int{1, 1}, []float64{1, 2})
	_, failures["ROCAUCOneVsRest"] = ROCAUCOneVsRest([]int{0, 1}, []float64{1, 2, 3, 4, 5, 6}, 3)
	_, failures["AveragePrecision"] = AveragePrecision([]int{0, 0}, []float32{1, 2})
	_, failures["CohenKappa"] = CohenKappa([]int{2, 2}, []int{2, 2}, 3)
	_, failures["EffectiveDimension"] = EffectiveDimension([]float32{1.1, 2.7, 1.1, 2.7, 1.1, 2.7}, 3, 2)
	_, failures["LinearCKA x"] = LinearCKA([]float32{0.1, 0.1, 0.1}, []float32{1, 2, 3}, 3, 1, 1)
	_, failures["LinearCKA y"] = LinearCKA([]float32{1, 2, 3}, []float32{0.7, 0.7, 0.7}, 3, 1, 1)
	_, failures["EqualizedOdds"] = EqualizedOddsDifference([]int{0, 1, 1}, []int{0, 1, 1}, []int{0, 0, 1})
	for name, err := range failures {
		if !errors.Is(err, ErrUndefined) {
			t.Errorf("%s: got %v, want ErrUndefined", name, err)
		}
	}
	if precision, err := AveragePrecision([]int{1, 1}, []float64{1, 2}); err != nil || precision != 1 {
		t.Errorf("AveragePrecision without negatives: got %g, %v, want 1", precision, err)
	}
}

func TestMetricsBadInput(t *testing.T) {
	nan, infinite := math.NaN(), math.Inf(1)
	failures := map[string]error{}
	for name, f := range map[string]func(truth, predicted []int, classes int) error{
		"BalancedAccuracy":  func(a, b []int, k int) error { _, err := BalancedAccuracy(a, b, k); return err },
		"CohenKappa":        func(a, b []int, k int) error { _, err := CohenKappa(a, b, k); return err },
		"PrecisionRecallF1": func(a, b []int, k int) error { _, err := PrecisionRecallF1(a, b, k, ZeroIsZero); return err },
	} {
		failures[name+" empty"] = f(nil, nil, 2)
		failures[name+" lengths"] = f([]int{0}, []int{0, 1}, 2)
		failures[name+" classes"] = f([]int{0}, []int{0}, 0)
		failures[name+" truth"] = f([]int{2, 0}, []int{0, 1}, 2)
		failures[name+" predicted"] = f([]int{0, 0}, []int{0, -1}, 2)
	}
	_, failures["PrecisionRecallF1 zero"] = PrecisionRecallF1([]int{0, 1}, []int{0, 1}, 2, 3)
	for name, f := range map[string]func(truth []int, p []float64) error{
		"ROCAUC":           func(a []int, p []float64) error { _, err := ROCAUC(a, p); return err },
		"AveragePrecision": func(a []int, p []float64) error { _, err := AveragePrecision(a, p); return err },
		"BinaryLogLoss":    func(a []int, p []float64) error { _, err := BinaryLogLoss(a, p); return err },
		"BinaryBrier":      func(a []int, p []float64) error { _, err := BinaryBrier(a, p); return err },
	} {
		failures[name+" empty"] = f(nil, nil)
		failures[name+" lengths"] = f([]int{0, 1}, []float64{0, 1, 1})
		failures[name+" truth"] = f([]int{0, 2}, []float64{0, 1})
		failures[name+" unlabelled"] = f([]int{0, -1}, []float64{0, 1})
		failures[name+" NaN"] = f([]int{0, 1}, []float64{0, nan})
		failures[name+" infinite"] = f([]int{0, 1}, []float64{0, infinite})
		if name == "BinaryLogLoss" || name == "BinaryBrier" {
			failures[name+" above 1"] = f([]int{0, 1}, []float64{0, 1.01})
			failures[name+" below 0"] = f([]int{0, 1}, []float64{-0.01, 1})
		}
	}
	for name, f := range map[string]func(truth []int, p []float64, classes int) error{
		"ROCAUCOneVsRest": func(a []int, p []float64, k int) error { _, err := ROCAUCOneVsRest(a, p, k); return err },
		"AveragePrecisionOneVsRest": func(a []int, p []float64, k int) error {
			_, err := AveragePrecisionOneVsRest(a, p, k)
			return err
		},
		"LogLoss": func(a []int, p []float64, k int) error { _, err := LogLoss(a, p, k); return err },
		"Brier":   func(a []int, p []float64, k int) error { _, err := Brier(a, p, k); return err },
		"ECE":     func(a []int, p []float64, k int) error { _, err := ECE(a, p, k, 15); return err },
	} {
		good := []float64{1, 0, 0, 1}
		failures[name+" empty"] = f(nil, nil, 2)
		failures[name+" lengths"] = f([]int{0, 1, 1}, good, 2)
		failures[name+" classes"] = f([]int{0, 0}, []float64{1, 1}, 1)
		failures[name+" truth"] = f([]int{0, 2}, good, 2)
		failures[name+" NaN"] = f([]int{0, 1}, []float64{1, 0, 0, nan}, 2)
		failures[name+" infinite"] = f([]int{0, 1}, []float64{1, 0, 0, infinite}, 2)
		if name == "LogLoss" || name == "Brier" || name == "ECE" {
			failures[name+" row sum"] = f([]int{0, 1}, []float64{0.5, 0.51, 0, 1}, 2)
			failures[name+" below 0"] = f([]int{0, 1}, []float64{-0.5, 1.5, 0, 1}, 2)
		}
	}
	_, failures["ECE bins"] = ECE([]int{0}, []float64{1, 0}, 2, 0)
	_, failures["LinearCKA x"] = LinearCKA([]float32{1, 2, 3}, []float32{1, 2}, 2, 1, 1)
	_, failures["LinearCKA y"] = LinearCKA([]float32{1, 2}, []float32{1, float32(nan)}, 2, 1, 1)
	_, failures["LinearCKA one row"] = LinearCKA([]float32{1}, []float32{1}, 1, 1, 1)
	_, failures["EffectiveDimension one row"] = EffectiveDimension([]float32{1, 2}, 1, 2)
	for name, err := range failures {
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if errors.Is(err, ErrUndefined) {
			t.Errorf("%s: %v, but the input is bad", name, err)
		}
	}
}

// CKA does not see rotation, scale and shift; the effective dimension of
// isotropic noise is nearly all of them.
func TestRepresentationKnownValues(t *testing.T) {
	const n, dim = 200, 4
	x := normal(n, dim, 3)
	y := make([]float32, len(x))
	for i := range n {
		for k := range dim {
			y[i*dim+k] = 7*x[i*dim+(k+1)%dim] + 5 // axes exchanged
		}
	}
	got, err := LinearCKA(x, y, n, dim, dim)
	if err != nil || !near(got, 1, 1e-6) {
		t.Errorf("rotated: got %g, %v, want 1", got, err)
	}
	got, err = LinearCKA(normal(20000, 3, 5), normal(20000, 3, 6), 20000, 3, 3)
	if err != nil || got > 0.001 {
		t.Errorf("unrelated: got %g, %v, want 0", got, err)
	}
	got, err = EffectiveDimension(normal(20000, 8, 7), 20000, 8)
	if err != nil || !near(got, 8, 0.05) {
		t.Errorf("isotropic: got %g, %v, want 8", got, err)
	}
	got, err = EffectiveDimension([]float32{1, 1, 2, 2, 5, 5}, 3, 2)
	agree(t, "a line", got, err, 1)
	// Variances 4 and 1: 25/17, computed by hand.
	got, err = EffectiveDimension([]float32{2, 0, -2, 0, 0, 1, 0, -1}, 4, 2)
	agree(t, "two variances", got, err, 25.0/17)
}
