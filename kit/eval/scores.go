package eval

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"

	"sslkit/kit/metric"
)

// Scores are the logits of a classifier for labelled images, whether it is a probe
// ([LinearModel.Scores]) or a whole network ([Features.Scores]): for figures that need more than the
// classes that it predicts.
type Scores struct {
	Logits  []float64 // Logits are [len(Labels), len(Classes)], row-major.
	Labels  []int     // Labels are the true classes, none missing.
	Classes []string  // Classes are the names, by column of Logits.
	Name    string    // Name of the images, such as "pneumoniamnist/test".
}

// Scores are the probe's for the images of f, which must all have a label. Errors: those of
// [LinearModel.Logits], a missing label, other classes than the probe's.
func (m *LinearModel) Scores(f Features) (Scores, error) {
	if err := checkLabelled(f); err != nil {
		return Scores{}, err
	}
	if !slices.Equal(f.Classes, m.Classes) {
		return Scores{}, fmt.Errorf("eval: Classes of features %q are %q, and the linear probe was fitted on %q", f.Name, f.Classes, m.Classes)
	}
	logits, err := m.Logits(f)
	return Scores{Logits: logits, Labels: f.Labels, Classes: f.Classes, Name: f.Name}, err
}

// Scores takes features that are the classes' logits, such as the embeddings of a network trained
// with labels, for what they are. Errors: a missing label, another number of columns than classes.
func (f Features) Scores() (Scores, error) {
	if err := checkLabelled(f); err != nil {
		return Scores{}, err
	}
	if f.Dim != len(f.Classes) {
		return Scores{}, fmt.Errorf("eval: features %q have %d columns and %d classes; logits have one for each class", f.Name, f.Dim, len(f.Classes))
	}
	s := Scores{Logits: make([]float64, len(f.X)), Labels: f.Labels, Classes: f.Classes, Name: f.Name}
	for i, v := range f.X {
		s.Logits[i] = float64(v)
	}
	return s, nil
}

// check returns an error where the sizes do not fit each other.
func (s Scores) check() error {
	if n, classes := len(s.Labels), len(s.Classes); n == 0 || classes < 2 || len(s.Logits) != n*classes {
		return fmt.Errorf("eval: scores for %q: Logits holds %d values for %d Labels and %d Classes; there must be one for each image and class, "+
			"of at least 1 image and 2 classes", s.Name, len(s.Logits), n, classes)
	}
	return nil
}

// Predictions are the classes of the highest logits; of equal ones the lower class.
func (s Scores) Predictions() []int {
	classes := len(s.Classes)
	predictions := make([]int, len(s.Logits)/classes)
	for i := range predictions {
		row := s.Logits[i*classes : (i+1)*classes]
		for c, score := range row {
			if score > row[predictions[i]] {
				predictions[i] = c
			}
		}
	}
	return predictions
}

// Probabilities are the softmax of the logits, [images, classes] row-major: each row sums to 1.
func (s Scores) Probabilities() []float64 {
	p, classes := slices.Clone(s.Logits), len(s.Classes)
	for i := 0; i < len(p); i += classes {
		softmax(p[i : i+classes])
	}
	return p
}

// logOdds are, for each image, the logarithm of a class's probability over that of all others.
func (s Scores) logOdds(class int) []float64 {
	classes := len(s.Classes)
	odds := make([]float64, len(s.Labels))
	others := make([]float64, 0, classes-1)
	for i := range odds {
		row := s.Logits[i*classes : (i+1)*classes]
		others = append(append(others[:0], row[:class]...), row[class+1:]...)
		odds[i] = row[class] - floats.LogSumExp(others)
	}
	return odds
}

// Calibrated divides the logits by the temperature that suits the validation images, see
// [Temperature], and gives that temperature. The predictions stay the same. validation must be scores
// of the same classifier for images that it was not trained on, other than those of s. Errors: other
// classes, those of [Temperature].
func (s Scores) Calibrated(validation Scores) (Scores, float64, error) {
	if !slices.Equal(s.Classes, validation.Classes) {
		return Scores{}, 0, fmt.Errorf("eval: Classes differ between the scores for %q and for %q", s.Name, validation.Name)
	}
	t, err := validation.temperature()
	if err != nil {
		return Scores{}, 0, err
	}
	s.Logits = divided(s.Logits, t)
	return s, t, nil
}

// temperature is the one that suits these images.
func (s Scores) temperature() (float64, error) {
	t, err := Temperature(s.Logits, s.Labels, len(s.Classes))
	if err != nil {
		return 0, fmt.Errorf("eval: calibrating on %q: %w", s.Name, err)
	}
	return t, nil
}

// reliability is how sure the classifier is and how often it is right, with the bins of its
// reliability diagram that hold some of the images.
func (s Scores) reliability(resamples int, seed uint64) (Reliability, []ReliabilityBin, error) {
	judged, err := s.judged(s.Predictions())
	if err != nil {
		return Reliability{}, nil, err
	}
	one := RobustnessResult{truth: s.Labels, resamples: resamples, seed: seed}
	one.fill([]judgement{judged})
	var counts, right [metric.ECEBins]int
	var sure [metric.ECEBins]float64
	for i, bin := range judged.bin {
		counts[bin]++
		sure[bin] += judged.gap[i]
		if judged.right[i] { // The gap is the confidence less 1 then.
			right[bin]++
			sure[bin]++
		}
	}
	var bins []ReliabilityBin
	for b, n := range counts {
		if n == 0 {
			continue
		}
		accuracy, err := metric.Wilson(right[b], n)
		if err != nil {
			return Reliability{}, nil, err
		}
		bins = append(bins, ReliabilityBin{Confidence: sure[b] / float64(n), Accuracy: accuracy})
	}
	return one.Clean, bins, nil
}
