package curate

import (
	"cmp"
	"fmt"
	"math"

	"sslkit/kit/setting"
)

// ConfidentLearning finds wrong labels by what a classifier says of images that
// it was not fitted on: Northcutt, Jiang and Chuang, "Confident learning:
// Estimating uncertainty in dataset labels" (JAIR 2021, arXiv:1911.00068).
//
// A class's threshold is the mean probability of that class over the images
// that carry its label. An image is counted for the most probable of the classes
// whose threshold it reaches, if any: the counts of given label against that
// class are the confident joint. The images off its diagonal are the suspects.
// That the thresholds are the classes' own is what makes it robust against
// classes that a classifier favours or confuses.
type ConfidentLearning struct {
	Rank Rank // how suspects are ordered; default SelfConfidence
}

// Rank is how well a given label fits the probabilities of an image.
type Rank int

const (
	// SelfConfidence is the probability of the given label.
	SelfConfidence Rank = iota
	// NormalizedMargin is the probability of the given label less the highest
	// of the others, shifted and scaled to [0, 1].
	NormalizedMargin
)

// Confident is what confident learning finds.
type Confident struct {
	Suspects   []Suspect // the most suspect first
	Thresholds []float64 // by class; +Inf for one whose label no image has
	Counts     []int     // [classes, classes]: the confident joint, given label × suggested label

	// Joint is [classes, classes], given label × true label: the estimated
	// distribution of both, which sums to 1. It is Counts with every row scaled
	// to the number of images of that label.
	Joint []float64
	// Noise is the estimated share of wrong labels, in [0, 1]: the sum of Joint
	// off its diagonal.
	Noise float64
}

// Find judges labels by probabilities, [n, classes], each row of which sums to
// 1. They must be out of sample: of a classifier that was not fitted on the
// image itself, as by cross-validation or [NeighborVotes.Probabilities]; one
// that was has learned the wrong labels by heart. labels holds n classes; -1
// (unlabelled) is passed over. Errors: mismatched lengths, labels out of range,
// probabilities that are none, no label at all.
func (c ConfidentLearning) Find(probabilities []float32, n int, labels []int, classes int) (Confident, error) {
	const what = "ConfidentLearning"
	if err := cmp.Or(
		setting.Must(c.Rank == SelfConfidence || c.Rank == NormalizedMargin, "curate.ConfidentLearning: Rank", int(c.Rank),
			"SelfConfidence or NormalizedMargin"),
		checkLabels(what, labels, n, classes),
	); err != nil {
		return Confident{}, err
	}
	if err := checkMatrix(what, "probabilities", probabilities, n, classes); err != nil {
		return Confident{}, err
	}
	if err := checkProbabilities(probabilities, classes); err != nil {
		return Confident{}, err
	}
	out := Confident{
		Thresholds: make([]float64, classes),
		Counts:     make([]int, classes*classes),
		Joint:      make([]float64, classes*classes),
	}
	carry := make([]int, classes) // images of each label
	for i, label := range labels {
		if label >= 0 {
			carry[label]++
			out.Thresholds[label] += float64(probabilities[i*classes+label])
		}
	}
	labelled := 0
	for class, count := range carry {
		labelled += count
		if count == 0 {
			out.Thresholds[class] = math.Inf(1)
		} else {
			out.Thresholds[class] /= float64(count)
		}
	}
	if labelled == 0 {
		return Confident{}, fmt.Errorf("curate.%s: labels are all -1 (unlabelled); there must be at least one label", what)
	}
	for i, label := range labels {
		if label < 0 {
			continue
		}
		row := probabilities[i*classes : (i+1)*classes]
		suggested := confidentClass(row, out.Thresholds)
		if suggested < 0 {
			continue
		}
		out.Counts[label*classes+suggested]++
		if suggested != label {
			out.Suspects = append(out.Suspects, Suspect{Image: i, Given: label, Suggested: suggested, Score: c.Rank.score(row, label)})
		}
	}
	ranked(out.Suspects)
	out.calibrate(carry, labelled)
	return out, nil
}

// checkProbabilities allows for the rounding of a softmax in float32.
func checkProbabilities(p []float32, classes int) error {
	for i := 0; i < len(p); i += classes {
		sum := 0.0
		for j, v := range p[i : i+classes] {
			if v < 0 || v > 1+1e-4 {
				return fmt.Errorf("curate.ConfidentLearning: probabilities row %d column %d is %g; it must be in [0, 1]", i/classes, j, v)
			}
			sum += float64(v)
		}
		if math.Abs(sum-1) > 1e-3 {
			return fmt.Errorf("curate.ConfidentLearning: probabilities row %d sums to %g; it must be 1", i/classes, sum)
		}
	}
	return nil
}

// confidentClass is the most probable of the classes whose threshold is
// reached, the first of equal ones; -1 where none is.
func confidentClass(row []float32, thresholds []float64) int {
	best := -1
	for class, p := range row {
		// A class whose images all have the same probability is at its
		// threshold but for the rounding of the mean.
		if float64(p) >= thresholds[class]-1e-9 && (best < 0 || p > row[best]) {
			best = class
		}
	}
	return best
}

func (r Rank) score(row []float32, label int) float64 {
	own := float64(row[label])
	if r == SelfConfidence {
		return own
	}
	other := 0.0
	for class, p := range row {
		if class != label {
			other = max(other, float64(p))
		}
	}
	return (own - other + 1) / 2
}

// calibrate estimates the joint distribution: of the images of a label, those
// that were not counted are spread as those that were.
func (c *Confident) calibrate(carry []int, labelled int) {
	classes := len(carry)
	for given, count := range carry {
		row := c.Counts[given*classes : (given+1)*classes]
		total := 0
		for _, counted := range row {
			total += counted
		}
		for class, counted := range row {
			var share float64
			switch {
			case total > 0:
				share = float64(counted) / float64(total)
			case class == given: // nothing speaks against these labels
				share = 1
			}
			share *= float64(count) / float64(labelled)
			c.Joint[given*classes+class] = share
			if class != given {
				c.Noise += share
			}
		}
	}
}
