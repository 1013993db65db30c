package report

import (
	"fmt"

	"sslkit/kit/eval"
	"sslkit/plots"
)

// Fairness is the part of subgroups. classes are the names of the classes.
func Fairness(result eval.FairnessReport, classes []string) (Section, error) {
	values, err := raw(result)
	if err != nil {
		return Section{}, err
	}
	groups := Table{Title: "Accuracy by " + result.Attribute, Columns: []string{result.Attribute, "accuracy", "test images"},
		Note: "Intervals: bootstrap over the group's images, within each class."}
	var bars []plots.Bar
	for _, g := range result.Groups.Groups {
		name := result.GroupNames[g.Group]
		groups.Rows = append(groups.Rows, []Cell{Words(name), Interval(g.Interval, Share), Counted(g.N)})
		bars = append(bars, plots.Bar{Name: name, Value: 100 * g.Value, Low: 100 * g.Low, High: 100 * g.High})
	}
	gap := result.Groups.Gap
	gaps := Table{
		Title: "Gaps", Columns: []string{"", "value"},
		Rows: [][]Cell{
			{Words(fmt.Sprintf("accuracy of %s minus that of %s", result.GroupNames[gap.Of], result.GroupNames[gap.Over])),
				Interval(gap.Interval, Points)},
			{Words(fmt.Sprintf("worst pair of class and subgroup: %s, %s", classes[result.WorstCell.Class],
				result.GroupNames[result.WorstCell.Group])),
				Interval(result.WorstCell.Accuracy, Share)},
		},
		Note: fmt.Sprintf("Permutation test of whether the subgroups matter: p = %.3g. The worst of many pairs is low by chance too.",
			result.Groups.PValue),
	}
	if b := result.Bias; b != nil {
		gaps.Rows = append(gaps.Rows,
			[]Cell{Words("accuracy where class and " + result.Attribute + " go together"), Interval(b.Aligned, Share)},
			[]Cell{Words("accuracy where they do not"), Interval(b.Conflicting, Share)},
			[]Cell{Words("bias gap"), Interval(b.Gap, Points)})
	}
	decisions := Table{Title: "Decisions", Columns: []string{"class", "demographic parity", "equalised odds"},
		Note: "Demographic parity: by how much the share of images that are given the class differs between subgroups. " +
			"Equalised odds: by how much the error rates of the class differ. Newcombe's intervals."}
	for _, d := range result.Decisions {
		odds := Words(d.Undefined)
		if d.EqualizedOdds != nil {
			odds = Interval(d.EqualizedOdds.Difference, Points)
		}
		decisions.Rows = append(decisions.Rows, []Cell{Words(d.Name), Interval(d.DemographicParity.Interval, Points), odds})
	}
	plot, err := plots.Bars("Accuracy by "+result.Attribute, "accuracy (%)", bars...)
	if err != nil {
		return Section{}, err
	}
	figure, err := Draw(plot, "With the 95 % interval.")
	s := Section{
		Title: "Fairness",
		Text:  []string{"Does the probe serve all subgroups of the test images equally well?"}, Protocol: provenance(result.Result),
		Tables: []Table{groups, gaps, decisions}, Figures: []Figure{figure}, Values: values,
		References: []Reference{
			{"Hardt, Price, Srebro 2016, Equality of opportunity in supervised learning", "https://arxiv.org/abs/1610.02413"},
			{"Nam et al. 2020, Learning from failure (bias-aligned and bias-conflicting images)", "https://arxiv.org/abs/2007.02561"},
			{"Newcombe 1998, Interval estimation for the difference between independent proportions, Statistics in Medicine 17", ""},
		},
	}
	if b := result.Bias; b != nil && b.Gap.Low > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("the probe relies on %s instead of the class: the bias gap is %s",
			result.Attribute, Quantity{b.Gap, Points}))
	}
	if gap.Low > 0 || gap.High < 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("the subgroups are not served equally well: the accuracy of %s minus that of %s is %s",
			result.GroupNames[gap.Of], result.GroupNames[gap.Over], Quantity{gap.Interval, Points}))
	}
	return s, err
}
