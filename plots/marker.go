package plots

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// glyph is a marker of a series or class. gonum's own open glyphs are drawn with a hairline, which
// is lost at the size of a scatter's points; these have one visual weight.
type glyph = draw.GlyphDrawer

// markers stand beside colour, in an order that keeps neighbours unlike.
var markers = []glyph{
	draw.CircleGlyph{},
	polygon(regular(4, math.Pi/4, 1.2)),
	polygon(regular(3, math.Pi/2, 1.35)),
	polygon(regular(4, math.Pi/2, 1.3)),
	polygon(plus(0, 1.25)),
	polygon(regular(3, -math.Pi/2, 1.35)),
	polygon(plus(math.Pi/4, 1.25)),
	polygon(star()),
	ring{},
	polygon{{X: -1.3, Y: 1.3}, {X: 1.3, Y: 1.3}, {X: -1.3, Y: -1.3}, {X: 1.3, Y: -1.3}}, // an hourglass
}

// polygon is a filled shape whose corners are in units of the glyph's radius.
type polygon []vg.Point

func (shape polygon) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	points := make([]vg.Point, len(shape))
	for i, p := range shape {
		points[i] = at.Add(p.Scale(style.Radius))
	}
	c.FillPolygon(style.Color, points)
}

// ring is an open circle.
type ring struct{}

func (ring) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	c.SetLineStyle(draw.LineStyle{Color: style.Color, Width: style.Radius * 0.5})
	path := vg.Path{}
	path.Move(vg.Point{X: at.X + style.Radius*0.9, Y: at.Y})
	path.Arc(at, style.Radius*0.9, 0, 2*math.Pi)
	path.Close()
	c.Stroke(path)
}

// regular returns a regular polygon with one corner at the angle.
func regular(sides int, angle, radius float64) []vg.Point {
	points := make([]vg.Point, sides)
	for i := range points {
		points[i] = polar(angle+2*math.Pi*float64(i)/float64(sides), radius)
	}
	return points
}

// plus returns a plus sign with thick arms, turned by the angle.
func plus(angle, radius float64) []vg.Point {
	var points []vg.Point
	const half = 0.3 // of an arm's width, in radians at its end
	for arm := range 4 {
		a := angle + float64(arm)*math.Pi/2
		points = append(points, polar(a-half, radius), polar(a+half, radius), polar(a+math.Pi/4, radius*math.Sin(half)*math.Sqrt2))
	}
	return points
}

// star returns a star of five points.
func star() []vg.Point {
	var points []vg.Point
	for i := range 5 {
		a := math.Pi/2 + 2*math.Pi*float64(i)/5
		points = append(points, polar(a, 1.5), polar(a+math.Pi/5, 0.62))
	}
	return points
}

func polar(angle, radius float64) vg.Point {
	return vg.Point{X: vg.Length(radius * math.Cos(angle)), Y: vg.Length(radius * math.Sin(angle))}
}
