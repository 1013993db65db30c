package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"sslkit/kit/corrupt"
)

// noisy are the features of clean with noise that grows with the severity, other noise for every
// corruption.
func noisy(clean Features, strength float64, corruptions ...corrupt.Corruption) Corrupted {
	out := Corrupted{}
	for _, c := range corruptions {
		var severities [corrupt.Severities]Features
		for s := range severities {
			random := rand.New(rand.NewPCG(uint64(c), uint64(s)))
			f := clean
			f.Name, f.X = fmt.Sprintf("%s-%v-%d", clean.Name, c, s+1), slices.Clone(clean.X)
			for i := range f.X {
				f.X[i] += float32(strength * float64(s+1) * random.NormFloat64())
			}
			severities[s] = f
		}
		out[c] = severities
	}
	return out
}

// quick is a probe whose penalty is fixed.
var quick = Linear{L2: []float64{1e-3}}

func TestRobustnessOnNoise(t *testing.T) {
	train, clean := gaussians("train", 300, 8, 3, 3, 1), gaussians("test", 300, 8, 3, 3, 2)
	validation := gaussians("validation", 200, 8, 3, 3, 3)
	protocol := Robustness{Probe: quick, Resamples: 200}
	weak, err := protocol.Evaluate(train, clean, noisy(clean, .5, corrupt.All()...))
	if err != nil {
		t.Fatal(err)
	}
	strong, err := protocol.Evaluate(train, clean, noisy(clean, 1, corrupt.All()...))
	if err != nil {
		t.Fatal(err)
	}
	if len(weak.Rows) != 75 || weak.Clean.Accuracy.Value != weak.Value || weak.Temperature != 1 {
		t.Fatalf("%d rows, clean %v and %v, temperature %g", len(weak.Rows), weak.Clean.Accuracy, weak.Value, weak.Temperature)
	}
	// Of the accuracies at a severity the mean is the severity's, and what Errors tells is the rest
	// to 1.
	var mean float64
	for _, row := range weak.Rows {
		if row.Severity == 5 {
			mean += row.Accuracy.Value / 15
		}
		if e := weak.Errors()[row.Corruption][row.Severity-1]; math.Abs(e+row.Accuracy.Value-1) > 1e-12 {
			t.Errorf("%v at %d: error rate %g and accuracy %g", row.Corruption, row.Severity, e, row.Accuracy.Value)
		}
	}
	if math.Abs(mean-weak.Severities[4].Accuracy.Value) > 1e-12 {
		t.Errorf("mean accuracy at severity 5 is %g, and %g by the rows", weak.Severities[4].Accuracy.Value, mean)
	}
	for s := 1; s < corrupt.Severities; s++ {
		a, b := weak.Severities[s-1], weak.Severities[s]
		if b.Accuracy.Value >= a.Accuracy.Value || b.NLL.Value <= a.NLL.Value || b.Brier.Value <= a.Brier.Value ||
			b.ECE.Value <= a.ECE.Value {
			t.Errorf("more noise did no harm: severity %d %+v, %d %+v", s, a, s+1, b)
		}
		if b.Accuracy.Low > b.Accuracy.Value || b.Accuracy.High < b.Accuracy.Value {
			t.Errorf("interval %v", b.Accuracy)
		}
	}
	same, err := weak.Against(weak)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(same.Mean.Value-1) > 1e-12 || math.Abs(same.Mean.Low-1) > 1e-12 || math.Abs(same.Relative.High-1) > 1e-12 {
		t.Errorf("mCE relative to itself is %v, relative %v", same.Mean, same.Relative)
	}
	worse, err := strong.Against(weak)
	if err != nil {
		t.Fatal(err)
	}
	_, want, err := corrupt.MeanCorruptionError(strong.Errors(), weak.Errors())
	if err != nil {
		t.Fatal(err)
	}
	if worse.Mean.Value != want || worse.Mean.Low <= 1 || worse.Mean.High <= worse.Mean.Value || len(worse.Each) != 15 {
		t.Errorf("mCE of twice the noise is %v, want %g and an interval above 1", worse.Mean, want)
	}

	protocol.Validation = &validation
	scaled, err := protocol.Evaluate(train, clean, noisy(clean, .5, corrupt.Snow))
	if err != nil {
		t.Fatal(err)
	}
	if scaled.Temperature == 1 || scaled.Value != weak.Value || len(scaled.Rows) != 5 {
		t.Errorf("temperature %g, accuracy %g of %g, %d rows", scaled.Temperature, scaled.Value, weak.Value, len(scaled.Rows))
	}
	if _, err := scaled.Against(weak); err == nil {
		t.Error("mCE of one corruption is no error")
	}
}

func TestRobustnessErrors(t *testing.T) {
	train, clean := gaussians("train", 60, 4, 3, 3, 1), gaussians("test", 60, 4, 3, 3, 2)
	corrupted := noisy(clean, .5, corrupt.Fog)
	evaluate := func(r Robustness, train, clean Features, corrupted Corrupted) error {
		_, err := r.Evaluate(train, clean, corrupted)
		return err
	}
	wantError(t, "resamples", evaluate(Robustness{Resamples: 3}, train, clean, corrupted), "eval.Robustness: Resamples is 3")
	wantError(t, "nothing", evaluate(Robustness{}, train, clean, nil), "corrupted is empty")
	wantError(t, "validation", evaluate(Robustness{Validation: &train}, train, clean, corrupted), "Validation", "overlap")
	other := gaussians("test", 59, 4, 3, 3, 2)
	wantError(t, "other images", evaluate(Robustness{}, train, other, corrupted), "fog", "Labels")
	bad := clean
	bad.X = slices.Clone(clean.X)
	bad.X[7] = float32(math.NaN())
	wantError(t, "NaN", evaluate(Robustness{}, train, clean, noisy(bad, .5, corrupt.Fog)), "fog", "NaN")
	_, err := RobustnessResult{}.Against(RobustnessResult{})
	wantError(t, "read from a file", err, "no single images")
}

// A probe that sees one coordinate fails where that coordinate is small, and the factor that it is
// shows that; one that has nothing to do with the image does not.
func TestFactorsFindWhereAProbeFails(t *testing.T) {
	train, test := gaussians("train", 400, 4, 2, 2, 1), gaussians("test", 1000, 4, 2, 2, 2)
	random := rand.New(rand.NewPCG(4, 0))
	clear, none := make([]float64, test.N), make([]float64, test.N)
	for i := range clear {
		row := test.Row(i)
		clear[i] = float64(row[test.Labels[i]] - row[1-test.Labels[i]])
		none[i] = float64(random.IntN(4))
	}
	report, err := Factors{Factors: []Factor{{"clear", clear}, {"none", none}}, Probe: quick}.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	for k, factor := range report.Factors {
		n := 0
		for b, bin := range factor.Bins {
			n += bin.Accuracy.N
			if b > 0 && bin.From <= factor.Bins[b-1].To {
				t.Errorf("%s: bins overlap: %+v", factor.Name, factor.Bins)
			}
		}
		if n != test.N || len(factor.Bins) != 4 {
			t.Errorf("%s: %d images in %d bins", factor.Name, n, len(factor.Bins))
		}
		if matters := factor.Gap.Low > 0; matters != (k == 0) {
			t.Errorf("%s: gap %+v", factor.Name, factor.Gap)
		}
	}
	for words, f := range map[string]Factors{
		"is empty":           {},
		"eval.Factors: Bins": {Bins: 1, Factors: []Factor{{"clear", clear}}},
		"holds 3 values":     {Factors: []Factor{{"short", clear[:3]}}},
		"one bin only":       {Factors: []Factor{{"flat", make([]float64, test.N)}}},
		"is NaN":             {Factors: []Factor{{"nan", slices.Repeat([]float64{math.NaN()}, test.N)}}},
	} {
		_, err := f.Evaluate(train, test)
		wantError(t, words, err, words)
	}
}
