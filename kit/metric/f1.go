package metric

import (
	"fmt"
	"math"
)

// ZeroDivision says what a share without a denominator is: the precision of a
// class that is never predicted, the recall of a class without images, and the
// F1 of a class that is neither. The names follow scikit-learn's zero_division.
type ZeroDivision int

const (
	// ZeroIsZero counts it as 0, scikit-learn's default.
	ZeroIsZero ZeroDivision = iota
	// ZeroIsOne counts it as 1.
	ZeroIsOne
	// ZeroExcluded makes it NaN and leaves it out of the averages
	// (scikit-learn's np.nan). A class absent from truth and predictions then
	// does not weigh on macro F1, which is right for a resample or a subgroup
	// that holds only some of the classes.
	ZeroExcluded
)

// ClassReport is what one-against-rest decisions are worth, each in [0, 1].
type ClassReport struct {
	Precision float64 // Precision is the share of the images predicted as the class that belong to it.
	Recall    float64 // Recall is the share of the class's images that were predicted as it.
	F1        float64 // F1 is 2·TP / (2·TP + FP + FN), the harmonic mean of the two.
	Support   int     // Support is the number of images of the class; of all images in an average.
}

// Report is precision, recall and F1 by class and averaged.
type Report struct {
	Classes  []ClassReport // Classes is indexed by class, absent ones included.
	Macro    ClassReport   // Macro is the plain mean over the classes.
	Micro    ClassReport   // Micro pools the counts of all classes; all three then equal accuracy.
	Weighted ClassReport   // Weighted is the mean weighted by Support: a class without images weighs nothing.
}

// PrecisionRecallF1 judges hard decisions. truth and predicted hold one class
// an image, in [0, classes). A class absent from both still counts in the
// macro average, as what zero makes of it; only single entries of Classes can
// be NaN, and only with [ZeroExcluded].
//
// It agrees with scikit-learn's precision_recall_fscore_support with
// labels=range(classes). Without labels, scikit-learn drops the classes absent
// from both: its default macro F1 is this one with ZeroExcluded.
//
// D. D. Lewis, "Evaluating text categorization", HLT 1991, for the macro and
// micro averages.
func PrecisionRecallF1(truth, predicted []int, classes int, zero ZeroDivision) (Report, error) {
	if err := checkLabels("PrecisionRecallF1", truth, predicted, classes); err != nil {
		return Report{}, err
	}
	if zero < ZeroIsZero || zero > ZeroExcluded {
		return Report{}, fmt.Errorf("metric.PrecisionRecallF1: zero is %d; it must be ZeroIsZero, ZeroIsOne or ZeroExcluded", zero)
	}
	hits, support, calls := make([]int, classes), make([]int, classes), make([]int, classes)
	for i, t := range truth {
		support[t]++
		calls[predicted[i]]++
		if predicted[i] == t {
			hits[t]++
		}
	}
	report := Report{Classes: make([]ClassReport, classes)}
	correct := 0
	for c := range report.Classes {
		correct += hits[c]
		report.Classes[c] = ClassReport{
			Precision: zero.share(hits[c], calls[c]),
			Recall:    zero.share(hits[c], support[c]),
			F1:        zero.share(2*hits[c], calls[c]+support[c]),
			Support:   support[c],
		}
	}
	n := len(truth)
	// Every wrong image is one false positive and one false negative, so the
	// pooled denominators are all n.
	micro := float64(correct) / float64(n)
	report.Micro = ClassReport{Precision: micro, Recall: micro, F1: micro, Support: n}
	report.Macro = averageReport(report.Classes, n, func(ClassReport) float64 { return 1 })
	report.Weighted = averageReport(report.Classes, n, func(c ClassReport) float64 { return float64(c.Support) })
	return report, nil
}

func (z ZeroDivision) share(part, whole int) float64 {
	switch {
	case whole > 0:
		return float64(part) / float64(whole)
	case z == ZeroIsOne:
		return 1
	case z == ZeroExcluded:
		return math.NaN()
	}
	return 0
}

func averageReport(classes []ClassReport, n int, weight func(ClassReport) float64) ClassReport {
	mean := func(value func(ClassReport) float64) float64 {
		var sum, weights, plain, defined float64
		for _, c := range classes {
			if v := value(c); !math.IsNaN(v) {
				sum += weight(c) * v
				weights += weight(c)
				plain += v
				defined++
			}
		}
		// Where every defined class has weight 0 (all images predicted as a
		// class that has none), scikit-learn takes the plain mean.
		if weights == 0 {
			return plain / defined
		}
		return sum / weights
	}
	return ClassReport{
		Precision: mean(func(c ClassReport) float64 { return c.Precision }),
		Recall:    mean(func(c ClassReport) float64 { return c.Recall }),
		F1:        mean(func(c ClassReport) float64 { return c.F1 }),
		Support:   n,
	}
}
