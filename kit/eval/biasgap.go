package eval

import (
	"fmt"

	"sslkit/kit/metric"
)

// BiasGap compares test images on which a misleading attribute agrees with the class (bias-aligned,
// such as a class in front of the background that it mostly had in training) with those on which it
// does not (bias-conflicting). Both accuracies are means over the classes of each class's own, over
// the classes that have images on both sides, so that a class that is harder than others cancels
// out. Where as many classes go with each group, a group that is harder than others cancels out
// too: then only a probe that takes the attribute for the class has a gap, and the interval of Gap
// covers 0 where nothing misleads. It speaks of more test images, not of more training images: what
// goes together in these by chance is learned too, and with few of them that is a bias, which Gap
// then shows. (The plain gap between groups need not cover 0 then, and need not move with the bias:
// if half of the classes lose in each group, the groups lose alike.)
//
// J. Nam et al., "Learning from failure", NeurIPS 2020 (arXiv:2007.02561), for the terms.
type BiasGap struct {
	Aligned     metric.Interval `json:"aligned"`     // Aligned is the accuracy where attribute and class agree.
	Conflicting metric.Interval `json:"conflicting"` // Conflicting is the accuracy where they do not.
	// Gap is Aligned less Conflicting, with the percentile bootstrap within the classes, extended
	// to 0 where a permutation test does not reject: see [metric.Subgroups].
	Gap     metric.Interval `json:"gap"`
	Classes int             `json:"classes"` // Classes that were compared.
}

// biasGap measures it; aligned is [classes][groups].
func biasGap(test Features, predicted []int, aligned [][]bool, resamples int, seed uint64) (BiasGap, error) {
	var sides [2][]int // images of each class: conflicting, aligned
	for side := range sides {
		sides[side] = make([]int, len(test.Classes))
	}
	of := func(i int) int {
		if aligned[test.Labels[i]][test.Groups[i]] {
			return 1
		}
		return 0
	}
	for i, label := range test.Labels {
		sides[of(i)][label]++
	}
	gap := BiasGap{}
	for class := range test.Classes {
		if sides[0][class] > 0 && sides[1][class] > 0 {
			gap.Classes++
		}
	}
	if gap.Classes == 0 {
		return BiasGap{}, fmt.Errorf("eval.Fairness: Aligned: no class of features %q has images that agree and images that do "+
			"not", test.Name)
	}
	var truth, guess, side []int
	for i, label := range test.Labels {
		if sides[0][label] > 0 && sides[1][label] > 0 {
			truth, guess, side = append(truth, label), append(guess, predicted[i]), append(side, of(i))
		}
	}
	report, err := metric.Subgroups{Groups: side, Strata: truth, Resamples: resamples,
		Seed: seed}.Measure(func(images []int) (float64, error) {
		return metric.BalancedAccuracy(metric.Rows(truth, 1, images), metric.Rows(guess, 1, images), len(test.Classes))
	})
	if err != nil {
		return BiasGap{}, fmt.Errorf("eval.Fairness: bias gap: %w", err)
	}
	gap.Conflicting, gap.Aligned, gap.Gap = report.Groups[0].Interval, report.Groups[1].Interval, report.Gap.Interval
	return gap, nil
}

// aligned is s.Aligned, checked, or what goes together in train; nil where neither is known.
func (s Fairness) aligned(train, test Features) ([][]bool, error) {
	classes, groups := len(test.Classes), len(test.GroupNames)
	if s.Aligned != nil {
		if len(s.Aligned) != classes {
			return nil, fmt.Errorf("eval.Fairness: Aligned has %d rows; it must have one for each of %d classes", len(s.Aligned), classes)
		}
		for class, row := range s.Aligned {
			if len(row) != groups {
				return nil, fmt.Errorf("eval.Fairness: Aligned[%d] has %d columns; it must have one for each of %d groups", class, len(row), groups)
			}
		}
		return s.Aligned, nil
	}
	if train.Groups == nil {
		return nil, nil
	}
	if err := checkLabelled(train); err != nil {
		return nil, err
	}
	if err := checkGroups(train); err != nil {
		return nil, err
	}
	ofClass, ofGroup, both := make([]int, classes), make([]int, groups), make([][]int, classes)
	for class := range both {
		both[class] = make([]int, groups)
	}
	for i, label := range train.Labels {
		if label >= classes {
			return nil, fmt.Errorf("eval: Classes differ between train features %q and test features %q", train.Name, test.Name)
		}
		ofClass[label]++
		ofGroup[train.Groups[i]]++
		both[label][train.Groups[i]]++
	}
	aligned := make([][]bool, classes)
	for class := range aligned {
		aligned[class] = make([]bool, groups)
		for group := range groups {
			aligned[class][group] = both[class][group]*train.N > ofClass[class]*ofGroup[group]
		}
	}
	return aligned, nil
}
