package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// entry names one series of a chart; its samples are drawn over each other in front of the name.
// Without samples it is a remark.
type entry struct {
	name    string
	samples []plot.Thumbnailer
}

// legend is what the series of a chart are called. It stands outside the data: in rows under the
// title, or in a column at the right.
type legend []entry

const (
	sampleWidth = vg.Length(22)
	sampleGap   = vg.Length(4)
	entryGap    = vg.Length(14)
	rowHeight   = vg.Length(14)
)

func (e entry) width() vg.Length { return e.indent() + textStyle(tickSize).Width(e.name) }

// indent is the room of the samples before the name.
func (e entry) indent() vg.Length {
	if len(e.samples) == 0 {
		return 0
	}
	return sampleWidth + sampleGap
}

// height is the height of the legend in rows.
func (l legend) height(width vg.Length) vg.Length { return rowHeight * vg.Length(len(l.rows(width))) }

// fit is the legend with names no wider than a width leaves room for.
func (l legend) fit(width vg.Length) legend {
	out := make(legend, len(l))
	for i, e := range l {
		out[i] = entry{shorten(textStyle(tickSize), e.name, width-e.indent()), e.samples}
	}
	return out
}

// widestColumn is the most width of a legend as a column.
const widestColumn = vg.Length(180)

// rows breaks the legend into as many rows as a width needs.
func (l legend) rows(width vg.Length) []legend {
	var rows []legend
	var used vg.Length
	for _, e := range l.fit(width) {
		if len(rows) == 0 || used+entryGap+e.width() > width {
			rows = append(rows, legend{e})
			used = e.width()
			continue
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], e)
		used += entryGap + e.width()
	}
	return rows
}

// columnWidth is the width of the legend as a column.
func (l legend) columnWidth() vg.Length {
	var width vg.Length
	for _, e := range l.fit(widestColumn) {
		width = max(width, e.width())
	}
	return width
}

// drawRows draws the legend from the canvas's top left.
func (l legend) drawRows(c draw.Canvas) {
	for i, row := range l.rows(c.Size().X) {
		x := c.Min.X
		for _, e := range row {
			e.draw(c, vg.Point{X: x, Y: c.Max.Y - rowHeight*(vg.Length(i)+0.5)})
			x += e.width() + entryGap
		}
	}
}

// drawColumn draws one entry under the other from the canvas's top left.
func (l legend) drawColumn(c draw.Canvas) {
	for i, e := range l.fit(widestColumn) {
		e.draw(c, vg.Point{X: c.Min.X, Y: c.Max.Y - rowHeight*(vg.Length(i)+0.5)})
	}
}

// draw draws the samples and the name to the right of a point, centred on its height.
func (e entry) draw(c draw.Canvas, at vg.Point) {
	sample := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: at.X, Y: at.Y - 4.5},
		Max: vg.Point{X: at.X + sampleWidth, Y: at.Y + 4.5},
	}}
	for _, s := range e.samples {
		s.Thumbnail(&sample)
	}
	style := textStyle(tickSize)
	if len(e.samples) == 0 {
		style.Color = faintInk
	}
	fillMiddle(c, style, vg.Point{X: at.X + e.indent(), Y: at.Y}, e.name)
}

// fillMiddle draws text with the middle of its capitals at the height of the point. text.YCenter
// would centre the whole line, which has room for descenders and so looks low.
func fillMiddle(c draw.Canvas, style draw.TextStyle, at vg.Point, text string) {
	at.Y -= style.FontExtents().Ascent * 0.38
	c.FillText(style, at, text)
}
