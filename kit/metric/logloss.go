package metric

import (
	"fmt"
	"math"
)

// LogLoss is the mean negative log-likelihood of the true classes, in nats
// (cross-entropy): 0 when every true class gets probability 1, log(classes)
// when all probabilities are alike. probabilities is [len(truth), classes],
// truth in [0, classes); absent classes are allowed.
//
// As in scikit-learn, probabilities are clipped to [ε, 1-ε], ε being F's
// machine epsilon, so a certain mistake costs 36 nats for float64 and 16 for
// float32 rather than infinity. Entries outside [0, 1] are an error, and so are
// rows that do not sum to 1 within √ε, at which scikit-learn only warns.
func LogLoss[F Float](truth []int, probabilities []F, classes int) (float64, error) {
	if err := checkProbabilities("LogLoss", truth, probabilities, classes); err != nil {
		return 0, err
	}
	var sum float64
	for i, class := range truth {
		sum -= clippedLog(probabilities[i*classes+class])
	}
	return sum / float64(len(truth)), nil
}

// BinaryLogLoss is [LogLoss] from the probability of class 1 alone; truth is 0
// or 1 an image.
func BinaryLogLoss[F Float](truth []int, probability []F) (float64, error) {
	if err := checkProbability("BinaryLogLoss", truth, probability); err != nil {
		return 0, err
	}
	var sum float64
	for i, class := range truth {
		p := probability[i]
		if class == 0 {
			p = 1 - p
		}
		sum -= clippedLog(p)
	}
	return sum / float64(len(truth)), nil
}

func clippedLog[F Float](p F) float64 {
	e := epsilon[F]()
	return math.Log(min(max(float64(p), e), 1-e))
}

// epsilon is the distance from 1 to the next larger F.
func epsilon[F Float]() float64 {
	switch any(F(0)).(type) {
	case float32:
		return 0x1p-23
	default:
		return 0x1p-52
	}
}

// checkProbabilities says what is wrong with truth in [0, classes) and
// probabilities [len(truth), classes] whose rows sum to 1.
func checkProbabilities[F Float](name string, truth []int, probabilities []F, classes int) error {
	if err := checkScores(name, "probabilities", truth, probabilities, classes); err != nil {
		return err
	}
	tolerance := math.Sqrt(epsilon[F]())
	for i := range truth {
		var sum float64
		for c, p := range probabilities[i*classes : (i+1)*classes] {
			if p < 0 || p > 1 {
				return fmt.Errorf("metric.%s: probabilities row %d column %d is %g; it must be from 0 to 1", name, i, c, p)
			}
			sum += float64(p)
		}
		if math.Abs(sum-1) > tolerance {
			return fmt.Errorf("metric.%s: probabilities row %d sums to %g; it must be 1: logits need a softmax first", name, i, sum)
		}
	}
	return nil
}

// checkProbability says what is wrong with truth in {0, 1} and one probability
// an image.
func checkProbability[F Float](name string, truth []int, probability []F) error {
	if err := checkBinary(name, "probability", truth, probability); err != nil {
		return err
	}
	for i, p := range probability {
		if p < 0 || p > 1 {
			return fmt.Errorf("metric.%s: probability[%d] is %g; it must be from 0 to 1: logits need a sigmoid first", name, i, p)
		}
	}
	return nil
}
