package plots

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"
	"strings"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas draws to SVG with text as outlines. gonum's vgsvg writes <text> that needs the
// Liberation fonts on the reader's machine (elsewhere another font changes every width), or embeds
// them whole, which is half a megabyte a figure. Here each glyph is defined once and placed with
// <use>: a chart is some 20 KB and looks the same everywhere.
type svgCanvas struct {
	width, height vg.Length
	body          bytes.Buffer
	state         []svgState
	glyphs        map[svgGlyph]int // to the number in the glyph's id
	outlines      []string
}

// svgState is what Push saves; groups counts the <g> that Pop has to close.
type svgState struct {
	color  color.Color
	width  vg.Length
	dashes []vg.Length
	offset vg.Length
	groups int
}

type svgGlyph struct {
	font  *sfnt.Font
	index sfnt.GlyphIndex
}

func newSVGCanvas(width, height vg.Length) *svgCanvas {
	c := &svgCanvas{width: width, height: height, state: []svgState{{}}, glyphs: map[svgGlyph]int{}}
	vg.Initialize(c)
	return c
}

func (c *svgCanvas) Size() (width, height vg.Length) { return c.width, c.height }

func (c *svgCanvas) top() *svgState { return &c.state[len(c.state)-1] }

func (c *svgCanvas) SetLineWidth(w vg.Length) { c.top().width = w }

func (c *svgCanvas) SetLineDash(dashes []vg.Length, offset vg.Length) {
	c.top().dashes, c.top().offset = dashes, offset
}

func (c *svgCanvas) SetColor(clr color.Color) {
	if clr == nil {
		clr = color.Black
	}
	c.top().color = clr
}

func (c *svgCanvas) group(transform string) {
	fmt.Fprintf(&c.body, "<g transform=\"%s\">\n", transform)
	c.top().groups++
}

// The document's y axis points down and vg's up. Coordinates are turned over as they are written,
// and a transform is written as its mirror image, so the glyphs need no second turn.

func (c *svgCanvas) Rotate(radians float64) {
	c.group(fmt.Sprintf("rotate(%s)", number(-radians*180/math.Pi)))
}

func (c *svgCanvas) Translate(p vg.Point) {
	c.group(fmt.Sprintf("translate(%s %s)", number(p.X.Points()), number(-p.Y.Points())))
}

func (c *svgCanvas) Scale(x, y float64) {
	c.group(fmt.Sprintf("scale(%s %s)", number(x), number(y)))
}

func (c *svgCanvas) Push() {
	saved := *c.top()
	saved.groups = 0
	c.state = append(c.state, saved)
}

func (c *svgCanvas) Pop() {
	c.body.WriteString(strings.Repeat("</g>\n", c.top().groups))
	c.state = c.state[:len(c.state)-1]
}

func (c *svgCanvas) Stroke(path vg.Path) {
	s := c.top()
	if s.width <= 0 {
		return
	}
	fmt.Fprintf(&c.body, `<path d="%s" fill="none"%s`, pathData(path), paintAttribute("stroke", s.color))
	if s.width.Points() != 1 {
		fmt.Fprintf(&c.body, ` stroke-width="%s"`, number(s.width.Points()))
	}
	if len(s.dashes) > 0 {
		lengths := make([]string, len(s.dashes))
		for i, d := range s.dashes {
			lengths[i] = number(d.Points())
		}
		fmt.Fprintf(&c.body, ` stroke-dasharray="%s" stroke-dashoffset="%s"`, strings.Join(lengths, " "), number(s.offset.Points()))
	}
	c.body.WriteString("/>\n")
}

func (c *svgCanvas) Fill(path vg.Path) {
	fmt.Fprintf(&c.body, "<path d=\"%s\"%s/>\n", pathData(path), paintAttribute("fill", c.top().color))
}

// FillString places text glyph by glyph.
func (c *svgCanvas) FillString(face font.Face, p vg.Point, text string) {
	if face.Font.Size == 0 || strings.TrimSpace(text) == "" {
		return
	}
	unit := face.Font.Size.Points() / float64(face.Face.UnitsPerEm())
	fmt.Fprintf(&c.body, "<g transform=\"translate(%s %s) scale(%s)\"%s>", number(p.X.Points()), number(-p.Y.Points()),
		strconv.FormatFloat(unit, 'g', 5, 64), paintAttribute("fill", c.top().color))
	placeGlyphs(face, text, func(index sfnt.GlyphIndex, x fixed.Int26_6) {
		fmt.Fprintf(&c.body, `<use href="#%s%d" x="%d"/>`, idPlaceholder, c.glyph(face.Face, index), x)
	})
	c.body.WriteString("</g>\n")
}

// glyph returns the number of an outline, which it defines on first use, in font units with y down.
func (c *svgCanvas) glyph(f *sfnt.Font, index sfnt.GlyphIndex) int {
	key := svgGlyph{f, index}
	if id, ok := c.glyphs[key]; ok {
		return id
	}
	var d strings.Builder
	for _, s := range glyphOutline(f, index) {
		letter, points := "M", 1
		switch s.Op {
		case sfnt.SegmentOpLineTo:
			letter = "L"
		case sfnt.SegmentOpQuadTo:
			letter, points = "Q", 2
		case sfnt.SegmentOpCubeTo:
			letter, points = "C", 3
		}
		d.WriteString(letter)
		for i, p := range s.Args[:points] {
			if i > 0 {
				d.WriteByte(' ')
			}
			fmt.Fprintf(&d, "%d %d", p.X, p.Y)
		}
	}
	id := len(c.outlines)
	c.glyphs[key] = id
	c.outlines = append(c.outlines, d.String())
	return id
}

func (c *svgCanvas) DrawImage(rect vg.Rectangle, img image.Image) {
	var content bytes.Buffer
	if err := png.Encode(&content, img); err != nil {
		panic(fmt.Errorf("encoding an image in the figure: %w", err))
	}
	size := rect.Size()
	fmt.Fprintf(&c.body, "<image x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,%s\"/>\n",
		number(rect.Min.X.Points()), number(-rect.Max.Y.Points()), number(size.X.Points()), number(size.Y.Points()),
		base64.StdEncoding.EncodeToString(content.Bytes()))
}

// idPlaceholder stands for the prefix of identifiers until the content, whose hash it becomes, is
// known.
const idPlaceholder = "\x00"

// document returns the whole SVG. The prefix of its identifiers is a hash of its content: figures
// in one page do not collide, and the same figure is the same bytes again.
func (c *svgCanvas) document(title string, width, height float64) string {
	var out strings.Builder
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%s\" height=\"%s\" viewBox=\"0 0 %s %s\">\n",
		number(width), number(height), number(c.width.Points()), number(c.height.Points()))
	if title != "" {
		fmt.Fprintf(&out, "<title>%s</title>\n", html.EscapeString(title))
	}
	out.WriteString("<defs>\n")
	for id, d := range c.outlines {
		fmt.Fprintf(&out, "<path id=\"%s%d\" d=\"%s\"/>\n", idPlaceholder, id, d)
	}
	fmt.Fprintf(&out, "</defs>\n<g transform=\"translate(0 %s)\">\n", number(c.height.Points()))
	out.Write(c.body.Bytes())
	for i := range c.state {
		out.WriteString(strings.Repeat("</g>\n", c.state[i].groups))
	}
	out.WriteString("</g>\n</svg>\n")
	hash := sha256.Sum256([]byte(out.String()))
	return strings.ReplaceAll(out.String(), idPlaceholder, fmt.Sprintf("g%x-", hash[:4]))
}

// pathData writes a path with y turned over, to a hundredth of a point.
func pathData(path vg.Path) string {
	var d strings.Builder
	point := func(p vg.Point) string { return number(p.X.Points()) + " " + number(-p.Y.Points()) }
	started := false
	for _, comp := range path {
		switch comp.Type {
		case vg.MoveComp:
			d.WriteString("M" + point(comp.Pos))
		case vg.LineComp:
			d.WriteString("L" + point(comp.Pos))
		case vg.CurveComp:
			d.WriteString(map[int]string{1: "Q", 2: "C"}[len(comp.Control)])
			for _, control := range comp.Control {
				d.WriteString(point(control) + " ")
			}
			d.WriteString(point(comp.Pos))
		case vg.ArcComp:
			at := func(angle float64) vg.Point {
				return comp.Pos.Add(vg.Point{X: comp.Radius * vg.Length(math.Cos(angle)), Y: comp.Radius * vg.Length(math.Sin(angle))})
			}
			// A whole circle ends where it starts, which SVG would draw as nothing: halves are
			// always well defined.
			letter := "L"
			if !started {
				letter = "M"
			}
			d.WriteString(letter + point(at(comp.Start)))
			radius, sweep := number(comp.Radius.Points()), 0
			if comp.Angle < 0 {
				sweep = 1
			}
			for _, fraction := range []float64{0.5, 1} {
				fmt.Fprintf(&d, "A%s %s 0 0 %d %s", radius, radius, sweep, point(at(comp.Start+fraction*comp.Angle)))
			}
		case vg.CloseComp:
			d.WriteByte('Z')
		}
		started = true
	}
	return d.String()
}

// paintAttribute is fill="#rrggbb" or stroke="…", with an opacity where the colour is translucent.
func paintAttribute(name string, clr color.Color) string {
	c := color.NRGBAModel.Convert(clr).(color.NRGBA)
	s := fmt.Sprintf(` %s="#%02x%02x%02x"`, name, c.R, c.G, c.B)
	if c.A < 255 {
		s += fmt.Sprintf(` %s-opacity="%s"`, name, number(float64(c.A)/255))
	}
	return s
}

// number writes v with at most two decimals.
func number(v float64) string {
	v = math.Round(v*100) / 100
	if v == 0 {
		return "0" // not -0
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
