package corrupt

import (
	"fmt"
	"math"
)

// Errors are a classifier's top-1 error rates on corrupted test images, in [0, 1]; place s-1 is
// that of severity s. Rates of all fifteen corruptions belong in it.
type Errors map[Corruption][Severities]float64

// MeanCorruptionError compares a classifier's errors with a baseline's, corruption by corruption,
// since some corruptions are harder than others. The corruption error of one, CE, is the sum of the
// classifier's error rates over the severities, divided by the baseline's sum; mean, mCE, is the
// mean over the fifteen. Below 1, the classifier is better than the baseline. The paper gives
// percentages, 100 times these, and takes AlexNet as the baseline: figures of different baselines
// say nothing about each other.
//
// A corruption that either lacks, a rate outside [0, 1], and a baseline without any error are
// errors.
//
// Hendrycks and Dietterich 2019 (arXiv:1903.12261), section 4.1.
func MeanCorruptionError(errors, baseline Errors) (each map[Corruption]float64, mean float64, err error) {
	return ratios("MeanCorruptionError", errors, baseline, 0, 0)
}

// RelativeMeanCorruptionError is [MeanCorruptionError] of what the corruptions add to the errors on
// clean images: from every error rate, the same classifier's clean error, in [0, 1], is subtracted
// before the sums are divided. It tells a classifier that stands corruption from one that is better
// throughout. A baseline to which a corruption adds nothing is an error.
//
// Hendrycks and Dietterich 2019 (arXiv:1903.12261), section 4.1.
func RelativeMeanCorruptionError(errors, baseline Errors, clean, baselineClean float64) (
	each map[Corruption]float64, mean float64, err error,
) {
	const name = "RelativeMeanCorruptionError"
	if err := checkRate(name, "clean", clean); err != nil {
		return nil, 0, err
	}
	if err := checkRate(name, "baselineClean", baselineClean); err != nil {
		return nil, 0, err
	}
	return ratios(name, errors, baseline, clean, baselineClean)
}

// ratios are the sums over the severities of errors less clean, over those of the baseline, and
// their mean.
func ratios(name string, errors, baseline Errors, clean, baselineClean float64) (map[Corruption]float64, float64, error) {
	each := make(map[Corruption]float64, len(corruptions))
	var mean float64
	for _, c := range All() {
		above, err := errors.above(name, "errors", c, clean)
		if err != nil {
			return nil, 0, err
		}
		below, err := baseline.above(name, "baseline", c, baselineClean)
		if err != nil {
			return nil, 0, err
		}
		if below < 1e-12 { // or 0 but for rounding
			return nil, 0, fmt.Errorf("corrupt: %s: baseline of %v sums to %.3g above %.3g: must be positive, to be divided by",
				name, c, below, baselineClean)
		}
		each[c] = above / below
		mean += each[c] / float64(len(corruptions))
	}
	return each, mean, nil
}

// above sums what the error rates of one corruption are above clean.
func (e Errors) above(name, field string, c Corruption, clean float64) (float64, error) {
	rates, ok := e[c]
	if !ok {
		return 0, fmt.Errorf("corrupt: %s: %s has no %v; it must have all fifteen corruptions", name, field, c)
	}
	var sum float64
	for s, rate := range rates {
		if err := checkRate(name, fmt.Sprintf("%s of %v at severity %d", field, c, s+1), rate); err != nil {
			return 0, err
		}
		sum += rate - clean
	}
	return sum, nil
}

func checkRate(name, field string, rate float64) error {
	if math.IsNaN(rate) || rate < 0 || rate > 1 {
		return fmt.Errorf("corrupt: %s: %s is %g; it must be an error rate in [0, 1]", name, field, rate)
	}
	return nil
}
