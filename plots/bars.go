package plots

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bar is one row of a benchmark.
type Bar struct {
	Name  string  // written beside it
	Value float64 // its length, in the chart's unit

	// Low and High bound the 95 % interval. Both equal to Value, or both zero: no interval.
	Low, High float64

	// Highlight draws the row in full colour with its value in bold, over the paler others that it
	// is compared with.
	Highlight bool
}

// Bars draws horizontal bars from zero, the first at the top, with intervals and the values written
// beside them. Where no bar is highlighted all are drawn alike. The label names the unit, for
// example "top-1 accuracy (%)".
func Bars(title, xlabel string, bars ...Bar) (*Figure, error) {
	if len(bars) == 0 {
		return nil, errors.New("plots.Bars: bars is empty")
	}
	b := &barRows{}
	for i, bar := range bars {
		name := labelled("bar", i, bar.Name)
		if err := finite(name+": [Value Low High]", []float64{bar.Value, bar.Low, bar.High}); err != nil {
			return nil, fmt.Errorf("plots.Bars: %w", err)
		}
		if bar.Low == 0 && bar.High == 0 {
			bar.Low, bar.High = bar.Value, bar.Value
		}
		if bar.Low > bar.Value || bar.High < bar.Value {
			return nil, fmt.Errorf("plots.Bars: %s: the interval [%g, %g] does not hold the value %g", name, bar.Low, bar.High, bar.Value)
		}
		b.bars = append(b.bars, bar)
		b.highlighted = b.highlighted || bar.Highlight
	}
	b.decimals = b.precision()
	p := newAxes(xlabel, "")
	p.Add(&plotter.Grid{Vertical: gridLine}, b)
	p.Y.Tick.LineStyle.Width = 0
	p.Y.Width = 0
	p.Y.Tick.Length = 0
	p.Y.Tick.Marker = b.ticks()
	p.Y.Min, p.Y.Max = -0.6, float64(len(bars))-0.4
	if p.X.Min < 0 {
		widen(&p.X, 0.12, 0)
	}
	if p.X.Max > 0 {
		widen(&p.X, 0, 0.14) // the values stand beyond the bars
	}
	ch := &chart{title: title, plot: p}
	return ch.figure(chartWidth, 96+26*float64(len(bars))), nil
}

// barRows plots the bars, the first at the top.
type barRows struct {
	bars        []Bar
	highlighted bool // some bar is
	decimals    int
}

func (b *barRows) y(i int) float64 { return float64(len(b.bars) - 1 - i) }

func (b *barRows) ticks() plot.ConstantTicks {
	ticks := make(plot.ConstantTicks, len(b.bars))
	for i, bar := range b.bars {
		ticks[i] = plot.Tick{Value: b.y(i), Label: shorten(textStyle(tickSize), bar.Name, 190)}
		if ticks[i].Label == "" {
			ticks[i].Label = " "
		}
	}
	return ticks
}

// precision is the number of decimals that shows the first digit of every interval's half, or three
// digits of the values where there are none.
func (b *barRows) precision() int {
	most := 0
	for _, bar := range b.bars {
		size := math.Abs(bar.Value) / 100
		if half := (bar.High - bar.Low) / 2; half > 0 {
			size = half
		}
		if size > 0 {
			most = max(most, decimals(size))
		}
	}
	return min(most, 6)
}

// DataRange implements plot.DataRanger: from zero, so that lengths of bars compare as their values
// do.
func (b *barRows) DataRange() (xmin, xmax, ymin, ymax float64) {
	for _, bar := range b.bars {
		xmin, xmax = min(xmin, bar.Low), max(xmax, bar.High)
	}
	if xmin == xmax {
		xmax = 1
	}
	return xmin, xmax, 0, float64(len(b.bars) - 1)
}

// Plot implements plot.Plotter.
func (b *barRows) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	half := (toY(1) - toY(0)) * 0.32
	zero := toX(0)
	for i, bar := range b.bars {
		y, end := toY(b.y(i)), toX(bar.Value)
		fill := okabeIto[0]
		if b.highlighted && !bar.Highlight {
			fill = pale(fill, 0.45)
		}
		fillRect(c, fill, vg.Rectangle{Min: vg.Point{X: min(zero, end), Y: y - half}, Max: vg.Point{X: max(zero, end), Y: y + half}})
		low, high := toX(bar.Low), toX(bar.High)
		if bar.High > bar.Low {
			style := draw.LineStyle{Color: ink, Width: 1.1}
			c.StrokeLine2(style, low, y, high, y)
			for _, x := range []vg.Length{low, high} {
				c.StrokeLine2(style, x, y-half*0.45, x, y+half*0.45)
			}
		}
		text := textStyle(tickSize)
		if bar.Highlight {
			text = boldStyle(tickSize)
		}
		value := strings.Replace(fmt.Sprintf("%.*f", b.decimals, bar.Value), "-", "−", 1)
		at := vg.Point{X: max(high, end) + 4, Y: y}
		if bar.Value < 0 {
			text.XAlign, at.X = draw.XRight, min(low, end)-4
		}
		fillMiddle(c, text, at, value)
	}
	c.StrokeLine2(draw.LineStyle{Color: ink, Width: 0.75}, zero, c.Min.Y, zero, c.Max.Y)
}
