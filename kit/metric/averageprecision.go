package metric

import "fmt"

// AveragePrecision sums the precision at each score threshold, weighted by the
// gain in recall there: Σ (Rₖ - Rₖ₋₁)·Pₖ, without interpolation. It lies in
// (0, 1]; a random ranking earns about the share of positives, so compare at
// equal prevalence. truth is 0 or 1 an image, scores any finite values that
// grow with belief in class 1; equal scores are one threshold. Without a
// positive the error wraps [ErrUndefined] (scikit-learn: 0 and a warning).
//
// It is scikit-learn's average_precision_score, not the 11-point or
// interpolated AP of detection challenges.
func AveragePrecision[F Float](truth []int, scores []F) (float64, error) {
	if err := checkBinary("AveragePrecision", "scores", truth, scores); err != nil {
		return 0, err
	}
	precision, err := averagePrecision(split(truth, scores, 1, 0, 1))
	if err != nil {
		return 0, fmt.Errorf("metric.AveragePrecision: truth: %w", err)
	}
	return precision, nil
}

// AveragePrecisionOneVsRest is [AveragePrecision] of each class against all
// others, from the [len(truth), classes] scores, with truth in [0, classes). A
// class without images makes an error that names it and wraps [ErrUndefined].
func AveragePrecisionOneVsRest[F Float](truth []int, scores []F, classes int) (OneVsRest, error) {
	return oneVsRest("AveragePrecisionOneVsRest", truth, scores, classes, averagePrecision)
}

func averagePrecision(positives, negatives []float64) (float64, error) {
	if len(positives) == 0 {
		return 0, fmt.Errorf("no positives: %w", ErrUndefined)
	}
	var sum float64
	last := 0
	thresholds(positives, negatives, func(truePositives, falsePositives int) {
		sum += float64(truePositives-last) * float64(truePositives) / float64(truePositives+falsePositives)
		last = truePositives
	})
	return sum / float64(last), nil
}
