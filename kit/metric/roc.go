package metric

import (
	"fmt"
	"math"

	"sslkit/kit/setting"
)

// ROCAUC is the area under the ROC curve: the probability that a random
// positive scores higher than a random negative, ties counting one half. It
// lies in [0, 1], 0.5 being chance. truth is 0 or 1 an image; scores are any
// finite values that grow with belief in class 1 (logits and probabilities give
// the same area). Without a positive or without a negative the error wraps
// [ErrUndefined] (scikit-learn: NaN and a warning).
//
// J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a
// receiver operating characteristic (ROC) curve", Radiology 143 (1982).
func ROCAUC[F Float](truth []int, scores []F) (float64, error) {
	if err := checkBinary("ROCAUC", "scores", truth, scores); err != nil {
		return 0, err
	}
	area, err := rocArea(split(truth, scores, 1, 0, 1))
	if err != nil {
		return 0, fmt.Errorf("metric.ROCAUC: truth: %w", err)
	}
	return area, nil
}

// ROCAUCOneVsRest is [ROCAUC] of each class against all others, from the
// [len(truth), classes] scores, with truth in [0, classes). A column is only
// ranked, so rows need not sum to 1 (scikit-learn insists, with the same
// result). A class without images, or with all of them, has no curve: the error
// then names it and wraps [ErrUndefined]; averaging the others would be another
// metric.
//
// F. Provost and P. Domingos, "Well-trained PETs: improving probability
// estimation trees", 2000, for the weighted average.
func ROCAUCOneVsRest[F Float](truth []int, scores []F, classes int) (OneVsRest, error) {
	return oneVsRest("ROCAUCOneVsRest", truth, scores, classes, rocArea)
}

func rocArea(positives, negatives []float64) (float64, error) {
	if len(positives) == 0 {
		return 0, fmt.Errorf("no positives: %w", ErrUndefined)
	}
	if len(negatives) == 0 {
		return 0, fmt.Errorf("no negatives: %w", ErrUndefined)
	}
	twice, lastTrue, lastFalse := 0, 0, 0 // whole numbers: no rounding before the last division
	thresholds(positives, negatives, func(truePositives, falsePositives int) {
		twice += (falsePositives - lastFalse) * (truePositives + lastTrue)
		lastTrue, lastFalse = truePositives, falsePositives
	})
	return float64(twice) / (2 * float64(lastTrue) * float64(lastFalse)), nil
}

// SensitivityAt is the sensitivity (recall of class 1) of the threshold that finds the most
// positives among those with at least this specificity (the share of negatives that stay below it):
// a point of the ROC curve, without interpolation. It lies in [0, 1], and is 0 where no threshold
// but one above all scores is specific enough. truth and scores are as in [ROCAUC]; specificity is
// in [0, 1]. Without a positive or without a negative the error wraps [ErrUndefined].
//
// The threshold is read off these very images. Whoever has to fix it beforehand finds less.
func SensitivityAt[F Float](truth []int, scores []F, specificity float64) (float64, error) {
	if err := checkBinary("SensitivityAt", "scores", truth, scores); err != nil {
		return 0, err
	}
	if err := setting.Within(0, 1, "metric.SensitivityAt: specificity", specificity); err != nil {
		return 0, err
	}
	positives, negatives := split(truth, scores, 1, 0, 1)
	if len(positives) == 0 || len(negatives) == 0 {
		return 0, fmt.Errorf("metric.SensitivityAt: truth has %d positives and %d negatives: %w", len(positives), len(negatives), ErrUndefined)
	}
	// 1 - 0.9 is less than a tenth in float64: a hair more lets the tenth of ten negatives pass.
	allowed := int(math.Floor((1-specificity)*float64(len(negatives)) + 1e-9))
	most := 0
	thresholds(positives, negatives, func(truePositives, falsePositives int) {
		if falsePositives <= allowed {
			most = truePositives
		}
	})
	return float64(most) / float64(len(positives)), nil
}
