package plots

import (
	"fmt"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"gonum.org/v1/plot/font"
)

// placeGlyphs calls place for each visible glyph of text with its distance from the start, in font
// units. It measures as font.Face.Width does, kerning included, so that alignment is exact.
func placeGlyphs(face font.Face, text string, place func(index sfnt.GlyphIndex, x fixed.Int26_6)) {
	var (
		buffer   sfnt.Buffer
		perEm    = fixed.Int26_6(face.Face.UnitsPerEm())
		x        fixed.Int26_6
		previous sfnt.GlyphIndex
	)
	for i, r := range text {
		index, err := face.Face.GlyphIndex(&buffer, r)
		if err != nil {
			panic(fmt.Errorf("glyph of %q: %w", r, err))
		}
		if i > 0 {
			if kern, err := face.Face.Kern(&buffer, previous, index, perEm, xfont.HintingNone); err == nil {
				x += kern
			}
		}
		if r != ' ' {
			place(index, x)
		}
		advance, err := face.Face.GlyphAdvance(&buffer, index, perEm, xfont.HintingNone)
		if err != nil {
			panic(fmt.Errorf("width of %q: %w", r, err))
		}
		x += advance
		previous = index
	}
}

// glyphOutline returns the outline of a glyph in font units, with y down.
func glyphOutline(f *sfnt.Font, index sfnt.GlyphIndex) sfnt.Segments {
	segments, err := f.LoadGlyph(new(sfnt.Buffer), index, fixed.Int26_6(f.UnitsPerEm()), nil)
	if err != nil {
		panic(fmt.Errorf("outline of glyph %d: %w", index, err))
	}
	return segments
}
