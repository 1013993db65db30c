package statistics

import (
	"fmt"
	"math"
	"strings"
)

// Curve is accuracy against the number of labels: for each number the runs, of the same seeds and
// draws at all of them.
type Curve struct {
	Labels []int // Rising.
	Runs   [][]Run
}

// Outside is the error of an accuracy that is not on a curve.
type Outside struct {
	First, Last   int // Numbers of labels that the curve begins and ends with.
	Below, Beyond int // Seeds for which the first is already enough, and for which the last is not.
	Seeds         int // All of them.
}

// Error tells the bounds, such as "≤ 10 for 2 of 5 seeds".
func (o *Outside) Error() string {
	var parts []string
	if o.Below > 0 {
		parts = append(parts, fmt.Sprintf("≤ %d for %d of %d seeds", o.First, o.Below, o.Seeds))
	}
	if o.Beyond > 0 {
		parts = append(parts, fmt.Sprintf("> %d for %d of %d seeds", o.Last, o.Beyond, o.Seeds))
	}
	return strings.Join(parts, ", ")
}

// LabelsFor is the number of labels at which a curve first reaches an accuracy: each seed's curve the
// accuracy of the same seed, both the means over its draws. Between two numbers of labels accuracy is
// taken to be linear in their logarithm. The mean over the seeds and its interval are those of the
// logarithm.
//
// It is an error of type *Outside where a seed's curve begins at or above the accuracy, or does not
// reach it: the number is then not known but a bound.
func LabelsFor(c Curve, accuracy []Run) (Mean, error) {
	outside := Outside{First: c.Labels[0], Last: c.Labels[len(c.Labels)-1]}
	var logs []Run
	for _, seed := range seedsOf(accuracy) {
		want := ofSeed(accuracy, seed)
		outside.Seeds++
		if c.accuracy(0, seed) >= want {
			outside.Below++
			continue
		}
		at := 1
		for at < len(c.Labels) && !(c.accuracy(at, seed) >= want) {
			at++
		}
		if at == len(c.Labels) {
			outside.Beyond++
			continue
		}
		low, high := c.accuracy(at-1, seed), c.accuracy(at, seed)
		from, to := math.Log(float64(c.Labels[at-1])), math.Log(float64(c.Labels[at]))
		logs = append(logs, Run{Seed: seed, Value: from + (to-from)*(want-low)/(high-low)})
	}
	if outside.Below+outside.Beyond > 0 {
		return Mean{}, &outside
	}
	m, err := NewMean(logs)
	if err != nil {
		return Mean{}, err
	}
	m.Value, m.Low, m.High = math.Exp(m.Value), math.Exp(m.Low), math.Exp(m.High)
	m.Over += ", of the logarithm"
	return m, nil
}

// accuracy is a seed's with a number of labels.
func (c Curve) accuracy(at int, seed uint64) float64 { return ofSeed(c.Runs[at], seed) }

// ofSeed is the mean of a seed's runs, not a number where it has none.
func ofSeed(runs []Run, seed uint64) float64 {
	var sum, n float64
	for _, r := range runs {
		if r.Seed == seed {
			sum, n = sum+r.Value, n+1
		}
	}
	return sum / n
}
