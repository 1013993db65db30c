package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"sslkit/kit/metric"
	"sslkit/kit/setting"
)

// Factor is something that varies between test images, such as the size of what they show.
type Factor struct {
	Name   string    // Name of the factor.
	Values []float64 // Values are one for each test image, finite.
}

// defaultBins is into how many bins [Factors] cuts a factor.
const defaultBins = 4

// Factors asks where a probe fails: its accuracy in bins of each factor, cut at the quantiles of
// the test images' values, so that bins are about equally full. Images of equal value share a bin.
//
//	values, err := data.Shapes{}.Factors(data.Test, test.N)
//	report, err := eval.Factors{Factors: []eval.Factor{{Name: "size", Values: values[0]}}}.Evaluate(train, test)
type Factors struct {
	Factors []Factor // Factors, at least one.
	Bins    int      // Bins of each factor, at least 2; fewer where values repeat. Default: 4.
	Probe   Probe    // Probe to fit; its Result must hold the predictions. Default: Linear{}.
}

// FactorReport is a probe's accuracy by factor. Result is that on all test images.
type FactorReport struct {
	Result
	Factors []FactorCurve `json:"factors"` // Factors in the order asked for.
}

// FactorCurve is the accuracy by bins of one factor.
type FactorCurve struct {
	Name string      `json:"name"` // Name of the factor.
	Bins []FactorBin `json:"bins"` // Bins in rising order.
	// Gap is the last bin's accuracy minus the first's where there are two bins, else the largest
	// difference between two. Its interval holds 0 where the factor does not matter: see
	// [metric.DemographicParityDifference].
	Gap metric.Gap `json:"gap"`
}

// FactorBin holds the images whose value lies in [From, To].
type FactorBin struct {
	From     float64         `json:"from"`     // From is the smallest value in it.
	To       float64         `json:"to"`       // To is the largest.
	Accuracy metric.Interval `json:"accuracy"` // Accuracy with Wilson's interval.
}

// Evaluate fits the probe and judges it by factor. Errors: what the probe refuses, a factor with
// another number of values than test has images, values that are not finite or all the same,
// settings out of range.
func (f Factors) Evaluate(train, test Features) (FactorReport, error) {
	bins := cmp.Or(f.Bins, defaultBins)
	if err := setting.AtLeast(2, "eval.Factors: Bins", bins, defaultBins); err != nil {
		return FactorReport{}, err
	}
	if len(f.Factors) == 0 {
		return FactorReport{}, fmt.Errorf("eval.Factors: Factors is empty; it must hold at least one")
	}
	binned := make([][]int, len(f.Factors))
	for k, factor := range f.Factors {
		if len(factor.Values) != test.N {
			return FactorReport{}, fmt.Errorf("eval.Factors: Values of %q holds %d values, and features %q have %d images",
				factor.Name, len(factor.Values), test.Name, test.N)
		}
		for i, v := range factor.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return FactorReport{}, fmt.Errorf("eval.Factors: Values[%d] of %q is %g; it must be finite", i, factor.Name, v)
			}
		}
		if binned[k] = quantileBins(factor.Values, bins); slices.Max(binned[k]) == 0 {
			return FactorReport{}, fmt.Errorf("eval.Factors: Values of %q fill one bin only: they are (nearly) all %g",
				factor.Name, factor.Values[0])
		}
	}
	result, err := predictions(f.Probe, train, test)
	if err != nil {
		return FactorReport{}, err
	}
	right := make([]int, test.N)
	for i, class := range result.Predictions {
		if class == test.Labels[i] {
			right[i] = 1
		}
	}
	report := FactorReport{Result: result}
	for k, factor := range f.Factors {
		curve := FactorCurve{Name: factor.Name, Bins: make([]FactorBin, slices.Max(binned[k])+1)}
		for b := range curve.Bins {
			bin := &curve.Bins[b]
			bin.From, bin.To = math.Inf(1), math.Inf(-1)
			n, yes := 0, 0
			for i, of := range binned[k] {
				if of == b {
					bin.From, bin.To = min(bin.From, factor.Values[i]), max(bin.To, factor.Values[i])
					n, yes = n+1, yes+right[i]
				}
			}
			if bin.Accuracy, err = metric.Wilson(yes, n); err != nil {
				return FactorReport{}, err
			}
		}
		// Being right is the decision whose rates are compared.
		if curve.Gap, err = metric.DemographicParityDifference(right, binned[k]); err != nil {
			return FactorReport{}, fmt.Errorf("eval.Factors: %q: %w", factor.Name, err)
		}
		report.Factors = append(report.Factors, curve)
	}
	return report, nil
}

// quantileBins is the bin of each value, numbered without gaps; equal values go where the middle of
// them lies.
func quantileBins(values []float64, bins int) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	out := make([]int, len(values))
	last, current := -1, -1 // as cut by rank, and numbered without gaps
	for start, end := 0, 0; start < len(order); start = end {
		for end = start + 1; end < len(order) && values[order[end]] == values[order[start]]; end++ {
		}
		if bin := (start + end - 1) * bins / (2 * len(values)); bin != last {
			last, current = bin, current+1
		}
		for _, i := range order[start:end] {
			out[i] = current
		}
	}
	return out
}

// predictions is what a probe (Linear{} where it is nil) says of every test image.
func predictions(probe Probe, train, test Features) (Result, error) {
	if probe == nil {
		probe = Linear{}
	}
	result, err := probe.Evaluate(train, test)
	if err != nil {
		return Result{}, err
	}
	if len(result.Predictions) != test.N {
		return Result{}, fmt.Errorf("eval: Probe %T gave %d predictions for %d test images", probe, len(result.Predictions), test.N)
	}
	return result, nil
}

// Table is the report in Markdown, in percent.
func (r FactorReport) Table() string {
	var b strings.Builder
	b.WriteString("| factor | from | to | top-1 accuracy, % | 95 % interval | images |\n|---|---:|---:|---:|---:|---:|\n")
	for _, factor := range r.Factors {
		for _, bin := range factor.Bins {
			fmt.Fprintf(&b, "| %s | %.3g | %.3g | %.1f | %.1f to %.1f | %s |\n", factor.Name, bin.From, bin.To,
				100*bin.Accuracy.Value, 100*bin.Accuracy.Low, 100*bin.Accuracy.High, thousands(bin.Accuracy.N))
		}
	}
	fmt.Fprintf(&b, "\n%s.\n", r.Protocol)
	return b.String()
}
