package plots

import (
	"image/color"
	"math"

	xfont "golang.org/x/image/font"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The house size of a chart, in CSS pixels: it fits a notebook cell and a column of a paper.
const (
	chartWidth  = 640
	chartHeight = 400
)

// Text sizes in points: at the house size they are 16, 13 and 12 CSS pixels.
const (
	titleSize = 12
	labelSize = 10
	tickSize  = 9
)

var (
	ink       = color.NRGBA{0x22, 0x22, 0x22, 0xff} // text and axes
	faintInk  = color.NRGBA{0x66, 0x66, 0x66, 0xff} // captions, reference lines
	gridColor = color.NRGBA{0xe3, 0xe3, 0xe3, 0xff}
	white     = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	noData    = color.NRGBA{0xf2, 0xf2, 0xf2, 0xff}
)

// okabeIto are the colours of Okabe and Ito, "Color Universal Design" (2008), in an order that
// keeps neighbours far apart; their yellow is left out, since a line of it is hard to see on white.
var okabeIto = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // bluish green
	{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	{0x00, 0x00, 0x00, 0xff}, // black
}

// petroff10 are the ten colours of Petroff, "Accessible color sequences for data visualization"
// (arXiv 2107.02270), chosen by a model of preference under a least distance in three kinds of
// colour-blindness: for ten classes.
var petroff10 = []color.NRGBA{
	{0x3f, 0x90, 0xda, 0xff}, {0xff, 0xa9, 0x0e, 0xff}, {0xbd, 0x1f, 0x01, 0xff}, {0x94, 0xa4, 0xa2, 0xff},
	{0x83, 0x2d, 0xb6, 0xff}, {0xa9, 0x6b, 0x59, 0xff}, {0xe7, 0x63, 0x00, 0xff}, {0xb9, 0xac, 0x70, 0xff},
	{0x71, 0x75, 0x81, 0xff}, {0x92, 0xda, 0xdd, 0xff},
}

// dashes tell lines apart without colour. Their count has no factor in common with okabeIto's, so
// the pair repeats only after 35 lines.
var dashes = [][]vg.Length{nil, {6, 2.5}, {2, 2}, {8, 2, 2, 2}, {4, 2, 1.5, 2, 1.5, 2}}

func seriesColor(i int) color.NRGBA { return okabeIto[i%len(okabeIto)] }
func seriesDash(i int) []vg.Length  { return dashes[i%len(dashes)] }
func seriesMarker(i int) glyph      { return markers[i%len(markers)] }
func classColor(i int) color.NRGBA  { return petroff10[i%len(petroff10)] }
func classMarker(i int) glyph       { return markers[(i+i/len(petroff10))%len(markers)] }

// alpha returns c with opacity a in [0, 1].
func alpha(c color.NRGBA, a float64) color.NRGBA {
	c.A = uint8(math.Round(255 * a))
	return c
}

// pale returns c mixed with white, opaque, for what lies behind: share is how much of c remains.
func pale(c color.NRGBA, share float64) color.NRGBA {
	mix := func(v uint8) uint8 { return uint8(math.Round(255 - share*(255-float64(v)))) }
	return color.NRGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}

// textStyle is Liberation Sans at a size in points, aligned left on the baseline.
func textStyle(size float64) text.Style {
	return text.Style{
		Color:   ink,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)},
		Handler: textHandler,
	}
}

func boldStyle(size float64) text.Style {
	s := textStyle(size)
	s.Font.Weight = xfont.WeightBold
	return s
}

// aligned returns the style with its anchor moved: −1 puts the text left of (below) the point, −0.5
// centres it.
func aligned(s text.Style, x text.XAlignment, y text.YAlignment) text.Style {
	s.XAlign, s.YAlign = x, y
	return s
}

// newAxes returns an empty plot in the house style, without a title: the chart draws that.
func newAxes(xlabel, ylabel string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = xlabel, ylabel
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		label, tick := axis.Label.TextStyle, axis.Tick.Label
		axis.Label.TextStyle = aligned(textStyle(labelSize), label.XAlign, label.YAlign)
		axis.Label.TextStyle.Rotation = label.Rotation
		axis.Label.Padding = 3
		axis.Tick.Label = aligned(textStyle(tickSize), tick.XAlign, tick.YAlign)
		axis.Tick.Length = 4
		axis.Color, axis.Tick.Color = ink, ink
		axis.Width, axis.Tick.LineStyle.Width = 0.75, 0.75
		axis.Tick.Marker = roundTicks{}
		axis.Padding = 0
	}
	return p
}

// newPlot returns axes with the grid that lines are read by.
func newPlot(xlabel, ylabel string) *plot.Plot {
	p := newAxes(xlabel, ylabel)
	p.Add(&plotter.Grid{Vertical: gridLine, Horizontal: gridLine})
	return p
}

var gridLine = draw.LineStyle{Color: gridColor, Width: vg.Points(0.5)}

// widen leaves room around the data on an axis, as a share of its range; a single value gets room
// too.
func widen(axis *plot.Axis, below, above float64) {
	span := axis.Max - axis.Min
	if span == 0 {
		span = max(math.Abs(axis.Max), 1) / 10
	}
	axis.Min -= below * span
	axis.Max += above * span
}

// fillRect fills a rectangle with one colour.
func fillRect(c draw.Canvas, clr color.Color, r vg.Rectangle) { c.FillPolygon(clr, corners(r)) }

// strokeRect draws the outline of a rectangle, centred on its edges.
func strokeRect(c draw.Canvas, style draw.LineStyle, r vg.Rectangle) {
	c.SetLineStyle(style)
	path := vg.Path{}
	for i, p := range corners(r) {
		if i == 0 {
			path.Move(p)
		} else {
			path.Line(p)
		}
	}
	path.Close()
	c.Stroke(path)
}
