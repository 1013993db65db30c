package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/plots"
)

// curve is the accuracy of one way against the number of labels of each class.
type curve struct {
	way    string
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

// lessSupervised is the metric of a difference.
const lessSupervised = " less that of supervised"

// measure measures all ways on one set with the first seeds, how far they are from training from
// scratch, and what that saves in labels.
func (s settings) measure(set imageSet, all []way, seeds uint64) (found findings, err error) {
	var tally result.Tally
	for seed := uint64(1); seed <= seeds; seed++ {
		for _, w := range all {
			for _, perClass := range s.counts(set, w) {
				if err := s.add(&tally, set, w.name, w, set.images, perClass, seed); err != nil {
					return found, fmt.Errorf("%s, %d labels a class, seed %d: %w", w.name, perClass, seed, err)
				}
			}
		}
		for _, share := range s.shares {
			for _, perClass := range set.counts {
				w := all[slices.IndexFunc(all, func(w way) bool { return w.name == linearProbe })]
				if err := s.add(&tally, set, after(set.images/share), w, set.images/share, perClass, seed); err != nil {
					return found, fmt.Errorf("%s, %d labels a class, seed %d: %w", after(set.images/share), perClass, seed, err)
				}
			}
		}
	}
	at := func(name string, perClass int) string {
		return fmt.Sprintf("%s/%s/%d-per-class", name, set.name, perClass)
	}
	for _, w := range all[1:] {
		for _, perClass := range set.counts {
			if err := tally.Less(at(w.name, perClass), at(fromScratch, perClass), "accuracy", lessSupervised); err != nil {
				return found, err
			}
		}
	}
	if found.rows, err = tally.Rows(); err != nil {
		return found, err
	}
	for _, w := range all {
		found.curves = append(found.curves, curveOf(found.rows, w.name, set.name, s.counts(set, w)))
	}
	for _, share := range s.shares {
		found.earlier = append(found.earlier, curveOf(found.rows, after(set.images/share), set.name, set.counts))
	}
	found.earlier = append(found.earlier, curveOf(found.rows, linearProbe, set.name, set.counts))
	found.notes = []string{verdicts(set.name, found.curves), saved(set.name, found.curves)}
	return found, checkTrials(found.rows)
}

// checkTrials returns an error where one way was tried with more settings than another.
func checkTrials(rows []result.Row) error {
	byLabels := map[string][]statistics.Choice{}
	for _, r := range rows {
		if r.Choice != nil {
			_, labels, _ := strings.Cut(r.Case, "/")
			byLabels[labels] = append(byLabels[labels], *r.Choice)
		}
	}
	for _, choices := range byLabels {
		for _, c := range choices[1:] { // Ways see other numbers of images at equal cost.
			if len(c.Trials) != len(choices[0].Trials) {
				return fmt.Errorf("%s was tried with %d settings and %s with %d; all ways must have as many", choices[0].Side,
					len(choices[0].Trials), c.Side, len(c.Trials))
			}
		}
	}
	return nil
}

// after is the name of the linear probe after SimCLR on fewer images.
func after(images int) string { return fmt.Sprintf("%s-after-%d-images", linearProbe, images) }

// counts are the labels of each class that a way is measured with: what costs little is given more.
func (s settings) counts(set imageSet, w way) []int {
	if w.probe == nil {
		return set.counts
	}
	all := slices.Concat(set.counts, s.probed)
	slices.Sort(all)
	return all
}

// curveOf are the rows of a way.
func curveOf(rows []result.Row, name, set string, counts []int) curve {
	c := curve{way: name, counts: counts, less: map[int]statistics.Mean{}}
	for _, perClass := range counts {
		for _, r := range rows {
			if r.Case != fmt.Sprintf("%s/%s/%d-per-class", name, set, perClass) {
				continue
			}
			if r.Metric == "accuracy" {
				c.points = append(c.points, r)
			}
			if r.Metric == "accuracy"+lessSupervised {
				c.less[perClass] = statistics.Mean{Value: r.Value, Low: r.Low, High: r.High}
			}
		}
	}
	return c
}

// verdicts tells which ways are above training from scratch, equal to it or below it, for each number
// of labels: by the interval of the difference, paired by seed and draw.
func verdicts(set string, curves []curve) string {
	var out strings.Builder
	fmt.Fprintf(&out, "On %s, the difference from the network trained from scratch, paired by seed and labels, is", set)
	for i, count := range curves[0].counts {
		said := map[string][]string{}
		for _, c := range curves[1:] {
			verdict := c.less[count].Verdict()
			said[verdict] = append(said[verdict], c.way)
		}
		fmt.Fprintf(&out, " with %d labels of each class (%.1f %%) above 0 for %s; not told from 0 for %s; below 0 for %s", count,
			curves[0].points[i].Value, statistics.Listed(said["above"]), statistics.Listed(append(said["equal"], said["not known"]...)), statistics.Listed(said["below"]))
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
		budget := plots.Budget{Name: c.way, Labels: c.counts}
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
