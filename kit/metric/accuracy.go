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
			return Interval{}, fmt.Errorf("metric.Accuracy: truth[%d] is %d: the image is unlabelled", i, class)
		}
		if predicted[i] == class {
			correct++
		}
	}
	return Wilson(correct, len(truth))
}

// BalancedAccuracy is the mean over the classes of each class's recall, in
// [0, 1]: accuracy with every class given the same weight, so that always
// naming the largest class earns 1/classes. truth and predicted hold one class
// an image, in [0, classes). A class without images in truth has no recall and
// is left out of the mean, as in scikit-learn.
//
// K. H. Brodersen et al., "The balanced accuracy and its posterior
// distribution", ICPR 2010.
func BalancedAccuracy(truth, predicted []int, classes int) (float64, error) {
	if err := checkLabels("BalancedAccuracy", truth, predicted, classes); err != nil {
		return 0, err
	}
	hits, support := make([]int, classes), make([]int, classes)
	for i, t := range truth {
		support[t]++
		if predicted[i] == t {
			hits[t]++
		}
	}
	var sum, present float64
	for c, n := range support {
		if n > 0 {
			sum += float64(hits[c]) / float64(n)
			present++
		}
	}
	return sum / present, nil
}

// Confusion counts images by class: row t, column p is how many images of true
// class t were predicted as p. The diagonal is what was right; a row divided by
// its sum gives that class's recall. Every entry of both slices must be in
// [0, classes).
func Confusion(truth, predicted []int, classes int) ([][]int, error) {
	if err := checkLabels("Confusion", truth, predicted, classes); err != nil {
		return nil, err
	}
	counts := make([][]int, classes)
	for t := range counts {
		counts[t] = make([]int, classes)
	}
	for i, t := range truth {
		counts[t][predicted[i]]++
	}
	return counts, nil
}

func checkPairs(name string, truth, predicted []int) error {
	if len(truth) == 0 {
		return fmt.Errorf("metric.%s: truth is empty", name)
	}
	if len(truth) != len(predicted) {
		return fmt.Errorf("metric.%s: truth has %d images, predicted %d", name, len(truth), len(predicted))
	}
	return nil
}

// checkLabels is checkPairs, with every entry in [0, classes).
func checkLabels(name string, truth, predicted []int, classes int) error {
	if err := checkPairs(name, truth, predicted); err != nil {
		return err
	}
	if err := checkClasses(name, "truth", truth, classes); err != nil {
		return err
	}
	return checkClasses(name, "predicted", predicted, classes)
}

func checkClasses(name, field string, labels []int, classes int) error {
	if classes < 1 {
		return fmt.Errorf("metric.%s: classes is %d; it must be at least 1", name, classes)
	}
	for i, class := range labels {
		if class < 0 || class >= classes {
			return fmt.Errorf("metric.%s: %s[%d] is %d; it must be from 0 to %d", name, field, i, class, classes-1)
		}
	}
	return nil
}
