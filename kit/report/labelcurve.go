package report

import (
	"strings"

	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/plots"
)

// LabelCurve is the part of accuracy against the number of labels.
func LabelCurve(curve eval.Curve) (Section, error) {
	values, err := raw(curve)
	if err != nil {
		return Section{}, err
	}
	intervals := strings.Join(append([]string{curve.Interval + "."}, curve.Notes()...), " ")
	means := Table{Columns: []string{"labels per class", "labels", curve.Metric, "draws"}, Note: "Interval: " + intervals}
	draws := Table{
		Title:   "Draws",
		Columns: []string{"labels per class", "draw", curve.Metric, "labelled subset", "seed of the subset", "probe"},
		Note:    "Intervals of single draws are over test images. Within a draw the smaller subsets are part of the larger ones.",
	}
	budget := plots.Budget{}
	for _, p := range curve.Points {
		mean := metric.Interval{Value: p.Value, Low: p.Low, High: p.High, N: len(p.Draws)}
		if !p.HasInterval() {
			mean.Low, mean.High = p.Value, p.Value
		}
		means.Rows = append(means.Rows, []Cell{Counted(p.PerClass), Counted(p.Labels), Interval(mean, Share),
			Counted(len(p.Draws))})
		for d, result := range p.Draws {
			draws.Rows = append(draws.Rows, []Cell{Counted(p.PerClass), Counted(d + 1),
				{Figure: new(Result{Result: result}.Quantity())}, Words(result.SubsetHash), Words(uintText(result.SubsetSeed)),
				Words(settings(result.Protocol))})
		}
		budget.Labels = append(budget.Labels, p.PerClass)
		budget.Accuracy = append(budget.Accuracy, 100*p.Value)
		budget.Low, budget.High = append(budget.Low, 100*mean.Low), append(budget.High, 100*mean.High)
	}
	budget.Name, _, _ = strings.Cut(curve.Protocol, " on ")
	plot, err := plots.LabelEfficiency("Accuracy against labels", budget)
	if err != nil {
		return Section{}, err
	}
	figure, err := Draw(plot, "The band is the 95 % interval: "+intervals)
	s := Section{
		Title: "Label efficiency",
		Text: []string{"The probe is fitted on a few labels of each class, which are drawn several times, and is judged on all " +
			"test images: " + curve.Protocol + "."},
		Tables: []Table{means, draws}, Figures: []Figure{figure}, Values: values,
	}
	if len(curve.Points) > 0 && len(curve.Points[0].Draws) > 0 {
		s.Protocol = from(curve.Points[0].Draws[0])
	}
	return s, err
}

// from says whose features a result is of.
func from(r eval.Result) string {
	return "Labels of " + r.Train + ", test images of " + r.Test + ", " + encoderWords(r) + "."
}

// settings are what a protocol in words has in brackets, or all of it.
func settings(protocol string) string {
	if _, inside, ok := strings.Cut(protocol, " ("); ok && strings.HasSuffix(inside, ")") {
		return strings.TrimSuffix(inside, ")")
	}
	return protocol
}
