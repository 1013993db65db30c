package eval

import (
	"fmt"
	"math"
)

// The range of temperatures that are looked at. Where all images that a temperature is fitted on
// are recognised, the best one would be 0: the lower end is then what is returned.
const (
	LowestTemperature  = 0.01
	HighestTemperature = 100
)

// Temperature is the T of the least mean cross-entropy of softmax(logits/T): temperature scaling,
// which makes probabilities say how often they are right without changing a prediction. It is above
// 1 for a classifier that is too sure of itself. logits is [len(labels), classes], labels hold a
// class each. The cross-entropy is convex in 1/T, so the minimum is found by bisection of its
// derivative, mean(Σ_c p_c z_c - z_label), between [LowestTemperature] and [HighestTemperature].
//
// Errors: no labels, lengths that do not fit, a label out of range, logits that are not finite,
// logits that are all the same within every image (any temperature would do).
//
// C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2
// (arXiv:1706.04599).
func Temperature(logits []float64, labels []int, classes int) (float64, error) {
	switch {
	case len(labels) == 0:
		return 0, fmt.Errorf("eval.Temperature: labels is empty")
	case classes < 2:
		return 0, fmt.Errorf("eval.Temperature: classes is %d; it must be at least 2", classes)
	case len(logits) != len(labels)*classes:
		return 0, fmt.Errorf("eval.Temperature: logits holds %d values; it must hold len(labels)*classes = %d*%d", len(logits),
			len(labels), classes)
	}
	flat := true
	for i, label := range labels {
		if label < 0 || label >= classes {
			return 0, fmt.Errorf("eval.Temperature: labels[%d] is %d; it must be from 0 to %d", i, label, classes-1)
		}
		for c, z := range logits[i*classes : (i+1)*classes] {
			if math.IsNaN(z) || math.IsInf(z, 0) {
				return 0, fmt.Errorf("eval.Temperature: logits row %d column %d is %g; it must be finite", i, c, z)
			}
			flat = flat && z == logits[i*classes]
		}
	}
	if flat {
		return 0, fmt.Errorf("eval.Temperature: logits are the same for all classes: every temperature gives the same probabilities")
	}
	slope := func(inverse float64) float64 { // of the mean cross-entropy in 1/T
		var sum float64
		p := make([]float64, classes)
		for i, label := range labels {
			row := logits[i*classes : (i+1)*classes]
			for c, z := range row {
				p[c] = z * inverse
			}
			softmax(p)
			sum -= row[label]
			for c, z := range row {
				sum += p[c] * z
			}
		}
		return sum
	}
	// of 1/T, a slope below 0 being left of the minimum
	low, high := math.Log(1.0/HighestTemperature), math.Log(1/LowestTemperature)
	if slope(math.Exp(low)) >= 0 {
		return HighestTemperature, nil
	}
	if slope(math.Exp(high)) <= 0 {
		return LowestTemperature, nil
	}
	for range 60 {
		if middle := (low + high) / 2; slope(math.Exp(middle)) < 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return math.Exp(-(low + high) / 2), nil
}

// Calibrated is the probe with its scores divided by the temperature that suits the labelled images
// of validation, which must not be among those it was fitted on, and that temperature. It predicts
// the same classes. Errors: features of another encoder or length, a missing label, those of
// [Temperature].
func (m *LinearModel) Calibrated(validation Features) (*LinearModel, float64, error) {
	scores, err := m.Scores(validation)
	if err != nil {
		return nil, 0, err
	}
	t, err := scores.temperature()
	if err != nil {
		return nil, 0, err
	}
	scaled := *m
	scaled.Weights, scaled.Bias = divided(m.Weights, t), divided(m.Bias, t)
	scaled.Protocol = fmt.Sprintf("%s, temperature %.3g", m.Protocol, t)
	return &scaled, t, nil
}

func divided(x []float64, by float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v / by
	}
	return out
}

// softmax turns scores into probabilities, in place.
func softmax(row []float64) {
	highest := math.Inf(-1)
	for _, v := range row {
		highest = max(highest, v)
	}
	var sum float64
	for c, v := range row {
		row[c] = math.Exp(v - highest)
		sum += row[c]
	}
	for c := range row {
		row[c] /= sum
	}
}
