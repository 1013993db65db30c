package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// z95 is the two-sided 95 % point of the standard normal distribution.
const z95 = 1.959963984540054

// Interval is a figure with its 95 % confidence interval.
type Interval struct {
	Value float64 `json:"value"` // Value is the figure.
	Low   float64 `json:"low"`   // Low is the lower end; equal to Value where there is no interval.
	High  float64 `json:"high"`  // High is the upper end; equal to Value where there is no interval.
	N     int     `json:"n"`     // N is how many observations Value is made of.
}

// Wilson is the share successes/n, in [0, 1], with Wilson's score interval.
// Unlike the textbook interval p ± 1.96·sqrt(p(1-p)/n) it stays inside [0, 1]
// and does not shrink to a point at 0 and 1, where few-label probes often are.
// It speaks of the images drawn, not of the run or of the label draw: for
// those see [MeanInterval]. n must be positive and successes in [0, n].
//
// E. B. Wilson, "Probable inference, the law of succession, and statistical
// inference", JASA 22 (1927).
func Wilson(successes, n int) (Interval, error) {
	if n <= 0 {
		return Interval{}, fmt.Errorf("metric.Wilson: n is %d; it must be at least 1", n)
	}
	if successes < 0 || successes > n {
		return Interval{}, fmt.Errorf("metric.Wilson: successes is %d; it must be from 0 to n = %d", successes, n)
	}
	low, high := wilson(successes, n, z95)
	return Interval{Value: float64(successes) / float64(n), Low: low, High: high, N: n}, nil
}

// wilson is Wilson's interval of a share at the critical value z.
func wilson(successes, n int, z float64) (low, high float64) {
	count := float64(n)
	p := float64(successes) / count
	denominator := 1 + z*z/count
	centre := (p + z*z/(2*count)) / denominator
	half := z / denominator * math.Sqrt(p*(1-p)/count+z*z/(4*count*count))
	// At p = 0 and 1 the ends are exact; rounding would leave them 1e-17 off.
	return min(p, max(0, centre-half)), max(p, min(1, centre+half))
}

// MeanInterval is the mean of x with Student's t interval over its len(x)
// values, which stand for independent repetitions: seeds, or label draws. A
// single value has no interval: Low and High then equal Value and N is 1.
// x must be non-empty and finite.
func MeanInterval(x []float64) (Interval, error) {
	if err := checkValues("MeanInterval", x); err != nil {
		return Interval{}, err
	}
	mean, n := stat.Mean(x, nil), len(x)
	if n == 1 {
		return Interval{Value: mean, Low: mean, High: mean, N: 1}, nil
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}.Quantile(0.975)
	half := t * stat.StdErr(stat.StdDev(x, nil), float64(n))
	return Interval{Value: mean, Low: mean - half, High: mean + half, N: n}, nil
}

// Bootstrap is the mean of x with the percentile bootstrap interval: x is drawn
// anew with replacement `resamples` times, and Low and High are the 2.5 % and
// 97.5 % points of the means. It suits values that are far from normal, where
// there are enough of them (some twenty); for a handful of runs [MeanInterval]
// is the honest choice, since the bootstrap is too narrow there. It is a pure
// function of (x, resamples, seed). resamples must be at least 100; 10,000 is
// usual.
//
// B. Efron, "Bootstrap methods: another look at the jackknife", Annals of
// Statistics 7 (1979).
func Bootstrap(x []float64, resamples int, seed uint64) (Interval, error) {
	if err := checkValues("Bootstrap", x); err != nil {
		return Interval{}, err
	}
	if resamples < 100 {
		return Interval{}, fmt.Errorf("metric.Bootstrap: resamples is %d; it must be at least 100", resamples)
	}
	mean, n := stat.Mean(x, nil), len(x)
	if n == 1 {
		return Interval{Value: mean, Low: mean, High: mean, N: 1}, nil
	}
	random := rand.New(rand.NewPCG(seed, 0))
	means := make([]float64, resamples)
	for i := range means {
		var sum float64
		for range n {
			sum += x[random.IntN(n)]
		}
		means[i] = sum / float64(n)
	}
	low, high := percentiles(means)
	return Interval{Value: mean, Low: low, High: high, N: n}, nil
}

// percentiles are the 2.5 % and 97.5 % points of values, which it sorts.
func percentiles(values []float64) (low, high float64) {
	slices.Sort(values)
	return stat.Quantile(0.025, stat.LinInterp, values, nil), stat.Quantile(0.975, stat.LinInterp, values, nil)
}

func checkValues(name string, x []float64) error {
	if len(x) == 0 {
		return fmt.Errorf("metric.%s: x is empty", name)
	}
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("metric.%s: x[%d] is %g; it must be finite", name, i, v)
		}
	}
	return nil
}
