package eval

import (
	"cmp"
	"fmt"

	"sslkit/kit/metric"
)

// Calibration asks whether a linear probe knows how sure it may be: of the images of which it says
// 70 %, is it right in 70 %? And what temperature scaling, fitted on validation images, makes of
// that.
//
//	result, err := eval.Calibration{Validation: &validation}.Evaluate(train, test)
//
// C. Guo et al., "On calibration of modern neural networks", ICML 2017 (arXiv:1706.04599).
type Calibration struct {
	Probe Linear // Probe is fitted on the training features.
	// Validation, where not nil, are labelled features on which the temperature is fitted, see
	// [Temperature]. They must not be among the training or test images. Default: none, the
	// probabilities are the probe's own alone.
	Validation *Features
	Resamples  int    // Resamples of the bootstrap over test images, at least 100. Default: 1,000.
	Seed       uint64 // Seed of the bootstrap.
}

// CalibrationResult is how sure a probe is and how often it is right. Result is its accuracy, which
// no temperature changes.
type CalibrationResult struct {
	Result
	Own         Reliability      `json:"own"`              // Own is with the probe's own probabilities.
	OwnBins     []ReliabilityBin `json:"own_bins"`         // OwnBins are those of its reliability diagram.
	Temperature float64          `json:"temperature"`      // Temperature that the scores were divided by; 1 without Validation.
	Scaled      *Reliability     `json:"scaled,omitempty"` // Scaled is with that temperature; nil without Validation.
	// ScaledBins are those of the reliability diagram with that temperature; nil without
	// Validation.
	ScaledBins []ReliabilityBin `json:"scaled_bins,omitempty"`
}

// ReliabilityBin are the test images that a probe is about equally sure of.
type ReliabilityBin struct {
	Confidence float64         `json:"confidence"` // Confidence is the mean of the largest probabilities, in [0, 1].
	Accuracy   metric.Interval `json:"accuracy"`   // Accuracy is the share that is right, with Wilson's interval.
}

// Check returns an error that names the field that is out of range.
func (c Calibration) Check() error {
	return cmp.Or(checkResamples("eval.Calibration", cmp.Or(c.Resamples, DefaultResamples)), c.Probe.Check())
}

// Evaluate fits the probe and judges its probabilities on test. Errors: features that cannot be
// compared (see [Features.Check]), a missing label, settings out of range, validation images that
// are also training or test images, an encoder that has changed.
func (c Calibration) Evaluate(train, test Features) (CalibrationResult, error) {
	fail := func(err error) (CalibrationResult, error) { return CalibrationResult{}, err }
	if err := c.Check(); err != nil {
		return fail(err)
	}
	if err := checkProbe(train, test); err != nil {
		return fail(err)
	}
	if c.Validation != nil {
		for _, other := range []Features{train, test} {
			if err := checkProbe(other, *c.Validation); err != nil {
				return fail(fmt.Errorf("eval.Calibration: Validation: %w", err))
			}
		}
	}
	model, err := c.Probe.Fit(train)
	if err != nil {
		return fail(err)
	}
	result, err := model.evaluate(train, test, c.Probe.Seed)
	if err != nil {
		return fail(err)
	}
	out := CalibrationResult{Result: result, Temperature: 1}
	scores, err := model.Scores(test)
	if err != nil {
		return fail(err)
	}
	resamples := cmp.Or(c.Resamples, DefaultResamples)
	if out.Own, out.OwnBins, err = scores.reliability(resamples, c.Seed); err != nil || c.Validation == nil {
		return out, err
	}
	validation, err := model.Scores(*c.Validation)
	if err != nil {
		return fail(err)
	}
	scaled, temperature, err := scores.Calibrated(validation)
	if err != nil {
		return fail(err)
	}
	reliability, bins, err := scaled.reliability(resamples, c.Seed)
	out.Temperature, out.Scaled, out.ScaledBins = temperature, &reliability, bins
	return out, err
}
