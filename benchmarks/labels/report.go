package main

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"sslkit/benchmarks/result"
	"sslkit/plots"
)

// curve is the accuracy of one way against the number of labels of each class.
type curve struct {
	way    way
	counts []int
	points []result.Row // One for each count.
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
	found.notes = []string{apart(set.name, found.curves), saved(set.name, found.curves)}
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
	c := curve{way: r[0].Way}
	for _, count := range r.counts() {
		at := r.at(count)
		accuracy, err := at.row(fmt.Sprintf("%s/%d-per-class", name, count), "accuracy", func(c classifier) float64 {
			return c.Result.Value
		})
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
		less, err := at.row(accuracy.Case, "accuracy less that of supervised", func(c classifier) float64 {
			return c.Result.Value - twins.twin(c).Result.Value
		})
		if err != nil {
			return c, err
		}
		less.Unit = "points"
		*rows = append(*rows, less)
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

// twin is the classifier with the same labels.
func (r classifiers) twin(of classifier) classifier {
	return r[slices.IndexFunc(r, func(c classifier) bool {
		return c.Seed == of.Seed && c.Draw == of.Draw && c.PerClass == of.PerClass
	})]
}

// row is the mean of a value over the classifiers, in percent. Those that share a pretrained
// network are not independent, so the interval is then that over the means of the networks.
func (r classifiers) row(name, what string, value func(classifier) float64) (result.Row, error) {
	var independent []float64
	bySeed := map[uint64][]float64{}
	for _, c := range r {
		independent = append(independent, 100*value(c))
		bySeed[c.Seed] = append(bySeed[c.Seed], 100*value(c))
	}
	if r[0].Way.pretrained() && len(bySeed) > 1 {
		independent = nil
		for _, seed := range slices.Sorted(maps.Keys(bySeed)) {
			independent = append(independent, stat.Mean(bySeed[seed], nil))
		}
	}
	mean, err := result.Mean(name, what, "%", independent)
	mean.N, mean.Seed = len(r), r[0].Seed
	return mean, err
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

// apart tells which ways are above training from scratch with intervals apart, for each number of
// labels.
func apart(set string, curves []curve) string {
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

// saved is a table of how many labels of each class the ways need for what training from scratch
// reaches.
func saved(set string, curves []curve) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Labels of each class that reach, on %s, what training from scratch reaches with more (between measured "+
		"numbers of labels accuracy is taken to be linear in their logarithm):\n\n| way |", set)
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
func (c curve) labelsFor(accuracy float64) string {
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
