package metric

import (
	"fmt"
	"math"
)

// thresholds visits the distinct scores from the highest down, each with how
// many positives and negatives score at least as high. Equal scores are one
// visit, so no order among ties can favour a ranking. Both slices are consumed.
func thresholds(positives, negatives []float64, visit func(truePositives, falsePositives int)) {
	sortScores(positives)
	sortScores(negatives)
	p, n := len(positives), len(negatives)
	for p > 0 || n > 0 {
		score := math.Inf(-1)
		if p > 0 {
			score = positives[p-1]
		}
		if n > 0 {
			score = max(score, negatives[n-1])
		}
		for p > 0 && positives[p-1] == score {
			p--
		}
		for n > 0 && negatives[n-1] == score {
			n--
		}
		visit(len(positives)-p, len(negatives)-n)
	}
}

// split parts column `column` of the [len(truth), classes] scores by whether
// the image's class is the positive one.
func split[F Float](truth []int, scores []F, classes, column, positive int) (positives, negatives []float64) {
	// One allocation, filled from both ends.
	all := make([]float64, len(truth))
	p, n := 0, len(all)
	for i, class := range truth {
		v := float64(scores[i*classes+column])
		if class == positive {
			all[p] = v
			p++
		} else {
			n--
			all[n] = v
		}
	}
	return all[:p:p], all[p:]
}

// OneVsRest is a metric of [n, classes] scores: the binary metric of each class
// against all others, and its averages.
type OneVsRest struct {
	Classes  []float64 // Classes is the metric of each class against the rest.
	Macro    float64   // Macro is the plain mean over the classes.
	Weighted float64   // Weighted is the mean weighted by each class's share of the images.
}

func oneVsRest[F Float](name string, truth []int, scores []F, classes int,
	binary func(positives, negatives []float64) (float64, error)) (OneVsRest, error) {
	if err := checkScores(name, "scores", truth, scores, classes); err != nil {
		return OneVsRest{}, err
	}
	out := OneVsRest{Classes: make([]float64, classes)}
	for class := range classes {
		positives, negatives := split(truth, scores, classes, class, class)
		v, err := binary(positives, negatives)
		if err != nil {
			return OneVsRest{}, fmt.Errorf("metric.%s: truth, class %d against the rest: %w", name, class, err)
		}
		out.Classes[class] = v
		out.Macro += v / float64(classes)
		out.Weighted += v * float64(len(positives)) / float64(len(truth))
	}
	return out, nil
}

// checkScores says what is wrong with truth in [0, classes) and finite scores, an
// argument of the name field, [len(truth), classes].
func checkScores[F Float](name, field string, truth []int, scores []F, classes int) error {
	if len(truth) == 0 {
		return fmt.Errorf("metric.%s: truth is empty", name)
	}
	if classes < 2 {
		return fmt.Errorf("metric.%s: classes is %d; it must be at least 2", name, classes)
	}
	if err := checkClasses(name, "truth", truth, classes); err != nil {
		return err
	}
	return checkMatrix(name, field, scores, len(truth), classes, 1)
}

// checkBinary says what is wrong with truth in {0, 1} and one finite score an
// image.
func checkBinary[F Float](name, field string, truth []int, scores []F) error {
	if len(truth) == 0 {
		return fmt.Errorf("metric.%s: truth is empty", name)
	}
	if len(truth) != len(scores) {
		return fmt.Errorf("metric.%s: truth has %d images, %s %d", name, len(truth), field, len(scores))
	}
	if err := checkClasses(name, "truth", truth, 2); err != nil {
		return err
	}
	for i, v := range scores {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("metric.%s: %s[%d] is %g; it must be finite", name, field, i, v)
		}
	}
	return nil
}
