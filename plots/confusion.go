package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Confusion draws a confusion matrix: rows are true classes, columns predicted classes, and
// counts[i][j] is how many of class i were taken for class j. The colour is the share of the row,
// so that frequent classes do not outshine rare ones. Cells show the share in percent over the
// count; with more than about a dozen classes only the percent, with more than about 24 none (the
// colour bar remains), and with more than about 45 the classes are numbered. A class of which there
// was no example has an empty row.
func Confusion(title string, counts [][]int, classes []string) (*Figure, error) {
	if len(counts) == 0 {
		return nil, errors.New("plots.Confusion: counts is empty")
	}
	if len(classes) != len(counts) {
		return nil, fmt.Errorf("plots.Confusion: classes has %d names, but counts has %d rows", len(classes), len(counts))
	}
	for i, row := range counts {
		if len(row) != len(counts) {
			return nil, fmt.Errorf("plots.Confusion: counts[%d] has %d columns; it must have %d: the matrix is square", i, len(row), len(counts))
		}
		for j, n := range row {
			if n < 0 {
				return nil, fmt.Errorf("plots.Confusion: counts[%d][%d] is %d; it must be at least 0", i, j, n)
			}
		}
	}
	m := newMatrix(title, counts, classes)
	width, height := m.size()
	return &Figure{Title: title, Width: width, Height: height, paint: m.draw}, nil
}

// matrix is a confusion matrix with its layout in points.
type matrix struct {
	title   string
	counts  [][]int
	classes []string

	cell   vg.Length
	left   vg.Length // of the class names at the left
	bottom vg.Length // of the class names at the bottom
	tilted bool      // the names at the bottom, where they are wider than a cell
}

const (
	matrixSide   = vg.Length(350)
	longestName  = vg.Length(110)
	bothInCell   = vg.Length(27) // the least cell for percent and count
	shareInCell  = vg.Length(14) // the least cell for the percent alone
	namedCell    = vg.Length(8)  // the least cell for a name beside it
	barWidth     = vg.Length(9)
	barGap       = vg.Length(14)
	barNumbers   = vg.Length(30)
	axisNameRoom = vg.Length(18)
)

func newMatrix(title string, counts [][]int, classes []string) *matrix {
	m := &matrix{title: title, counts: counts, classes: make([]string, len(classes))}
	m.cell = min(matrixSide/vg.Length(len(counts)), 64)
	style := m.nameStyle()
	for i, name := range classes {
		if m.cell < namedCell {
			name = ""
			if i%10 == 0 {
				name = strconv.Itoa(i)
			}
		}
		m.classes[i] = shorten(style, name, longestName)
		m.left = max(m.left, style.Width(m.classes[i]))
	}
	m.bottom = style.Height("Ag")
	if m.tilted = m.cell >= namedCell && m.left > m.cell-4; m.tilted {
		m.bottom = (m.left + m.bottom) * math.Sqrt2 / 2
	}
	return m
}

func (m *matrix) nameStyle() draw.TextStyle {
	if m.cell < namedCell {
		return textStyle(tickSize)
	}
	return textStyle(math.Min(tickSize, float64(m.cell)*0.9))
}

// size is the figure's size in CSS pixels.
func (m *matrix) size() (width, height float64) {
	side := m.cell * vg.Length(len(m.counts))
	w := 2*margin + axisNameRoom + m.left + 6 + side + barGap + barWidth + barNumbers
	if w < boldStyle(titleSize).Width(m.title)+2*margin {
		w = min(boldStyle(titleSize).Width(m.title)+2*margin, max(w, 300))
	}
	h := 2*margin + titleHeight(m.title, w-2*margin) + rowHeight + side + 6 + m.bottom + axisNameRoom
	return math.Ceil(float64(w / pixel)), math.Ceil(float64(h / pixel))
}

func (m *matrix) draw(c draw.Canvas) {
	c = drawTitle(draw.Crop(c, margin, -margin, margin, -margin), m.title)
	legend{{name: m.remark()}}.drawRows(c)
	c = draw.Crop(c, 0, 0, 0, -rowHeight)
	n := len(m.counts)
	side := m.cell * vg.Length(n)
	corner := vg.Point{X: c.Min.X + axisNameRoom + m.left + 6, Y: c.Max.Y} // of the matrix, top left
	for i, row := range m.counts {
		total := 0
		for _, count := range row {
			total += count
		}
		for j, count := range row {
			m.drawCell(c, corner.Add(vg.Point{X: vg.Length(j) * m.cell, Y: -vg.Length(i+1) * m.cell}), count, total)
		}
	}
	strokeRect(c, draw.LineStyle{Color: ink, Width: 0.75}, vg.Rectangle{
		Min: corner.Sub(vg.Point{Y: side}), Max: corner.Add(vg.Point{X: side}),
	})
	m.drawNames(c, corner, side)
	m.drawBar(c, corner.Add(vg.Point{X: side + barGap}), side)
}

// remark says what colours and numbers are.
func (m *matrix) remark() string {
	switch {
	case m.cell >= bothInCell:
		return "colour and upper number: % of the true class; lower: count"
	case m.cell >= shareInCell:
		return "colour and number: % of the true class"
	default:
		return "colour: % of the true class"
	}
}

// seam is how far a rectangle reaches under the next one: edges that only meet would let the ground
// show through.
const seam = vg.Length(0.4)

// drawCell draws the cell at its lower left corner.
func (m *matrix) drawCell(c draw.Canvas, at vg.Point, count, total int) {
	cell := vg.Rectangle{Min: at.Sub(vg.Point{Y: seam}), Max: at.Add(vg.Point{X: m.cell + seam, Y: m.cell})}
	if total == 0 {
		fillRect(c, noData, cell)
		return
	}
	share := float64(count) / float64(total)
	ground := blues(share)
	fillRect(c, ground, cell)
	if m.cell < shareInCell || count == 0 && m.cell < bothInCell {
		return
	}
	middle := at.Add(vg.Point{X: m.cell / 2, Y: m.cell / 2})
	style := textStyle(math.Min(tickSize+1, float64(m.cell)*0.42))
	style.XAlign, style.Color = draw.XCenter, readable(ground)
	if m.cell < bothInCell {
		fillMiddle(c, style, middle, percent(share))
		return
	}
	fillMiddle(c, style, middle.Add(vg.Point{Y: min(m.cell*0.15, 6)}), percent(share))
	style.Font.Size *= 0.8
	fillMiddle(c, style, middle.Sub(vg.Point{Y: min(m.cell*0.2, 8)}), strconv.Itoa(count))
}

// percent writes a share as a whole percentage that says neither nothing of a few nor all of most.
func percent(share float64) string {
	switch p := 100 * share; {
	case p > 0 && p < 0.5:
		return "<1"
	case p < 100 && p >= 99.5:
		return ">99"
	default:
		return strconv.Itoa(int(math.Round(p)))
	}
}

func (m *matrix) drawNames(c draw.Canvas, corner vg.Point, side vg.Length) {
	rows := m.nameStyle()
	rows.XAlign = draw.XRight
	columns := aligned(m.nameStyle(), draw.XCenter, draw.YTop)
	if m.tilted {
		columns = aligned(m.nameStyle(), draw.XRight, draw.YCenter)
		columns.Rotation = math.Pi / 4
	}
	for i, name := range m.classes {
		middle := vg.Length(float64(i)+0.5) * m.cell
		fillMiddle(c, rows, corner.Add(vg.Point{X: -5, Y: -middle}), name)
		at := corner.Add(vg.Point{X: middle, Y: -side - 4})
		if m.tilted {
			at = at.Add(vg.Point{X: 2, Y: -1})
		}
		c.FillText(columns, at, name)
	}
	axis := aligned(textStyle(labelSize), draw.XCenter, draw.YBottom)
	c.FillText(axis, vg.Point{X: corner.X + side/2, Y: c.Min.Y}, "predicted class")
	axis.Rotation = math.Pi / 2
	axis.YAlign = draw.YTop
	c.FillText(axis, vg.Point{X: c.Min.X, Y: corner.Y - side/2}, "true class")
}

// drawBar draws the scale of the colours from its top left corner.
func (m *matrix) drawBar(c draw.Canvas, corner vg.Point, height vg.Length) {
	const steps = 64
	for i := range steps {
		step := vg.Rectangle{
			Min: corner.Add(vg.Point{Y: -height + height*vg.Length(i)/steps}),
			Max: corner.Add(vg.Point{X: barWidth, Y: min(0, -height+height*vg.Length(i+1)/steps+seam)}),
		}
		fillRect(c, blues((float64(i)+0.5)/steps), step)
	}
	strokeRect(c, draw.LineStyle{Color: ink, Width: 0.5}, vg.Rectangle{
		Min: corner.Sub(vg.Point{Y: height}), Max: corner.Add(vg.Point{X: barWidth}),
	})
	style := aligned(textStyle(tickSize-1), draw.XLeft, draw.YCenter)
	for _, p := range []int{0, 25, 50, 75, 100} {
		y := -height + height*vg.Length(p)/100
		y = min(max(y, -height+4), -4) // keep the numbers at the ends within the bar
		c.FillText(style, corner.Add(vg.Point{X: barWidth + 3, Y: y}), fmt.Sprintf("%d %%", p))
	}
}

// bluesStops are five colours of ColorBrewer's Blues (Brewer et al.): one hue that darkens evenly,
// so that it reads the same in colour-blindness and in grey.
var bluesStops = []color.NRGBA{
	{0xf7, 0xfb, 0xff, 0xff}, {0xc6, 0xdb, 0xef, 0xff}, {0x6b, 0xae, 0xd6, 0xff}, {0x21, 0x71, 0xb5, 0xff}, {0x08, 0x30, 0x6b, 0xff},
}

// blues is the colour of a share in [0, 1].
func blues(share float64) color.NRGBA {
	at := share * float64(len(bluesStops)-1)
	i := min(int(at), len(bluesStops)-2)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (at-float64(i))*(float64(b)-float64(a)))) }
	a, b := bluesStops[i], bluesStops[i+1]
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// readable is the colour of text on a ground: dark or white, whichever has the greater contrast
// (WCAG 2, relative luminance).
func readable(ground color.NRGBA) color.NRGBA {
	if contrast(ground, white) > contrast(ground, ink) {
		return white
	}
	return ink
}

func contrast(a, b color.NRGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}
