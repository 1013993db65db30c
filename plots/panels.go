package plots

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panels stacks charts from top to bottom over one x axis: the axis covers the range of all of them
// and is labelled once, at the bottom, and their data areas line up. The figures must be charts
// with axes (Curve, LabelEfficiency); each panel keeps three fifths of its chart's height.
//
//	lossAndRate, err := plots.Panels(loss, learningRate)
func Panels(figs ...*Figure) (*Figure, error) {
	if len(figs) == 0 {
		return nil, errors.New("plots.Panels: figs is empty")
	}
	out := &Figure{Title: "", Width: chartWidth}
	charts := make([]*chart, len(figs))
	for i, f := range figs {
		if f == nil || f.chart == nil || f.chart.square || f.chart.column {
			return nil, fmt.Errorf("plots.Panels: figure %d has no x axis to share; it must be a chart such as Curve's", i)
		}
		charts[i] = f.chart
		if f.chart.plot.X.Label.Text != figs[0].chart.plot.X.Label.Text {
			return nil, fmt.Errorf("plots.Panels: figure %d has the x axis %q, figure 0 has %q; they cannot share one",
				i, f.chart.plot.X.Label.Text, figs[0].chart.plot.X.Label.Text)
		}
		out.Height += 0.6 * f.Height
		if out.Title == "" {
			out.Title = f.Title
		}
	}
	charts = shareX(charts)
	out.paint = func(c draw.Canvas) { drawPanels(c, charts) }
	return out, nil
}

// shareX returns the charts on one x range, with the axis's name and numbers under the last only.
// It copies them, so that the given figures stay as they are.
func shareX(charts []*chart) []*chart {
	shared := make([]*chart, len(charts))
	low, high := charts[0].plot.X.Min, charts[0].plot.X.Max
	for _, ch := range charts {
		low, high = min(low, ch.plot.X.Min), max(high, ch.plot.X.Max)
	}
	for i, ch := range charts {
		p, copied := *ch.plot, *ch
		p.X.Min, p.X.Max = low, high
		if i < len(charts)-1 {
			p.X.Label.Text = ""
			p.X.Tick.Marker = unlabelled{p.X.Tick.Marker}
		}
		copied.plot = &p
		shared[i] = &copied
	}
	return shared
}

// unlabelled keeps the places of ticks, and so the grid, without their numbers.
type unlabelled struct{ plot.Ticker }

func (u unlabelled) Ticks(low, high float64) []plot.Tick {
	ticks := u.Ticker.Ticks(low, high)
	out := make([]plot.Tick, 0, len(ticks))
	for _, t := range ticks {
		if t.Label != "" {
			t.Label = " " // an empty one would make it a minor tick, which has no grid line
		}
		out = append(out, t)
	}
	return out
}

func drawPanels(c draw.Canvas, charts []*chart) {
	c = draw.Crop(c, margin, -margin, margin, -margin)
	const gap = vg.Length(8)
	// The data areas are equally high: what stands around them comes off first.
	axis := charts[len(charts)-1].plot.X
	foot := axis.Tick.Length + axis.Label.Padding + textStyle(labelSize).Height(axis.Label.Text) + textStyle(tickSize).Height("0")
	free := c.Size().Y - foot - gap*vg.Length(len(charts)-1)
	for _, ch := range charts {
		free -= ch.head(c.Size().X)
	}
	bodies := make([]draw.Canvas, len(charts))
	var left, right vg.Length
	top := c.Max.Y
	for i, ch := range charts {
		bottom := top - ch.head(c.Size().X) - free/vg.Length(len(charts))
		if i == len(charts)-1 {
			bottom = c.Min.Y
		}
		bodies[i] = ch.drawHead(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: c.Min.X, Y: bottom}, Max: vg.Point{X: c.Max.X, Y: top},
		}})
		left, right = max(left, ch.left(bodies[i])), max(right, ch.right(bodies[i]))
		top = bottom - gap
	}
	for i, ch := range charts {
		body := draw.Crop(bodies[i], 0, ch.right(bodies[i])-right, 0, 0)
		ch.drawAxes(body, left-ch.left(body))
	}
}
