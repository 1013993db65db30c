package metric

// Brier is the mean over the images of the squared distance between the
// [len(truth), classes] probabilities and the one-hot truth, in [0, 2]; 0 is
// best. It is low only where probabilities are both calibrated and sharp. truth
// lies in [0, classes); absent classes are allowed, rows must sum to 1 as for
// [LogLoss].
//
// This is Brier's own definition, scikit-learn's with scale_by_half=False; for
// two classes it is twice [BinaryBrier], which is scikit-learn's default there.
//
// G. W. Brier, "Verification of forecasts expressed in terms of probability",
// Monthly Weather Review 78 (1950).
func Brier[F Float](truth []int, probabilities []F, classes int) (float64, error) {
	if err := checkProbabilities("Brier", truth, probabilities, classes); err != nil {
		return 0, err
	}
	var sum float64
	for i, class := range truth {
		for c, p := range probabilities[i*classes : (i+1)*classes] {
			d := float64(p)
			if c == class {
				d--
			}
			sum += d * d
		}
	}
	return sum / float64(len(truth)), nil
}

// BinaryBrier is the mean squared difference between the probability of class 1
// and truth, which is 0 or 1 an image. It lies in [0, 1]; always saying 0.5
// earns 0.25.
func BinaryBrier[F Float](truth []int, probability []F) (float64, error) {
	if err := checkProbability("BinaryBrier", truth, probability); err != nil {
		return 0, err
	}
	var sum float64
	for i, class := range truth {
		d := float64(probability[i]) - float64(class)
		sum += d * d
	}
	return sum / float64(len(truth)), nil
}
