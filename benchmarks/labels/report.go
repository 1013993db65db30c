package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/plots"
)

// curve is the accuracy of one way against the number of labels of each class.
type curve struct {
	way    way
	counts []int
	points []result.Row            // One for each count.
	less   map[int]statistics.Mean // By count: the accuracy less that of training from scratch, paired.
}

// findings are what the classifiers of one set say.
type findings struct {
	rows    []result.Row
	notes   []string
	curves  []curve
	earlier []curve // Of the linear probe after more and more images, the last one after all.
}

// findings are the means over seeds and draws, how far they are above training from scratch, and
// what that saves in labels.
func (r classifiers) findings(s settings, set imageSet) (findings, error) {
	var found findings
	for _, w := range ways {
		c, err := r.of(w, set.images).curve(string(w)+"/"+set.name, r.of(fromScratch, set.images), &found.rows)
		if err != nil {
			return found, err
		}
		found.curves = append(found.curves, c)
	}
	for _, share := range s.shares {
		name := fmt.Sprintf("%s-after-%d-images/%s", linearProbe, set.images/share, set.name)
		c, err := r.of(linearProbe, set.images/share).curve(name, nil, &found.rows)
		if err != nil {
			return found, err
		}
		found.earlier = append(found.earlier, c)
	}
	found.earlier = append(found.earlier, found.curves[slices.Index(ways, linearProbe)])
	found.notes = []string{verdicts(set.name, found.curves), saved(set.name, found.curves)}
	return found, nil
}

// of are the classifiers of one way; of those that start from SimCLR, the ones after n images.
func (r classifiers) of(w way, n int) classifiers {
	return slices.DeleteFunc(slices.Clone(r), func(c classifier) bool {
		// A last batch that would not be full is not trained on.
		return c.Way != w || w.pretrained() && (c.Pretrain > n || c.Pretrain <= n/2)
	})
}

// curve is the curve of one way. Its rows, and those of its difference from the baseline where that
// has as many labels, are added to rows.
func (r classifiers) curve(name string, baseline classifiers, rows *[]result.Row) (curve, error) {
	c := curve{way: r[0].Way, less: map[int]statistics.Mean{}}
	for _, count := range r.counts() {
		at := r.at(count)
		accuracy, err := at.row(fmt.Sprintf("%s/%d-per-class", name, count), "accuracy", accuracyOf)
		if err != nil {
			return c, err
		}
		c.counts, c.points = append(c.counts, count), append(c.points, accuracy)
		balanced, err := at.row(accuracy.Case, "balanced accuracy", func(c classifier) float64 { return c.Balanced })
		if err != nil {
			return c, err
		}
		accuracy.Cost, accuracy.Detail = at.cost(), at[0].Result.Protocol
		*rows = append(*rows, accuracy, balanced)
		twins := baseline.at(count)
		if len(twins) == 0 || r[0].Way == fromScratch {
			continue
		}
		paired, err := statistics.Difference(at.runs(accuracyOf), twins.runs(accuracyOf))
		if err != nil {
			return c, fmt.Errorf("%s less supervised: %w", accuracy.Case, err)
		}
		less, err := result.OverRuns(accuracy.Case, "accuracy less that of supervised", "points", paired)
		if err != nil {
			return c, err
		}
		*rows = append(*rows, less)
		c.less[count] = statistics.Mean{Value: less.Value, Low: less.Low, High: less.High}
	}
	return c, nil
}

// counts are the numbers of labels of each class, rising.
func (r classifiers) counts() []int {
	counts := map[int]bool{}
	for _, c := range r {
		counts[c.PerClass] = true
	}
	return slices.Sorted(maps.Keys(counts))
}

// at are the classifiers with one number of labels of each class.
func (r classifiers) at(perClass int) classifiers {
	return slices.DeleteFunc(slices.Clone(r), func(c classifier) bool { return c.PerClass != perClass })
}

// accuracyOf is a classifier's accuracy, in [0, 1].
func accuracyOf(c classifier) float64 { return c.Result.Value }

// runs are a value of the classifiers, in percent. Each seed draws labels of its own.
func (r classifiers) runs(value func(classifier) float64) []statistics.Run {
	runs := make([]statistics.Run, len(r))
	for i, c := range r {
		runs[i] = statistics.Run{Seed: c.Seed, Draw: 100*c.Seed + uint64(c.Draw), Value: 100 * value(c)}
	}
	return runs
}

// row is the mean of a value over the classifiers, in percent. Those of one seed share initial
// weights, whatever the way, and on Shapes the images, so that the interval is over the seeds.
func (r classifiers) row(name, what string, value func(classifier) float64) (result.Row, error) {
	return result.OverRuns(name, what, "%", r.runs(value))
}

// cost is the mean of what a classifier took.
func (r classifiers) cost() *result.Cost {
	var mean result.Cost
	for _, c := range r {
		mean.ImagesSeen = c.Seen
		mean.Seconds += c.Seconds / float64(len(r))
		mean.FLOPs += c.FLOPs / float64(len(r))
	}
	mean.ImagesPerSecond = float64(mean.ImagesSeen) / mean.Seconds
	return &mean
}

// verdicts tells which ways are above training from scratch, equal to it or below it, for each number
// of labels: by the interval of the difference, paired by seed and draw.
func verdicts(set string, curves []curve) string {
	var out strings.Builder
	fmt.Fprintf(&out, "On %s, the difference from the network trained from scratch, paired by seed and labels, is", set)
	for i, count := range curves[0].counts {
		ways := map[string][]string{}
		for _, c := range curves[1:] {
			verdict := c.less[count].Verdict()
			ways[verdict] = append(ways[verdict], string(c.way))
		}
		fmt.Fprintf(&out, " with %d labels of each class (%.1f %%) above 0 for %s; not told from 0 for %s; below 0 for %s", count,
			curves[0].points[i].Value, statistics.Listed(ways["above"]), statistics.Listed(append(ways["equal"], ways["not known"]...)), statistics.Listed(ways["below"]))
		out.WriteString(map[bool]string{true: ".", false: ","}[i == len(curves[0].counts)-1])
	}
	return out.String()
}

// saved is a table of how many labels of each class the ways need for what training from scratch
// reaches.
func saved(set string, curves []curve) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Labels of each class that reach, on %s, what training from scratch reaches with more, each seed's curve what the "+
		"same seed reached, with the interval over the seeds (between measured numbers of labels accuracy is taken to be linear in "+
		"their logarithm):\n\n| way |", set)
	scratch := curves[0]
	for i, count := range scratch.counts {
		fmt.Fprintf(&out, " %.1f %% (%d) |", scratch.points[i].Value, count)
	}
	out.WriteString("\n|---|" + strings.Repeat("---:|", len(scratch.counts)))
	for _, c := range curves[1:] {
		fmt.Fprintf(&out, "\n| %s |", c.way)
		for _, at := range scratch.points {
			fmt.Fprintf(&out, " %s |", c.labelsFor(at.Runs))
		}
	}
	return out.String()
}

// labelsFor is the number of labels of each class at which the curve first reaches an accuracy.
func (c curve) labelsFor(accuracy []statistics.Run) string {
	by := statistics.Curve{Labels: c.counts}
	for _, p := range c.points {
		by.Runs = append(by.Runs, p.Runs)
	}
	m, err := statistics.LabelsFor(by, accuracy)
	switch {
	case err != nil:
		return err.Error()
	case m.Low == m.High:
		return fmt.Sprintf("%.0f", m.Value)
	}
	return fmt.Sprintf("%.0f [%.0f, %.0f]", m.Value, m.Low, m.High)
}

// labelEfficiency is the figure of accuracy against labels.
func (f findings) labelEfficiency(set string) (*plots.Figure, error) {
	var budgets []plots.Budget
	for _, c := range f.curves {
		budget := plots.Budget{Name: string(c.way), Labels: c.counts}
		budget.Accuracy, budget.Low, budget.High = c.columns()
		budgets = append(budgets, budget)
	}
	return plots.LabelEfficiency("Accuracy with few labels, "+set, budgets...)
}

// pretraining is the figure of a linear probe's accuracy against the images that SimCLR saw.
func (f findings) pretraining(set imageSet, shares []int) (*plots.Figure, error) {
	var images []float64
	for _, share := range append(slices.Clone(shares), 1) {
		images = append(images, float64(set.images/share)/1000)
	}
	var lines []plots.Line
	for _, count := range f.curves[0].counts {
		line := plots.Line{Name: fmt.Sprintf("%d labels a class", count), X: images}
		for _, c := range f.earlier {
			at := c.points[slices.Index(c.counts, count)]
			line.Y, line.Low, line.High = append(line.Y, at.Value), append(line.Low, at.Low), append(line.High, at.High)
		}
		lines = append(lines, line)
	}
	return plots.Curve("Linear probe against pretraining, "+set.name, "images seen without labels (thousands)", "accuracy (%)", lines...)
}

// columns are the curve's means and the ends of their intervals.
func (c curve) columns() (value, low, high []float64) {
	for _, p := range c.points {
		value, low, high = append(value, p.Value), append(low, p.Low), append(high, p.High)
	}
	return value, low, high
}

// draw draws both figures into a folder.
func (f findings) draw(folder string, s settings, set imageSet) error {
	labels, err := f.labelEfficiency(set.name)
	if err != nil {
		return err
	}
	if err := labels.Save(filepath.Join(folder, "labels-"+set.name+".png")); err != nil {
		return err
	}
	images, err := f.pretraining(set, s.shares)
	if err != nil {
		return err
	}
	return images.Save(filepath.Join(folder, "labels-"+set.name+"-images.png"))
}
