package plots

import (
	"image"
	"image/color"

	"github.com/disintegration/imaging"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// pdfCanvas draws to PDF through vgpdf, and in place of it what that gets wrong at v0.17.0: text,
// translucent colours and images.
type pdfCanvas struct{ *vgpdf.Canvas }

// SetColor hands on the colour as PDF wants it, with its full channels beside the opacity. vgpdf
// takes the channels that are already multiplied by it, and so draws translucent areas too dark.
func (c pdfCanvas) SetColor(clr color.Color) {
	if clr == nil {
		clr = color.Black
	}
	c.Canvas.SetColor(straight(color.NRGBAModel.Convert(clr).(color.NRGBA)))
}

// straight is a colour whose RGBA method does not multiply by the opacity.
type straight color.NRGBA

func (s straight) RGBA() (r, g, b, a uint32) {
	return uint32(s.R) * 0x101, uint32(s.G) * 0x101, uint32(s.B) * 0x101, uint32(s.A) * 0x101
}

// DrawImage turns the image over, since vgpdf draws it in its turned coordinates upside down.
func (c pdfCanvas) DrawImage(rect vg.Rectangle, img image.Image) {
	c.Canvas.DrawImage(rect, imaging.FlipV(img))
}

// FillString draws text as outlines: vgpdf's own text has neither bold nor characters outside the
// Windows Latin code page, such as the square root or the minus sign.
func (c pdfCanvas) FillString(face font.Face, at vg.Point, text string) {
	unit := face.Font.Size / vg.Length(face.Face.UnitsPerEm())
	var path vg.Path
	placeGlyphs(face, text, func(index sfnt.GlyphIndex, x fixed.Int26_6) {
		point := func(p fixed.Point26_6) vg.Point {
			return vg.Point{X: at.X + unit*vg.Length(x+p.X), Y: at.Y - unit*vg.Length(p.Y)}
		}
		for i, s := range glyphOutline(face.Face, index) {
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				if i > 0 {
					path.Close()
				}
				path.Move(point(s.Args[0]))
			case sfnt.SegmentOpLineTo:
				path.Line(point(s.Args[0]))
			case sfnt.SegmentOpQuadTo:
				path.QuadTo(point(s.Args[0]), point(s.Args[1]))
			case sfnt.SegmentOpCubeTo:
				path.CubeTo(point(s.Args[0]), point(s.Args[1]), point(s.Args[2]))
			}
		}
		path.Close()
	})
	if len(path) > 0 {
		c.Fill(path)
	}
}
