package corrupt

import (
	"math"
	"strings"
	"testing"
)

// constant is the same error rate for everything.
func constant(rate float64) Errors {
	errors := Errors{}
	for _, c := range All() {
		errors[c] = [Severities]float64{rate, rate, rate, rate, rate}
	}
	return errors
}

// By hand: fog's rates sum to 1.5 over 2.5; the other fourteen are half the baseline's.
func TestMeanCorruptionErrorByHand(t *testing.T) {
	errors, baseline := constant(.2), constant(.4)
	errors[Fog] = [Severities]float64{.1, .2, .3, .4, .5}
	baseline[Fog] = [Severities]float64{.3, .4, .5, .6, .7}
	each, mean, err := MeanCorruptionError(errors, baseline)
	if err != nil {
		t.Fatal(err)
	}
	if len(each) != 15 || math.Abs(each[Fog]-.6) > 1e-12 || math.Abs(each[Snow]-.5) > 1e-12 {
		t.Errorf("%v", each)
	}
	if want := (14*.5 + .6) / 15; math.Abs(mean-want) > 1e-12 {
		t.Errorf("mean %g, want %g", mean, want)
	}
	// Relative to 0.1 and 0.3: fog (1.5 - 0.5)/(2.5 - 1.5), the others (0.2 - 0.1)/(0.4 - 0.3).
	each, mean, err = RelativeMeanCorruptionError(errors, baseline, .1, .3)
	if err != nil || math.Abs(each[Fog]-1) > 1e-12 || math.Abs(mean-1) > 1e-12 {
		t.Errorf("%v, mean %g: %v", each, mean, err)
	}
}

func TestTheBaselineComparedWithItselfIsOne(t *testing.T) {
	baseline := constant(.7)
	baseline[JPEG] = [Severities]float64{0, 0, 0, 0, .1}
	if _, mean, err := MeanCorruptionError(baseline, baseline); err != nil || math.Abs(mean-1) > 1e-12 {
		t.Errorf("%g: %v", mean, err)
	}
}

func TestBadErrors(t *testing.T) {
	without, zero, above, none := constant(.5), constant(.5), constant(.5), constant(.5)
	delete(without, Snow)
	zero[Frost] = [Severities]float64{}
	above[Elastic] = [Severities]float64{.1, .2, 50, .4, .5}
	none[Fog] = [Severities]float64{.1, .2, math.NaN(), .4, .5}
	for _, test := range []struct {
		errors, baseline Errors
		names            string
	}{
		{without, constant(.5), "errors has no snow"},
		{constant(.5), without, "baseline has no snow"},
		{constant(.5), zero, "baseline of frost"},
		{nil, constant(.5), "errors has no gaussian noise"},
		{above, constant(.5), "errors of elastic transform at severity 3 is 50"},
		{constant(.5), none, "baseline of fog at severity 3 is NaN"},
	} {
		_, _, err := MeanCorruptionError(test.errors, test.baseline)
		if err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%v, want it to name %q", err, test.names)
		}
	}
	for _, test := range []struct {
		clean, baselineClean float64
		names                string
	}{{-.1, .1, "clean is -0.1"}, {.1, 1.1, "baselineClean is 1.1"}, {.1, .5, "baseline of gaussian noise"}} {
		_, _, err := RelativeMeanCorruptionError(constant(.5), constant(.5), test.clean, test.baselineClean)
		if err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%v, want it to name %q", err, test.names)
		}
	}
}
