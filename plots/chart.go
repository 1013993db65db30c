package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// chart is one set of axes with its title and legend, laid out in the house style: the title at the
// top left, the legend in rows under it or in a column at the right, the axes in what remains.
type chart struct {
	title  string
	plot   *plot.Plot
	legend legend
	column bool // legend as a column at the right, for many short names
	square bool // equal units on both axes
}

// margin is the room at the edges of every figure.
const margin = vg.Length(6)

// figure wraps the chart at a size in CSS pixels.
func (ch *chart) figure(width, height float64) *Figure {
	return &Figure{Title: ch.title, Width: width, Height: height, chart: ch, paint: ch.draw}
}

func (ch *chart) draw(c draw.Canvas) {
	body := ch.drawHead(draw.Crop(c, margin, -margin, margin, -margin))
	ch.drawAxes(body, 0)
}

// head is the height of the title and of a legend in rows, at a width.
func (ch *chart) head(width vg.Length) vg.Length {
	height := titleHeight(ch.title, width)
	if len(ch.legend) > 0 && !ch.column {
		height += ch.legend.height(width) + 3
	}
	return height
}

// drawHead draws title and legend and returns the canvas that is left for the axes.
func (ch *chart) drawHead(c draw.Canvas) draw.Canvas {
	under := drawTitle(c, ch.title)
	switch {
	case len(ch.legend) == 0:
		return under
	case ch.column:
		width := ch.legend.columnWidth()
		ch.legend.drawColumn(draw.Crop(under, under.Size().X-width, 0, 0, -2))
		return draw.Crop(under, 0, -(width + 10), 0, 0)
	default:
		ch.legend.drawRows(under)
		return draw.Crop(c, 0, 0, 0, -ch.head(c.Size().X))
	}
}

// axisFoot is about the height of the x axis's numbers and name, which the y axis's name stays above.
const axisFoot = vg.Length(40)

// left is the width of what stands left of the data: tick labels and the axis's name.
func (ch *chart) left(c draw.Canvas) vg.Length { return ch.plot.DataCanvas(c).Min.X - c.Min.X }

// right is the width of what stands right of the data: half of the last tick's label.
func (ch *chart) right(c draw.Canvas) vg.Length { return c.Max.X - ch.plot.DataCanvas(c).Max.X }

// drawAxes draws the axes, with their data from indent further right than they need.
func (ch *chart) drawAxes(c draw.Canvas, indent vg.Length) {
	p := *ch.plot // drawing must not change the chart
	p.X.Label.Text = shorten(p.X.Label.TextStyle, p.X.Label.Text, c.Size().X-ch.left(c))
	p.Y.Label.Text = shorten(p.Y.Label.TextStyle, p.Y.Label.Text, c.Size().Y-axisFoot)
	if p.Y.Label.Text == "" {
		c = draw.Crop(c, indent, 0, 0, 0)
	} else {
		p.Y.Label.Padding += indent // so that the names of several charts' axes stay in line
	}
	if ch.square {
		equalUnits(&p, c)
	}
	p.Draw(c)
}

// equalUnits widens the shorter axis so that distances along both compare, as they must in an
// embedding.
func equalUnits(p *plot.Plot, c draw.Canvas) {
	data := p.DataCanvas(c).Size()
	x, y := &p.X, &p.Y
	perX, perY := (x.Max-x.Min)/float64(data.X), (y.Max-y.Min)/float64(data.Y)
	if perX < perY {
		extra := perY*float64(data.X) - (x.Max - x.Min)
		x.Min, x.Max = x.Min-extra/2, x.Max+extra/2
	} else {
		extra := perX*float64(data.Y) - (y.Max - y.Min)
		y.Min, y.Max = y.Min-extra/2, y.Max+extra/2
	}
}

// titleHeight is the height of a title at a width.
func titleHeight(title string, width vg.Length) vg.Length {
	if title == "" {
		return 0
	}
	return titleLine*vg.Length(len(wrapTo(boldStyle(titleSize), title, width, titleLines))) + 4
}

const (
	titleLine  = vg.Length(titleSize * 1.25)
	titleLines = 3 // At most.
)

// drawTitle draws a title, broken into lines where it is wider than the canvas, and returns the
// canvas under it.
func drawTitle(c draw.Canvas, title string) draw.Canvas {
	if title == "" {
		return c
	}
	style := aligned(boldStyle(titleSize), draw.XLeft, draw.YTop)
	for i, line := range wrapTo(style, title, c.Size().X, titleLines) {
		c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y - titleLine*vg.Length(i)}, line)
	}
	return draw.Crop(c, 0, 0, 0, -titleHeight(title, c.Size().X))
}
