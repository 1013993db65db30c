package eval

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sslkit/kit/metric"
)

// Fairness asks whether a probe serves the subgroups of the test images alike: the values of any
// attribute, [Features].Groups.
//
//	report, err := eval.Fairness{Attribute: "background"}.Evaluate(train, test)
//
// Three kinds of gaps answer three questions. That between groups ([FairnessReport].Groups) says
// who is served worse; it may come from images that are harder, and then is there without any bias
// in the training images. Those of decisions say whether the group changes what is predicted. And
// the bias gap ([BiasGap]) says whether the probe relies on the attribute in place of the class.
type Fairness struct {
	Attribute string // Attribute is its name, for the protocol. Default: "group".
	Probe     Probe  // Probe to fit; its Result must hold the predictions. Default: Linear{}.
	// Positive are the classes that count together as the decision "yes", of which demographic
	// parity and equalised odds speak. Default: each class against the rest, one after the other.
	Positive []int
	// Aligned tells which pairs of class and group go together where the attribute is misleading,
	// [classes][groups]. Default: those that are more frequent in train than they would be by
	// chance; without train.Groups no bias gap is taken.
	Aligned   [][]bool
	Resamples int    // Resamples of the bootstrap and the permutations, at least 100. Default: 1,000.
	Seed      uint64 // Seed of these.
}

// FairnessReport is what a probe does to the groups. Result is that on all test images.
type FairnessReport struct {
	Result
	Attribute  string   `json:"attribute"`   // Attribute is its name.
	GroupNames []string `json:"group_names"` // GroupNames are its values, by index.
	// Groups are the accuracies of each, the worst, and the gap with its bootstrap interval.
	Groups metric.SubgroupReport `json:"groups"`
	// Cells are the accuracies of each pair of class and group, with Wilson's interval; WorstCell
	// is the lowest of them, what papers on group robustness call worst-group accuracy. The lowest
	// of many is below all their true values by chance.
	Cells     []CellAccuracy `json:"cells"`
	WorstCell CellAccuracy   `json:"worst_cell"`
	Bias      *BiasGap       `json:"bias,omitempty"` // Bias is nil where it is not known which pairs go together.
	Decisions []Decision     `json:"decisions"`      // Decisions are one for Positive, or one a class.
}

// CellAccuracy is the accuracy of one class in one group.
type CellAccuracy struct {
	Class    int             `json:"class"`    // Class is the index of the true class.
	Group    int             `json:"group"`    // Group is the index of the group.
	Accuracy metric.Interval `json:"accuracy"` // Accuracy with Wilson's interval.
}

// Decision is a yes or no made of the predictions. Intervals are Newcombe's, which stay honest
// where a bootstrap's do not (small groups, rates near 0 and 1): see
// [metric.DemographicParityDifference].
type Decision struct {
	Name string `json:"name"` // Name of the positive classes.
	// DemographicParity is the gap in how often "yes" is said.
	DemographicParity metric.Gap            `json:"demographic_parity"`
	EqualizedOdds     *metric.EqualizedOdds `json:"equalized_odds,omitempty"` // EqualizedOdds is nil where Undefined says why.
	// Undefined names the group in which a rate does not exist.
	Undefined string `json:"undefined,omitempty"`
}

// Check returns an error that names the field that is out of range, whatever the features.
func (s Fairness) Check() error {
	return cmp.Or(checkResamples("eval.Fairness", cmp.Or(s.Resamples, DefaultResamples)), checkedProbe(s.Probe))
}

// Evaluate fits the probe and compares the groups of test. Errors: what the probe refuses, a test
// without Groups or with one group only, GroupNames of train and test that differ, settings out of
// range.
func (s Fairness) Evaluate(train, test Features) (FairnessReport, error) {
	s.Attribute = cmp.Or(s.Attribute, "group")
	if err := s.Check(); err != nil {
		return FairnessReport{}, err
	}
	if err := checkLabelled(test); err != nil {
		return FairnessReport{}, err
	}
	if err := checkGroups(test); err != nil {
		return FairnessReport{}, err
	}
	if train.Groups != nil && !slices.Equal(train.GroupNames, test.GroupNames) {
		return FairnessReport{}, fmt.Errorf("eval.Fairness: GroupNames differ between features %q and %q", train.Name, test.Name)
	}
	for i, class := range s.Positive {
		if class < 0 || class >= len(test.Classes) {
			return FairnessReport{}, fmt.Errorf("eval.Fairness: Positive[%d] is %d; it must be from 0 to %d", i, class, len(test.Classes)-1)
		}
	}
	aligned, err := s.aligned(train, test)
	if err != nil {
		return FairnessReport{}, err
	}
	result, err := predictions(s.Probe, train, test)
	if err != nil {
		return FairnessReport{}, err
	}
	report := FairnessReport{Result: result, Attribute: s.Attribute, GroupNames: test.GroupNames}
	report.Groups, err = metric.Subgroups{Groups: test.Groups, Strata: test.Labels, Resamples: s.Resamples, Seed: s.Seed}.Measure(
		func(images []int) (float64, error) {
			right := 0
			for _, i := range images {
				if result.Predictions[i] == test.Labels[i] {
					right++
				}
			}
			return float64(right) / float64(len(images)), nil
		})
	if err != nil {
		return FairnessReport{}, fmt.Errorf("eval.Fairness: %w", err)
	}
	for k, c := range test.cells() {
		right := 0
		for _, i := range c.images {
			if result.Predictions[i] == c.class {
				right++
			}
		}
		accuracy, err := metric.Wilson(right, len(c.images))
		if err != nil {
			return FairnessReport{}, err
		}
		of := CellAccuracy{c.class, c.group, accuracy}
		report.Cells = append(report.Cells, of)
		if k == 0 || accuracy.Value < report.WorstCell.Accuracy.Value {
			report.WorstCell = of
		}
	}
	if aligned != nil {
		bias, err := biasGap(test, result.Predictions, aligned, s.Resamples, s.Seed)
		if err != nil {
			return FairnessReport{}, err
		}
		report.Bias = &bias
	}
	report.Decisions, err = s.decisions(test, result.Predictions)
	return report, err
}

func (s Fairness) decisions(test Features, predicted []int) ([]Decision, error) {
	var sets [][]int
	for class := range test.Classes {
		sets = append(sets, []int{class})
	}
	if s.Positive != nil {
		sets = [][]int{s.Positive}
	}
	var all []Decision
	for _, positive := range sets {
		names := make([]string, len(positive))
		for k, class := range positive {
			names[k] = test.Classes[class]
		}
		yes := func(classes []int) []int {
			out := make([]int, len(classes))
			for i, class := range classes {
				if slices.Contains(positive, class) {
					out[i] = 1
				}
			}
			return out
		}
		decision := Decision{Name: strings.Join(names, ", ")}
		var err error
		if decision.DemographicParity, err = metric.DemographicParityDifference(yes(predicted), test.Groups); err != nil {
			return nil, fmt.Errorf("eval.Fairness: %w", err)
		}
		odds, err := metric.EqualizedOddsDifference(yes(test.Labels), yes(predicted), test.Groups)
		switch {
		case errors.Is(err, metric.ErrUndefined):
			decision.Undefined = err.Error()
		case err != nil:
			return nil, fmt.Errorf("eval.Fairness: %w", err)
		default:
			decision.EqualizedOdds = &odds
		}
		all = append(all, decision)
	}
	return all, nil
}

// Table is the report in Markdown, in percent.
func (r FairnessReport) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | value, %% | 95 %% interval | images |\n|---|---:|---:|---:|\n", r.Attribute)
	line := func(name string, v metric.Interval) {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f to %.1f | %s |\n", name, 100*v.Value, 100*v.Low, 100*v.High, thousands(v.N))
	}
	for _, g := range r.Groups.Groups {
		line("accuracy, "+r.GroupNames[g.Group], g.Interval)
	}
	line(fmt.Sprintf("gap, %s less %s", r.GroupNames[r.Groups.Gap.Of], r.GroupNames[r.Groups.Gap.Over]), r.Groups.Gap.Interval)
	line(fmt.Sprintf("worst pair, class %d, %s", r.WorstCell.Class, r.GroupNames[r.WorstCell.Group]), r.WorstCell.Accuracy)
	if r.Bias != nil {
		line("bias-aligned", r.Bias.Aligned)
		line("bias-conflicting", r.Bias.Conflicting)
		line("bias gap", r.Bias.Gap)
	}
	for _, d := range r.Decisions {
		line("demographic parity, "+d.Name, d.DemographicParity.Interval)
		if d.EqualizedOdds != nil {
			line("equalised odds, "+d.Name, d.EqualizedOdds.Difference)
		}
	}
	fmt.Fprintf(&b, "\n%s.\n", r.Protocol)
	return b.String()
}
