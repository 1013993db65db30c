package plots

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Line is one series of a Curve.
type Line struct {
	// Name stands in the legend; empty leaves the line out of it.
	Name string

	// X and Y are the points, in order of X.
	X, Y []float64

	// Low and High bound an interval around Y, drawn as a band, or as an error bar where there is
	// one point. Both nil: none.
	Low, High []float64

	// Smooth is the width of a centred moving average in points (shorter at both ends). The average
	// is drawn in bold over the raw values, which stay visible and pale, and the legend states the
	// window. 0 or 1: the raw line alone.
	Smooth int
}

// Curve draws lines over a common x axis. Lines differ in colour and dashes, and short ones (at
// most 40 points) carry markers. X must not decrease. A line with more points than the figure can
// resolve is thinned so that it is drawn the same (see thin). Label the axes with their units.
func Curve(title, xlabel, ylabel string, lines ...Line) (*Figure, error) {
	if len(lines) == 0 {
		return nil, errors.New("plots.Curve: lines is empty")
	}
	ch := &chart{title: title, plot: newPlot(xlabel, ylabel)}
	for i, l := range lines {
		if err := l.check(labelled("line", i, l.Name)); err != nil {
			return nil, fmt.Errorf("plots.Curve: %w", err)
		}
		if l.Low != nil {
			ch.plot.Add(band(l, i))
		}
	}
	margin := 0.
	for i, l := range lines {
		if len(l.X) == 1 { // A band has no width there.
			if err := ch.addWhiskers(l, i); err != nil {
				return nil, fmt.Errorf("plots.Curve: %s: %w", labelled("line", i, l.Name), err)
			}
			margin = 0.02 // A lone marker on the frame is easily missed.
		}
		if err := ch.addLine(l, i); err != nil {
			return nil, fmt.Errorf("plots.Curve: %s: %w", labelled("line", i, l.Name), err)
		}
	}
	widen(&ch.plot.X, margin, margin)
	widen(&ch.plot.Y, 0.04, 0.04)
	return ch.figure(chartWidth, chartHeight), nil
}

func (l Line) check(name string) error {
	if len(l.X) == 0 {
		return fmt.Errorf("%s: X is empty", name)
	}
	if l.Smooth < 0 {
		return fmt.Errorf("%s: Smooth is %d; it must be 0 (off) or a number of points", name, l.Smooth)
	}
	if err := finite(name+".X", l.X); err != nil {
		return err
	}
	for i := 1; i < len(l.X); i++ {
		if l.X[i] < l.X[i-1] {
			return fmt.Errorf("%s: X[%d] is %g after %g; it must not decrease", name, i, l.X[i], l.X[i-1])
		}
	}
	if err := same(name+".Y", l.Y, "X", len(l.X)); err != nil {
		return err
	}
	return interval(name, l.Y, l.Low, l.High)
}

// addLine adds the i-th line and its entry in the legend.
func (ch *chart) addLine(l Line, i int) error {
	xy := points(l.X, l.Y)
	name := l.Name
	if l.Smooth > 1 {
		raw, err := plotter.NewLine(thin(xy, lineColumns))
		if err != nil {
			return err
		}
		raw.LineStyle = draw.LineStyle{Color: pale(seriesColor(i), 0.35), Width: 0.75}
		ch.plot.Add(polyline{raw})
		xy = points(l.X, smooth(l.Y, l.Smooth))
		name += fmt.Sprintf(" (mean of %d; raw pale)", l.Smooth)
	}
	line, err := plotter.NewLine(thin(xy, lineColumns))
	if err != nil {
		return err
	}
	line.LineStyle = draw.LineStyle{Color: seriesColor(i), Width: 1.75, Dashes: seriesDash(i)}
	ch.plot.Add(polyline{line})
	samples := []plot.Thumbnailer{line}
	if len(xy) <= maxMarkers {
		dots, err := plotter.NewScatter(xy)
		if err != nil {
			return err
		}
		dots.GlyphStyle = draw.GlyphStyle{Color: seriesColor(i), Radius: 2.75, Shape: seriesMarker(i)}
		ch.plot.Add(dots)
		samples = append(samples, dots)
	}
	if l.Name != "" {
		ch.legend = append(ch.legend, entry{name, samples})
	}
	return nil
}

// maxMarkers is the most points at which markers still stand apart.
const maxMarkers = 40

// band returns the interval of the i-th line as a translucent area.
func band(l Line, i int) *plotter.Polygon {
	outline := thin(points(l.X, l.High), bandColumns)
	low := thin(points(l.X, l.Low), bandColumns)
	for j := len(low) - 1; j >= 0; j-- {
		outline = append(outline, low[j])
	}
	area := &plotter.Polygon{XYs: []plotter.XYs{outline}, Color: alpha(seriesColor(i), 0.18)}
	area.LineStyle.Width = 0
	return area
}

func points(x, y []float64) plotter.XYs {
	xy := make(plotter.XYs, len(x))
	for i := range x {
		xy[i] = plotter.XY{X: x[i], Y: y[i]}
	}
	return xy
}

// smooth returns the centred moving average over a window of so many points. At both ends the
// window keeps to the points that there are.
func smooth(y []float64, window int) []float64 {
	before, after := (window-1)/2, window/2
	out := make([]float64, len(y))
	for i := range y {
		from, to := max(0, i-before), min(len(y), i+after+1)
		var sum float64
		for _, v := range y[from:to] {
			sum += v
		}
		out[i] = sum / float64(to-from)
	}
	return out
}

// referenceLine adds a thin dashed horizontal line, such as a known value, with its name in the
// legend.
func (ch *chart) referenceLine(name string, y, fromX, toX float64) {
	line := &plotter.Line{
		XYs:       plotter.XYs{{X: fromX, Y: y}, {X: toX, Y: y}},
		LineStyle: draw.LineStyle{Color: faintInk, Width: 1, Dashes: []vg.Length{1, 2.5}},
	}
	ch.plot.Add(line)
	ch.legend = append(ch.legend, entry{name, []plot.Thumbnailer{line}})
}
