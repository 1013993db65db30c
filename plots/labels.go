package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// Budget is one method's accuracy, or another figure in percent, at several numbers of labels.
type Budget struct {
	// Name stands in the legend.
	Name string

	// Labels are numbers of labels, at least 1, in increasing order: per class in LabelEfficiency.
	Labels []int

	// Accuracy is in percent, with the 95 % interval from Low to High. Low and High both nil: no
	// intervals. Where Low equals High there is none at that number, and none is drawn.
	Accuracy, Low, High []float64
}

// LabelEfficiency draws accuracy against the number of labels per class on a logarithmic axis,
// which has a tick at each number that was measured and no other. Intervals are error bars over a
// pale band; where several methods were measured at one number, their bars stand a little apart.
func LabelEfficiency(title string, series ...Budget) (*Figure, error) {
	return againstLabels("LabelEfficiency", title, "labels per class", "accuracy (%)", series)
}

// AgainstLabels is LabelEfficiency of another figure than accuracy, in percent, or another count of
// labels than that of each class: the axes say which.
func AgainstLabels(title, xlabel, ylabel string, series ...Budget) (*Figure, error) {
	return againstLabels("AgainstLabels", title, xlabel, ylabel, series)
}

func againstLabels(caller, title, xlabel, ylabel string, series []Budget) (*Figure, error) {
	if len(series) == 0 {
		return nil, fmt.Errorf("plots.%s: series is empty", caller)
	}
	ch := &chart{title: title, plot: newPlot(xlabel, ylabel)}
	ch.plot.X.Scale = plot.LogScale{}
	var counts []int
	lines := make([]Line, len(series))
	for i, s := range series {
		name := labelled("series", i, s.Name)
		if err := s.check(name); err != nil {
			return nil, fmt.Errorf("plots.%s: %w", caller, err)
		}
		counts = append(counts, s.Labels...)
		// A hundredth of a decade or so to each side keeps the bars of several methods apart.
		dodge := math.Pow(10, 0.012*(float64(i)-float64(len(series)-1)/2))
		x := make([]float64, len(s.Labels))
		for j, n := range s.Labels {
			x[j] = float64(n) * dodge
		}
		lines[i] = Line{Name: s.Name, X: x, Y: s.Accuracy, Low: s.Low, High: s.High}
		for _, part := range withIntervals(lines[i]) {
			ch.plot.Add(band(part, i))
		}
	}
	for i, l := range lines {
		if err := cmp.Or(ch.addWhiskers(l, i), ch.addLine(l, i)); err != nil {
			return nil, fmt.Errorf("plots.%s: %s: %w", caller, labelled("series", i, l.Name), err)
		}
	}
	slices.Sort(counts)
	counts = slices.Compact(counts)
	ch.plot.X.Tick.Marker = countTicks(counts)
	ch.plot.X.Min, ch.plot.X.Max = float64(counts[0])/1.15, float64(counts[len(counts)-1])*1.15
	widen(&ch.plot.Y, 0.05, 0.05)
	ch.plot.Y.Min, ch.plot.Y.Max = max(ch.plot.Y.Min, 0), min(ch.plot.Y.Max, 100)
	return ch.figure(chartWidth, chartHeight), nil
}

func (s Budget) check(name string) error {
	if len(s.Labels) == 0 {
		return fmt.Errorf("%s: Labels is empty", name)
	}
	for i, n := range s.Labels {
		if n < 1 {
			return fmt.Errorf("%s: Labels[%d] is %d; it must be at least 1", name, i, n)
		}
		if i > 0 && n <= s.Labels[i-1] {
			return fmt.Errorf("%s: Labels[%d] is %d after %d; it must increase", name, i, n, s.Labels[i-1])
		}
	}
	if err := same(name+".Accuracy", s.Accuracy, "Labels", len(s.Labels)); err != nil {
		return err
	}
	for i, a := range s.Accuracy {
		if a < 0 || a > 100 {
			return fmt.Errorf("%s: Accuracy[%d] is %g; it must be a percentage in [0, 100]", name, i, a)
		}
	}
	return interval(name, s.Accuracy, s.Low, s.High)
}

// countTicks places a tick at each count. The number is left out where it would run into the one
// before: at less than an eighth of a decade on a house-sized figure.
func countTicks(counts []int) plot.ConstantTicks {
	ticks := make(plot.ConstantTicks, len(counts))
	span := math.Log10(float64(counts[len(counts)-1])*1.15) - math.Log10(float64(counts[0])/1.15)
	written := math.Inf(-1)
	for i, n := range counts {
		label := strconv.Itoa(n)
		at := math.Log10(float64(n)) / span
		need := 0.012 * float64(len(label)+2) // share of the axis that the digits take
		if at-written >= need {
			written = at
		} else {
			label = ""
		}
		ticks[i] = plot.Tick{Value: float64(n), Label: label}
	}
	return ticks
}

// withIntervals are the parts of a line whose points have an interval. A band through the others
// would narrow to a point there, as if these were known best.
func withIntervals(l Line) []Line {
	var parts []Line
	from := 0
	for at := range len(l.Low) + 1 {
		if at < len(l.Low) && l.Low[at] < l.High[at] {
			continue
		}
		if from < at {
			parts = append(parts, Line{Name: l.Name, X: l.X[from:at], Y: l.Y[from:at], Low: l.Low[from:at], High: l.High[from:at]})
		}
		from = at + 1
	}
	return parts
}

// addWhiskers adds the interval of each point of the i-th line that has one as an error bar.
func (ch *chart) addWhiskers(l Line, i int) error {
	for _, part := range withIntervals(l) {
		bars, err := plotter.NewYErrorBars(whiskers(part))
		if err != nil {
			return err
		}
		bars.LineStyle = draw.LineStyle{Color: seriesColor(i), Width: 1}
		bars.CapWidth = 5
		ch.plot.Add(bars)
	}
	return nil
}

// whiskers gives gonum's error bars the points with their distances to the interval's bounds.
func whiskers(l Line) yIntervals { return yIntervals{points(l.X, l.Y), l} }

type yIntervals struct {
	plotter.XYs
	line Line
}

func (w yIntervals) YError(i int) (low, high float64) {
	return w.line.Y[i] - w.line.Low[i], w.line.High[i] - w.line.Y[i]
}
