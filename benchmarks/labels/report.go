package main

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"sslkit/kit/metric"
	"sslkit/plots"
)

// labelCurve is the accuracy of one way against the number of labels of each class.
type labelCurve struct {
	way    labelWay
	counts []int
	points []row // One for each count.
}

// labelFindings are what the runs of one set say.
type labelFindings struct {
	rows    []row
	notes   []string
	curves  []labelCurve
	earlier []labelCurve // Of the linear probe after more and more images, the last one after all.
}

// findings are the means over seeds and draws, how far they are above training from scratch, and what that saves in labels.
func (r labelRuns) findings(s labelSettings, set labelSet) (labelFindings, error) {
	var found labelFindings
	for _, way := range labelWays {
		curve, err := r.of(way, set.images).curve(string(way)+"/"+set.name, r.of(fromScratch, set.images), &found.rows)
		if err != nil {
			return found, err
		}
		found.curves = append(found.curves, curve)
	}
	for _, share := range s.shares {
		name := fmt.Sprintf("%s-after-%d-images/%s", linearProbe, set.images/share, set.name)
		curve, err := r.of(linearProbe, set.images/share).curve(name, nil, &found.rows)
		if err != nil {
			return found, err
		}
		found.earlier = append(found.earlier, curve)
	}
	found.earlier = append(found.earlier, found.curves[slices.Index(labelWays, linearProbe)])
	found.notes = []string{apart(set.name, found.curves), saved(set.name, found.curves)}
	return found, nil
}

// of are the runs of one way; of those that start from SimCLR, the ones after so many images.
func (r labelRuns) of(way labelWay, images int) labelRuns {
	return slices.DeleteFunc(slices.Clone(r), func(run labelRun) bool {
		// A last batch that would not be full is not trained on.
		return run.Way != way || way.pretrained() && (run.Pretrain > images || run.Pretrain <= images/2)
	})
}

// curve is the curve of one way. Its rows, and those of its difference from the baseline where that has as many labels, are added
// to rows.
func (r labelRuns) curve(name string, baseline labelRuns, rows *[]row) (labelCurve, error) {
	curve := labelCurve{way: r[0].Way}
	for _, count := range r.counts() {
		at := r.at(count)
		accuracy, err := at.row(fmt.Sprintf("%s/%d-per-class", name, count), "accuracy", func(run labelRun) float64 { return run.Result.Value })
		if err != nil {
			return curve, err
		}
		curve.counts, curve.points = append(curve.counts, count), append(curve.points, accuracy)
		balanced, err := at.row(accuracy.Case, "balanced accuracy", func(run labelRun) float64 { return run.Balanced })
		if err != nil {
			return curve, err
		}
		accuracy.Cost, accuracy.Detail = at.cost(), at[0].Result.Protocol
		*rows = append(*rows, accuracy, balanced)
		twins := baseline.at(count)
		if len(twins) == 0 || r[0].Way == fromScratch {
			continue
		}
		less, err := at.row(accuracy.Case, "accuracy less that of supervised", func(run labelRun) float64 {
			return run.Result.Value - twins.twin(run).Result.Value
		})
		if err != nil {
			return curve, err
		}
		less.Unit = "points"
		*rows = append(*rows, less)
	}
	return curve, nil
}

// counts are the numbers of labels of each class, rising.
func (r labelRuns) counts() []int {
	counts := map[int]bool{}
	for _, run := range r {
		counts[run.PerClass] = true
	}
	return slices.Sorted(maps.Keys(counts))
}

// at are the runs with one number of labels of each class.
func (r labelRuns) at(perClass int) labelRuns {
	return slices.DeleteFunc(slices.Clone(r), func(run labelRun) bool { return run.PerClass != perClass })
}

// twin is the run with the same labels.
func (r labelRuns) twin(of labelRun) labelRun {
	return r[slices.IndexFunc(r, func(run labelRun) bool {
		return run.Seed == of.Seed && run.Draw == of.Draw && run.PerClass == of.PerClass
	})]
}

// row is the mean of a value over the runs, in percent. Runs that share a pretrained network are not independent, so the interval
// is then that over the means of the networks.
func (r labelRuns) row(name, what string, value func(labelRun) float64) (row, error) {
	var independent []float64
	bySeed := map[uint64][]float64{}
	for _, run := range r {
		independent = append(independent, 100*value(run))
		bySeed[run.Seed] = append(bySeed[run.Seed], 100*value(run))
	}
	if r[0].Way.pretrained() && len(bySeed) > 1 {
		independent = nil
		for _, seed := range slices.Sorted(maps.Keys(bySeed)) {
			independent = append(independent, stat.Mean(bySeed[seed], nil))
		}
	}
	mean, err := metric.MeanInterval(independent)
	if err != nil {
		return row{}, fmt.Errorf("%s: %w", name, err)
	}
	return row{Case: name, Metric: what, Value: mean.Value, Low: mean.Low, High: mean.High, Unit: "%", N: len(r), Seed: r[0].Seed}, nil
}

// cost is the mean of what a classifier took.
func (r labelRuns) cost() *cost {
	var mean cost
	for _, run := range r {
		mean.ImagesSeen = run.Seen
		mean.Seconds += run.Seconds / float64(len(r))
		mean.FLOPs += run.FLOPs / float64(len(r))
	}
	mean.ImagesPerSecond = float64(mean.ImagesSeen) / mean.Seconds
	return &mean
}

// apart tells which ways are above training from scratch with intervals apart, for each number of labels.
func apart(set string, curves []labelCurve) string {
	var out strings.Builder
	fmt.Fprintf(&out, "On %s, above the network trained from scratch, with intervals apart:", set)
	for i, count := range curves[0].counts {
		baseline := curves[0].points[i]
		var above, below []string
		for _, c := range curves[1:] {
			switch at := c.points[slices.Index(c.counts, count)]; {
			case at.Low > baseline.High:
				above = append(above, string(c.way))
			case at.High < baseline.Low:
				below = append(below, string(c.way))
			}
		}
		fmt.Fprintf(&out, " with %d labels of each class (%.1f %%) %s", count, baseline.Value, listed(above))
		if len(below) > 0 {
			fmt.Fprintf(&out, " (below it %s)", listed(below))
		}
		out.WriteString(map[bool]string{true: ".", false: ";"}[i == len(curves[0].counts)-1])
	}
	return out.String()
}

// listed are names with commas between, or "none".
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// saved is a table of how many labels of each class the ways need for what training from scratch reaches.
func saved(set string, curves []labelCurve) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Labels of each class that reach, on %s, what training from scratch reaches with more (between measured numbers "+
		"of labels accuracy is taken to be linear in their logarithm):\n\n| way |", set)
	scratch := curves[0]
	for i, count := range scratch.counts {
		fmt.Fprintf(&out, " %.1f %% (%d) |", scratch.points[i].Value, count)
	}
	out.WriteString("\n|---|" + strings.Repeat("---:|", len(scratch.counts)))
	for _, c := range curves {
		fmt.Fprintf(&out, "\n| %s |", c.way)
		for _, at := range scratch.points {
			fmt.Fprintf(&out, " %s |", c.labelsFor(at.Value))
		}
	}
	return out.String()
}

// labelsFor is the number of labels of each class at which the curve first reaches an accuracy.
func (c labelCurve) labelsFor(accuracy float64) string {
	if c.points[0].Value >= accuracy {
		return fmt.Sprintf("≤ %d", c.counts[0])
	}
	for i := 1; i < len(c.points); i++ {
		low, high := c.points[i-1].Value, c.points[i].Value
		if high < accuracy {
			continue
		}
		from, to := math.Log(float64(c.counts[i-1])), math.Log(float64(c.counts[i]))
		return fmt.Sprintf("%.0f", math.Exp(from+(to-from)*(accuracy-low)/(high-low)))
	}
	return fmt.Sprintf("> %d", c.counts[len(c.counts)-1])
}

// labelEfficiency is the figure of accuracy against labels.
func (f labelFindings) labelEfficiency(set string) (*plots.Figure, error) {
	var budgets []plots.Budget
	for _, c := range f.curves {
		budget := plots.Budget{Name: string(c.way), Labels: c.counts}
		budget.Accuracy, budget.Low, budget.High = c.columns()
		budgets = append(budgets, budget)
	}
	return plots.LabelEfficiency("Accuracy with few labels, "+set, budgets...)
}

// pretraining is the figure of a linear probe's accuracy against the images that SimCLR saw.
func (f labelFindings) pretraining(set labelSet, shares []int) (*plots.Figure, error) {
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
func (c labelCurve) columns() (value, low, high []float64) {
	for _, p := range c.points {
		value, low, high = append(value, p.Value), append(low, p.Low), append(high, p.High)
	}
	return value, low, high
}

// draw draws both figures.
func (f labelFindings) draw(o options, s labelSettings, set labelSet) error {
	labels, err := f.labelEfficiency(set.name)
	if err != nil {
		return err
	}
	if err := labels.Save(filepath.Join(o.results(), "labels-"+set.name+".png")); err != nil {
		return err
	}
	images, err := f.pretraining(set, s.shares)
	if err != nil {
		return err
	}
	return images.Save(filepath.Join(o.results(), "labels-"+set.name+"-images.png"))
}
