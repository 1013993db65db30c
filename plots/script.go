package plots

import (
	"fmt"
	"image/color"
	"math"
	"strings"
	"sync"
	"unicode"

	"github.com/hajimehoshi/bitmapfont/v3"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// scripts draws text of any script. Liberation Sans has Latin, Greek, Cyrillic and Hebrew; letters of
// other scripts (Chinese, Japanese, Korean, Arabic and so on) are those of a bitmap font, whose pixels are
// drawn as squares, and letters that it has not either are written as their numbers, [U+0E41 0E21]. All
// of it is part of the program, so that a figure is the same on every machine. Text from right to left
// is put in the order in which it is seen; marks that combine stand behind their letter where there is
// no letter that has them.
type scripts struct{ text.Plain }

// textHandler is what all text of this package is measured and drawn by.
var textHandler = scripts{text.Plain{Fonts: font.DefaultCache}}

// pixelsPerEm is the size of the bitmap font.
const pixelsPerEm = 12

// run is a part of a line that is of one font.
type run struct {
	text  string
	pixel bool // Of the bitmap font.
}

// missing ends the numbers of letters that no font has while a line is divided.
const missing = "\x00"

// runs divides a line by the font that has its letters.
func runs(face font.Face, line string) []run {
	if isPlain(face, line) {
		return []run{{text: line}}
	}
	line = bitmapfont.PresentationForms(norm.NFC.String(line), bitmapfont.DirectionLeftToRight, language.Und)
	var all []run
	add := func(text string, pixel bool) {
		if n := len(all); n > 0 && all[n-1].pixel == pixel {
			all[n-1].text += text
		} else {
			all = append(all, run{text, pixel})
		}
	}
	for _, r := range line {
		switch {
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector): // Nothing to be seen.
		case has(face, r):
			add(string(r), false)
		case len(squares(r)) > 0 || unicode.IsSpace(r):
			add(string(r), true)
		default:
			if n := len(all); n > 0 && strings.HasSuffix(all[n-1].text, missing) {
				all[n-1].text = strings.TrimSuffix(all[n-1].text, missing) + fmt.Sprintf(" %04X", r) + missing
			} else {
				add(fmt.Sprintf("[U+%04X", r)+missing, false)
			}
		}
	}
	for i := range all {
		all[i].text = strings.ReplaceAll(all[i].text, missing, "]")
	}
	return all
}

// isPlain tells whether the font has all letters of a line, in the order in which they are seen.
func isPlain(face font.Face, line string) bool {
	return !strings.ContainsFunc(line, func(r rune) bool {
		return !has(face, r) || unicode.In(r, unicode.Hebrew, unicode.Mn, unicode.Cf)
	})
}

func has(face font.Face, r rune) bool {
	index, err := face.Face.GlyphIndex(new(sfnt.Buffer), r)
	return err == nil && index != 0
}

// drawn are the squares of each letter that was asked for.
var drawn sync.Map

// squares are the rows of pixels of a letter of the bitmap font, in pixels from the point on the
// baseline where it starts, with y up.
func squares(r rune) []vg.Rectangle {
	if known, ok := drawn.Load(r); ok {
		return known.([]vg.Rectangle)
	}
	rows := pixelRows(r)
	drawn.Store(r, rows)
	return rows
}

func pixelRows(r rune) []vg.Rectangle {
	bounds, mask, at, _, ok := bitmapfont.Face.Glyph(fixed.Point26_6{}, r)
	if !ok {
		return nil
	}
	var rows []vg.Rectangle
	set := func(x, y int) bool {
		_, _, _, a := mask.At(at.X+x-bounds.Min.X, at.Y+y-bounds.Min.Y).RGBA()
		return x < bounds.Max.X && a > 0
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if !set(x, y) {
				continue
			}
			from := x
			for set(x, y) {
				x++
			}
			rows = append(rows, vg.Rectangle{
				Min: vg.Point{X: vg.Length(from), Y: vg.Length(-y - 1)}, Max: vg.Point{X: vg.Length(x), Y: vg.Length(-y)},
			})
		}
	}
	return rows
}

// width is how wide a run is.
func (r run) width(face font.Face) vg.Length {
	if !r.pixel {
		return face.Width(r.text)
	}
	return face.Font.Size / pixelsPerEm * vg.Length(xfont.MeasureString(bitmapfont.Face, r.text)) / 64
}

// draw draws a run from a point on the baseline.
func (r run) draw(c vg.Canvas, face font.Face, at vg.Point) {
	if !r.pixel {
		c.FillString(face, at, r.text)
		return
	}
	unit := face.Font.Size / pixelsPerEm
	var path vg.Path
	for _, letter := range r.text {
		for _, square := range squares(letter) {
			for i, corner := range corners(square) {
				point := at.Add(corner.Scale(unit))
				if i == 0 {
					path.Move(point)
				} else {
					path.Line(point)
				}
			}
			path.Close()
		}
		advance, _ := bitmapfont.Face.GlyphAdvance(letter)
		at.X += unit * vg.Length(advance) / 64
	}
	if len(path) > 0 {
		c.Fill(path)
	}
}

// lineWidth is how wide a line is.
func lineWidth(face font.Face, line string) (width vg.Length) {
	for _, r := range runs(face, line) {
		width += r.width(face)
	}
	return width
}

// Box implements text.Handler.
func (s scripts) Box(line string, f font.Font) (width, height, depth vg.Length) {
	face := s.Fonts.Lookup(f, f.Size)
	extents := face.Extents()
	return lineWidth(face, line), extents.Ascent, extents.Descent
}

// Draw implements text.Handler, as text.Plain does but for the fonts.
func (s scripts) Draw(c vg.Canvas, txt string, style text.Style, at vg.Point) {
	txt = strings.TrimRight(txt, "\n")
	if txt == "" {
		return
	}
	face := s.Fonts.Lookup(style.Font, style.Font.Size)
	clr := style.Color
	if clr == nil {
		clr = color.Black
	}
	c.SetColor(clr)
	if style.Rotation != 0 {
		c.Push()
		defer c.Pop()
		c.Rotate(style.Rotation)
	}
	sin, cos := math.Sincos(style.Rotation)
	at.X, at.Y = at.Y*vg.Length(sin)+at.X*vg.Length(cos), at.Y*vg.Length(cos)-at.X*vg.Length(sin)
	lines := s.Lines(txt)
	at.Y += style.Height(txt)*vg.Length(style.YAlign) - face.Extents().Ascent
	for i, line := range lines {
		from := at.Add(vg.Point{X: vg.Length(style.XAlign) * lineWidth(face, line), Y: vg.Length(len(lines)-i) * style.Font.Size})
		for _, r := range runs(face, line) {
			r.draw(c, face, from)
			from.X += r.width(face)
		}
	}
}
