package metric

import "fmt"

// Accuracy is the share of predictions that equal the truth (top-1), in
// [0, 1], with Wilson's 95 % interval over the images. Both slices hold one
// class index an image and must be as long as each other and non-empty; the
// truth must be labelled throughout (no -1).
func Accuracy(truth, predicted []int) (Interval, error) {
	if err := checkPairs("Accuracy", truth, predicted); err != nil {
		return Interval{}, err
	}
	correct := 0
	for i, class := range truth {
		if class < 0 {
			return Interval{}, fmt.Errorf("metric: Accuracy: truth[%d] is %d: the image is unlabelled", i, class)
		}
		if predicted[i] == class {
			correct++
		}
	}
	return Wilson(correct, len(truth))
}

// Confusion counts images by class: row t, column p is how many images of true
// class t were predicted as p. The diagonal is what was right; a row divided by
// its sum gives that class's recall. Every entry of both slices must be in
// [0, classes).
func Confusion(truth, predicted []int, classes int) ([][]int, error) {
	if err := checkPairs("Confusion", truth, predicted); err != nil {
		return nil, err
	}
	if classes < 1 {
		return nil, fmt.Errorf("metric: Confusion: classes is %d, want at least 1", classes)
	}
	counts := make([][]int, classes)
	for t := range counts {
		counts[t] = make([]int, classes)
	}
	for i, t := range truth {
		p := predicted[i]
		if t < 0 || t >= classes {
			return nil, fmt.Errorf("metric: Confusion: truth[%d] is %d, want 0 to %d", i, t, classes-1)
		}
		if p < 0 || p >= classes {
			return nil, fmt.Errorf("metric: Confusion: predicted[%d] is %d, want 0 to %d", i, p, classes-1)
		}
		counts[t][p]++
	}
	return counts, nil
}

func checkPairs(name string, truth, predicted []int) error {
	if len(truth) == 0 {
		return fmt.Errorf("metric: %s: truth is empty", name)
	}
	if len(truth) != len(predicted) {
		return fmt.Errorf("metric: %s: truth has %d images, predicted %d", name, len(truth), len(predicted))
	}
	return nil
}
