package statistics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
)

// PowerLaw is y = Factor · x^Exponent, fitted to each seed by itself.
type PowerLaw struct {
	Exponent Mean
	Factor   Mean // The mean and its interval are those of the logarithm.
	// Bend is how far the points turn away from a straight line in logarithms: the exponent of the
	// upper half of the x less that of the lower half, the middle one in both. An interval above or
	// below 0 says that no power law holds over all of them. With two points the line fits whatever
	// they are, and Bend is the zero value.
	Bend Mean
}

// NewPowerLaw fits one by least squares of log y on log x. x are above 0 and rise; runs are those at
// each of them, of the same seeds, all above 0: several draws of a seed count as their mean. Errors
// say which is not.
func NewPowerLaw(x []float64, runs [][]Run) (PowerLaw, error) {
	if len(x) < 2 || len(runs) != len(x) {
		return PowerLaw{}, fmt.Errorf("%d values of x with runs at %d of them: a power law needs at least 2, with runs at each", len(x), len(runs))
	}
	for i, v := range x {
		if !(v > 0) || math.IsInf(v, 0) || i > 0 && v <= x[i-1] {
			return PowerLaw{}, fmt.Errorf("x is %v; it must be above 0 and rise", x)
		}
		if _, err := Difference(runs[0], runs[i]); err != nil {
			return PowerLaw{}, fmt.Errorf("runs at %g and at %g: %w", x[0], v, err)
		}
		for _, r := range runs[i] {
			if !(r.Value > 0) || math.IsInf(r.Value, 0) {
				return PowerLaw{}, fmt.Errorf("at %g, the value of %s is %g; it must be above 0", v, r.key(), r.Value)
			}
		}
	}
	var exponents, factors, bends []Run
	for _, seed := range seedsOf(runs[0]) {
		logX, logY := make([]float64, len(x)), make([]float64, len(x))
		for i := range x {
			logX[i], logY[i] = math.Log(x[i]), math.Log(ofSeed(runs[i], seed))
		}
		factor, exponent := stat.LinearRegression(logX, logY, nil, false)
		exponents, factors = append(exponents, Run{Seed: seed, Value: exponent}), append(factors, Run{Seed: seed, Value: factor})
		if len(x) > 2 {
			half := (len(x) + 1) / 2
			_, lower := stat.LinearRegression(logX[:half], logY[:half], nil, false)
			_, upper := stat.LinearRegression(logX[len(x)-half:], logY[len(x)-half:], nil, false)
			bends = append(bends, Run{Seed: seed, Value: upper - lower})
		}
	}
	var law PowerLaw
	var err error
	if law.Exponent, err = NewMean(exponents); err != nil {
		return law, err
	}
	if law.Factor, err = NewMean(factors); err != nil {
		return law, err
	}
	f := &law.Factor
	f.Value, f.Low, f.High, f.Over = math.Exp(f.Value), math.Exp(f.Low), math.Exp(f.High), f.Over+", of the logarithm"
	if bends != nil {
		law.Bend, err = NewMean(bends)
	}
	return law, err
}

// At is the law's value at x.
func (l PowerLaw) At(x float64) float64 { return l.Factor.Value * math.Pow(x, l.Exponent.Value) }
