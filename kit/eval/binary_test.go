package eval

import (
	"errors"
	"math"
	"slices"
	"testing"

	"sslkit/kit/metric"
)

// found are scores of a network for three classes, of which the last is looked for.
func found(t *testing.T) Scores {
	t.Helper()
	f := gaussians("test", 400, 3, 3, 1.5, 2) // Its values are taken for logits.
	s, err := f.Scores()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The figures are those of package metric on the probability of the class, which orders the images
// as the log-odds do.
func TestBinaryAgreesWithMetrics(t *testing.T) {
	t.Parallel()
	s := found(t)
	got, err := Binary{Positive: 2, Specificity: .8, Resamples: 200, Seed: 1}.Judge(s)
	if err != nil {
		t.Fatal(err)
	}
	p, truth, predicted := s.Probabilities(), make([]int, len(s.Labels)), make([]int, len(s.Labels))
	of := make([]float64, len(truth))
	for i, class := range s.Predictions() {
		of[i] = p[3*i+2]
		if s.Labels[i] == 2 {
			truth[i] = 1
		}
		if class == 2 {
			predicted[i] = 1
		}
	}
	area, err := metric.ROCAUC(truth, of)
	if err != nil {
		t.Fatal(err)
	}
	sensitivity, err := metric.SensitivityAt(truth, of, .8)
	if err != nil {
		t.Fatal(err)
	}
	report, err := metric.PrecisionRecallF1(truth, predicted, 2, metric.ZeroIsZero)
	if err != nil {
		t.Fatal(err)
	}
	ece, err := metric.ECE(s.Labels, p, 3, metric.ECEBins)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		got  metric.Interval
		want float64
	}{"AUC": {got.AUC, area}, "sensitivity": {got.Sensitivity, sensitivity}, "F1": {got.F1, report.Classes[1].F1}, "ECE": {got.ECE, ece}} {
		if math.Abs(c.got.Value-c.want) > 1e-12 || c.got.Low >= c.got.Value || c.got.High <= c.got.Value || c.got.N != len(truth) {
			t.Errorf("%s is %+v, want %g with an interval around it", name, c.got, c.want)
		}
	}
	if area < .6 || area > .99 {
		t.Errorf("an AUC of %g tells little", area)
	}
}

// With two classes a temperature changes how sure the classifier is, and nothing else.
func TestBinaryUnderTemperature(t *testing.T) {
	t.Parallel()
	train, test := gaussians("train", 60, 20, 2, 1, 1), gaussians("test", 400, 20, 2, 1, 2)
	validation := gaussians("validation", 300, 20, 2, 1, 3)
	model, err := quick.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	var scores [2]Scores
	for i, f := range []Features{validation, test} {
		if scores[i], err = model.Scores(f); err != nil {
			t.Fatal(err)
		}
	}
	scaled, temperature, err := scores[1].Calibrated(scores[0])
	if err != nil || temperature <= 1 {
		t.Fatalf("temperature %g, want one above 1 (%v)", temperature, err)
	}
	if !slices.Equal(scaled.Predictions(), scores[1].Predictions()) {
		t.Error("the temperature changes predictions")
	}
	b := Binary{Positive: 1, Resamples: 100, Seed: 1}
	before, err := b.Judge(scores[1])
	if err != nil {
		t.Fatal(err)
	}
	after, err := b.Judge(scaled)
	if err != nil {
		t.Fatal(err)
	}
	if before.AUC != after.AUC || before.Sensitivity != after.Sensitivity || before.F1 != after.F1 || before.Accuracy != after.Accuracy {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if after.ECE.Value >= before.ECE.Value || after.NLL.Value >= before.NLL.Value {
		t.Errorf("ECE %v to %v, NLL %v to %v: both should fall", before.ECE, after.ECE, before.NLL, after.NLL)
	}
}

func TestScoresNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	two, three := gaussians("test", 40, 2, 2, 1, 1), gaussians("test", 40, 3, 3, 1, 1)
	model, err := quick.Fit(gaussians("train", 40, 3, 2, 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	missing := two
	missing.Labels = append([]int{-1}, two.Labels[1:]...)
	unnamed := three
	unnamed.Classes = unnamed.Classes[:2:2]
	unnamed.Labels = make([]int, unnamed.N)
	for name, c := range map[string]struct {
		of   func() error
		want string
	}{
		"a missing label":       {func() error { _, err := missing.Scores(); return err }, "Labels[0] is -1"},
		"more columns":          {func() error { _, err := unnamed.Scores(); return err }, "3 columns and 2 classes"},
		"classes of the probe":  {func() error { _, err := model.Scores(three); return err }, "the linear probe was fitted on"},
		"classes of validation": {func() error { _, _, err := found(t).Calibrated(Scores{Classes: two.Classes}); return err }, "Classes differ"},
		"a class that isn't":    {func() error { _, err := Binary{Positive: 3}.Judge(found(t)); return err }, "eval.Binary: Positive is 3; it must be from 0 to 2"},
		"one class": {func() error {
			_, err := Binary{}.Judge(Scores{Logits: []float64{1}, Labels: []int{0}, Classes: []string{"a"}})
			return err
		}, "2 classes"},
		"logits that are few":  {func() error { s := found(t); s.Logits = s.Logits[1:]; _, err := Binary{}.Judge(s); return err }, "Logits holds 1199 values for 400 Labels"},
		"Binary's Positive":    {func() error { return Binary{Positive: -1}.Check() }, "eval.Binary: Positive"},
		"Binary's Specificity": {func() error { return Binary{Specificity: 1}.Check() }, "eval.Binary: Specificity"},
		"Binary's Resamples":   {func() error { return Binary{Resamples: 3}.Check() }, "eval.Binary: Resamples"},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, name, c.of(), c.want) })
	}
	s := found(t)
	clear(s.Labels)
	if _, err := (Binary{Positive: 1}).Judge(s); !errors.Is(err, metric.ErrUndefined) {
		t.Errorf("no image of the class: %v, want ErrUndefined", err)
	}
}
