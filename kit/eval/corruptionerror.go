package eval

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"sslkit/kit/corrupt"
	"sslkit/kit/metric"
)

// CorruptionErrors compare two encoders on corrupted images: [corrupt.MeanCorruptionError] and its
// relative twin, as shares (the paper gives percent). Intervals are the percentile bootstrap's over
// test images, the same being drawn for both.
type CorruptionErrors struct {
	Protocol string                                 `json:"protocol"` // Protocol names both.
	Each     map[corrupt.Corruption]metric.Interval `json:"each"`     // Each corruption's error, CE.
	Mean     metric.Interval                        `json:"mean"`     // Mean is mCE: below 1, better than the baseline.
	// Relative is relative mCE, of what corruptions add to the clean error; nil where Undefined
	// says why.
	Relative *metric.Interval `json:"relative,omitempty"`
	// Undefined names a corruption that adds nothing to the baseline's error, so that there is
	// nothing to divide by.
	Undefined string `json:"undefined,omitempty"`
}

// Errors are the error rates of the rows.
func (r RobustnessResult) Errors() corrupt.Errors {
	images := make([]int, len(r.truth))
	for i := range images {
		images[i] = i
	}
	_, errors := r.errorsOver(images)
	return errors
}

func (r RobustnessResult) errorsOver(images []int) (clean float64, all corrupt.Errors) {
	rates := make([]float64, len(r.right))
	parallel(len(r.right), func(k int) {
		wrong := 0
		for _, i := range images {
			if !r.right[k][i] {
				wrong++
			}
		}
		rates[k] = float64(wrong) / float64(len(images))
	})
	all = corrupt.Errors{}
	for k, row := range r.Rows {
		of := all[row.Corruption]
		of[row.Severity-1] = rates[k+1]
		all[row.Corruption] = of
	}
	return rates[0], all
}

// Against divides the errors of r by a baseline's, for instance those of a probe on a supervised
// encoder. Both must be of the same test images under all fifteen corruptions. Errors: results that
// were read from a file (they hold no single images), other images, a corruption that is missing, a
// baseline without errors.
func (r RobustnessResult) Against(baseline RobustnessResult) (CorruptionErrors, error) {
	if len(r.right) == 0 || len(baseline.right) == 0 {
		return CorruptionErrors{}, errors.New("eval.RobustnessResult.Against: a result holds no single images; it must hold what " +
			"Evaluate returned")
	}
	if r.Test != baseline.Test || !slices.Equal(r.truth, baseline.truth) {
		return CorruptionErrors{}, fmt.Errorf("eval.RobustnessResult.Against: baseline is of %d images of %q, and this of %d "+
			"of %q: want the same images",
			len(baseline.truth), baseline.Test, len(r.truth), r.Test)
	}
	n := len(r.truth)
	measure := func(images []int) (each map[corrupt.Corruption]float64, mean, relative float64, relativeErr, err error) {
		clean, rates := r.errorsOver(images)
		baseClean, baseRates := baseline.errorsOver(images)
		if each, mean, err = corrupt.MeanCorruptionError(rates, baseRates); err != nil {
			return nil, 0, 0, nil, err
		}
		_, relative, relativeErr = corrupt.RelativeMeanCorruptionError(rates, baseRates, clean, baseClean)
		return each, mean, relative, relativeErr, nil
	}
	images := make([]int, n)
	for i := range images {
		images[i] = i
	}
	each, mean, relative, relativeErr, err := measure(images)
	if err != nil {
		return CorruptionErrors{}, fmt.Errorf("eval.RobustnessResult.Against: %w", err)
	}
	draws, means, relatives := map[corrupt.Corruption][]float64{}, []float64{}, []float64{}
	random := rand.New(rand.NewPCG(r.seed, 1))
	for range r.resamples {
		for i := range images {
			images[i] = random.IntN(n)
		}
		drawn, m, rel, relErr, err := measure(images)
		if err != nil {
			continue // A draw in which the baseline has no error under some corruption; it has some on all the images.
		}
		for c, v := range drawn {
			draws[c] = append(draws[c], v)
		}
		means = append(means, m)
		if relErr == nil {
			relatives = append(relatives, rel)
		}
	}
	if len(means) < r.resamples*9/10 {
		return CorruptionErrors{}, fmt.Errorf("eval.RobustnessResult.Against: baseline has too few errors on %d images for an "+
			"interval", n)
	}
	interval := func(value float64, draws []float64) metric.Interval {
		low, high := ends(draws)
		return metric.Interval{Value: value, Low: low, High: high, N: n}
	}
	out := CorruptionErrors{
		Protocol: fmt.Sprintf("%s, relative to %s", r.Protocol, baseline.Protocol),
		Each:     map[corrupt.Corruption]metric.Interval{}, Mean: interval(mean, means),
	}
	for c, v := range each {
		out.Each[c] = interval(v, draws[c])
	}
	// A ratio whose divisor comes near 0 in some draws has no interval worth the name.
	switch {
	case relativeErr != nil:
		out.Undefined = relativeErr.Error()
	case len(relatives) < len(means):
		out.Undefined = "a corruption adds so little to the baseline's error that among other test images it may add nothing"
	default:
		rel := interval(relative, relatives)
		out.Relative = &rel
	}
	return out, nil
}

// Table is the result in Markdown: the accuracy by severity of each corruption, and below it the
// means over the corruptions.
func (r RobustnessResult) Table() string {
	var b strings.Builder
	b.WriteString("| top-1 accuracy, % | severity 1 | 2 | 3 | 4 | 5 |\n|---|---:|---:|---:|---:|---:|\n")
	for k := 0; k+corrupt.Severities <= len(r.Rows); k += corrupt.Severities {
		fmt.Fprintf(&b, "| %v |", r.Rows[k].Corruption)
		for _, row := range r.Rows[k : k+corrupt.Severities] {
			fmt.Fprintf(&b, " %.1f |", 100*row.Accuracy.Value)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n| severity | accuracy, %% | ECE, %% | Brier | NLL |\n|---|---|---|---|---|\n")
	line := func(name string, s Reliability) {
		fmt.Fprintf(&b, "| %s | %.1f [%.1f, %.1f] | %.1f [%.1f, %.1f] | %.3f [%.3f, %.3f] | %.2f [%.2f, %.2f] |\n", name,
			100*s.Accuracy.Value, 100*s.Accuracy.Low, 100*s.Accuracy.High, 100*s.ECE.Value, 100*s.ECE.Low, 100*s.ECE.High,
			s.Brier.Value, s.Brier.Low, s.Brier.High, s.NLL.Value, s.NLL.Low, s.NLL.High)
	}
	line("clean", r.Clean)
	for s, shift := range r.Severities {
		line(fmt.Sprint(s+1), shift)
	}
	fmt.Fprintf(&b, "\n%s. %s test images; 95 %% intervals over them.\n", r.Protocol, thousands(r.N))
	return b.String()
}
