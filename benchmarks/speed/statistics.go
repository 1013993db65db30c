package main

import (
	"fmt"
	"slices"

	"sslkit/benchmarks/result"
)

// skipped is the number of first steps of a training that do not count: memory settles in them.
const skipped = 8

// counted are the seconds of the steps of a training that count.
func (m measured) counted() ([]float64, error) {
	if len(m.Steps) < skipped {
		return nil, fmt.Errorf("a training has %d steps, of which the first %d do not count", len(m.Steps)+1, skipped)
	}
	return m.Steps[skipped-1:], nil
}

// imagesPerSecond is the speed of a training in all that it does meanwhile, such as between two
// epochs.
func (m measured) imagesPerSecond() (float64, error) {
	seconds, err := m.counted()
	if err != nil {
		return 0, err
	}
	var sum float64
	for _, s := range seconds {
		sum += s
	}
	return batch * float64(len(seconds)) / sum, nil
}

// each is one figure of a side in all turns.
func each(turns []sides, side string, of func(measured) (float64, error)) ([]float64, error) {
	var values []float64
	for i, turn := range turns {
		m, there := turn[side]
		if !there {
			return nil, fmt.Errorf("turn %d has no measurement of %s", i+1, side)
		}
		value, err := of(m)
		if err != nil {
			return nil, fmt.Errorf("turn %d: %s: %w", i+1, side, err)
		}
		values = append(values, value)
	}
	return values, nil
}

// ratios are those of the same turn, in which both sides ran one after the other.
func ratios(above, below []float64) ([]float64, error) {
	if len(above) != len(below) {
		return nil, fmt.Errorf("%d turns on one side and %d on the other are no pairs", len(above), len(below))
	}
	paired := make([]float64, len(above))
	for i := range above {
		paired[i] = above[i] / below[i]
	}
	return paired, nil
}

// row is the median over turns, with the least and the greatest.
func row(name, what, unit string, turns []float64) result.Row {
	return result.Row{
		Case: name, Metric: what, Value: result.Median(turns), Low: slices.Min(turns), High: slices.Max(turns), Unit: unit, N: len(turns), Seed: 1,
	}
}
