package result

import (
	"fmt"
	"math"
	"slices"

	"sslkit/benchmarks/statistics"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
)

// Exact is a row of a figure that has no interval.
func Exact(name, what string, value float64, unit string) Row {
	return Row{Case: name, Metric: what, Value: value, Low: value, High: value, Unit: unit, N: 1}
}

// Median is the middle one of values, or the mean of the two in the middle; NaN of none.
//
// stat.Quantile would give the lower end of the middle: 1.5 of 1, 2 and 5.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Percent is a row of a share, in percent.
func Percent(name, what string, share metric.Interval, seed uint64) Row {
	return Row{
		Case: name, Metric: what, Value: 100 * share.Value, Low: 100 * share.Low, High: 100 * share.High, Unit: "%",
		N: share.N, Seed: seed,
	}
}

// Accuracy is a row of an evaluation, in percent, with its protocol.
func Accuracy(name string, measured eval.Result, seed uint64) Row {
	share := metric.Interval{Value: measured.Value, Low: measured.Low, High: measured.High, N: measured.N}
	row := Percent(name, measured.Metric, share, seed)
	row.Detail = measured.Protocol
	return row
}

// OverRuns is a row of the mean over runs, with the interval that is right for them.
func OverRuns(name, what, unit string, runs []statistics.Run) (Row, error) {
	mean, err := statistics.NewMean(runs)
	if err != nil {
		return Row{}, fmt.Errorf("the mean of %s, %s: %w", name, what, err)
	}
	return Row{
		Case: name, Metric: what, Value: mean.Value, Low: mean.Low, High: mean.High, Unit: unit, N: mean.Seeds, Seed: runs[0].Seed,
		Interval: mean.Over, Runs: runs,
	}, nil
}

// Mean is a row of the mean of values, one a seed from 1 on, with Student's interval.
func Mean(name, what, unit string, values []float64) (Row, error) {
	mean, err := metric.MeanInterval(values)
	if err != nil {
		return Row{}, fmt.Errorf("the mean of %s, %s: %w", name, what, err)
	}
	return Row{
		Case: name, Metric: what, Value: mean.Value, Low: mean.Low, High: mean.High, Unit: unit, N: mean.N, Seed: 1,
	}, nil
}
