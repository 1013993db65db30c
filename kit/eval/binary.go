package eval

import (
	"cmp"
	"fmt"

	"sslkit/kit/metric"
	"sslkit/kit/setting"
)

// DefaultSpecificity is that of [Binary].
const DefaultSpecificity = 0.9

// Binary judges how a classifier finds one class among all others, as a test for a disease is judged:
//
//	logits, err := tuned.Run.Embeddings(data.Test)
//	scores, err := logits.Scores()
//	found, err := eval.Binary{Positive: 1}.Judge(scores)
//
// An image's score is the log-odds of the class, so that a temperature moves neither AUC nor
// sensitivity where there are two classes.
type Binary struct {
	Positive    int     // Positive is the class that is looked for. Default: the first.
	Specificity float64 // Specificity is that of Sensitivity, in (0, 1). Default: 0.9.
	Resamples   int     // Resamples of the bootstrap over test images, at least 100. Default: 1,000.
	Seed        uint64  // Seed of the bootstrap.
}

// BinaryResult is what [Binary] found, with 95 % intervals over the test images. Those of AUC,
// Sensitivity and F1 are drawn within the classes, so that they speak of other images in the same
// proportion.
type BinaryResult struct {
	AUC         metric.Interval `json:"auc"`         // AUC is the area under the ROC curve, see [metric.ROCAUC].
	Sensitivity metric.Interval `json:"sensitivity"` // Sensitivity at that specificity, read off the ROC curve, see [metric.SensitivityAt].
	F1          metric.Interval `json:"f1"`          // F1 of the class among the classes that are predicted.
	Reliability                 // Reliability is that among all classes.
}

// Check returns an error that names the field that is out of range.
func (b Binary) Check() error {
	return cmp.Or(
		setting.Must(b.Positive >= 0, "eval.Binary: Positive", b.Positive, "a class", "the first"),
		setting.Fraction("eval.Binary: Specificity", cmp.Or(b.Specificity, DefaultSpecificity), DefaultSpecificity),
		checkResamples("eval.Binary", cmp.Or(b.Resamples, DefaultResamples)))
}

// Judge measures the scores. Errors: settings out of range, a class that is not there, scores that do
// not fit their labels and classes or are not finite, images that are all of the class or none of it
// (which wraps [metric.ErrUndefined]).
func (b Binary) Judge(s Scores) (BinaryResult, error) {
	if err := b.Check(); err != nil {
		return BinaryResult{}, err
	}
	if err := s.check(); err != nil {
		return BinaryResult{}, err
	}
	if b.Positive >= len(s.Classes) {
		return BinaryResult{}, fmt.Errorf("eval.Binary: Positive is %d; it must be from 0 to %d", b.Positive, len(s.Classes)-1)
	}
	truth, predicted, odds := make([]int, len(s.Labels)), make([]int, len(s.Labels)), s.logOdds(b.Positive)
	for i, class := range s.Predictions() {
		if s.Labels[i] == b.Positive {
			truth[i] = 1
		}
		if class == b.Positive {
			predicted[i] = 1
		}
	}
	resamples := cmp.Or(b.Resamples, DefaultResamples)
	var out BinaryResult
	for _, figure := range []struct {
		to *metric.Interval
		of func(images []int) (float64, error)
	}{
		{&out.AUC, func(images []int) (float64, error) {
			return metric.ROCAUC(metric.Rows(truth, 1, images), metric.Rows(odds, 1, images))
		}},
		{&out.Sensitivity, func(images []int) (float64, error) {
			return metric.SensitivityAt(metric.Rows(truth, 1, images), metric.Rows(odds, 1, images), cmp.Or(b.Specificity, DefaultSpecificity))
		}},
		{&out.F1, func(images []int) (float64, error) {
			report, err := metric.PrecisionRecallF1(metric.Rows(truth, 1, images), metric.Rows(predicted, 1, images), 2, metric.ZeroIsZero)
			if err != nil {
				return 0, err
			}
			return report.Classes[1].F1, nil
		}},
	} {
		var err error
		if *figure.to, err = metric.BootstrapStratified(truth, resamples, b.Seed, figure.of); err != nil {
			return BinaryResult{}, fmt.Errorf("eval.Binary: class %d of %q: %w", b.Positive, s.Name, err)
		}
	}
	var err error
	out.Reliability, _, err = s.reliability(resamples, b.Seed)
	return out, err
}
