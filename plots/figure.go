package plots

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// Figure is a finished drawing. It draws itself anew for every format, so that SVG and PDF stay
// vectors and a PNG has the resolution that is asked for.
type Figure struct {
	// Title is the figure's title, which is also its text alternative where it is shown in a page.
	Title string

	// Width and Height are in CSS pixels (96 to the inch).
	Width, Height float64

	// chart is set where the figure is one set of axes, which Panels can stack over another.
	chart *chart
	// paint draws the figure on a canvas of its size.
	paint func(draw.Canvas)
	// photo marks figures of images: a PNG of them keeps every colour, and is smaller than an SVG
	// that holds them.
	photo bool
}

// pixel is one CSS pixel in the points that gonum/plot measures in.
const pixel = vg.Inch / 96

// scale is the number of device pixels to a CSS pixel in a PNG, so that it is sharp on dense
// screens and in print.
const scale = 2

// FromPlot makes a Figure of any gonum/plot plot, for charts that this package does not have. Width
// and height are in CSS pixels; zero means the house size, 640 × 400.
func FromPlot(p *plot.Plot, width, height float64) (*Figure, error) {
	if p == nil {
		return nil, errors.New("plots.FromPlot: p is nil")
	}
	if width < 0 || height < 0 {
		return nil, fmt.Errorf("plots.FromPlot: size is %g × %g; it must be positive pixels", width, height)
	}
	if width == 0 {
		width = chartWidth
	}
	if height == 0 {
		height = chartHeight
	}
	return &Figure{Title: p.Title.Text, Width: width, Height: height, paint: p.Draw}, nil
}

// Save writes the figure to path in the format of its extension, .svg, .png (two pixels to a CSS
// pixel) or .pdf, and makes the folder where it is missing.
func (f *Figure) Save(path string) error {
	encode, ok := map[string]func() ([]byte, error){
		".svg": func() ([]byte, error) { s, err := f.SVG(); return []byte(s), err },
		".png": f.PNG,
		".pdf": f.pdf,
	}[strings.ToLower(filepath.Ext(path))]
	if !ok {
		return fmt.Errorf("plots: saving %q: the extension must be .svg, .png or .pdf", path)
	}
	content, err := encode()
	if err != nil {
		return fmt.Errorf("plots: saving %q: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("plots: saving %q: %w", path, err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return fmt.Errorf("plots: saving %q: %w", path, err)
	}
	return nil
}

// SVG returns the figure as a self-contained SVG document. Text is drawn as outlines, so it looks
// the same with or without the fonts, and identifiers are unique to the figure, so many can stand
// inline in one page.
func (f *Figure) SVG() (svg string, err error) {
	defer recoverDrawing(&err)
	c := newSVGCanvas(vg.Length(f.Width)*pixel, vg.Length(f.Height)*pixel)
	f.draw(draw.New(c))
	return c.document(f.Title, f.Width, f.Height), nil
}

// PNG returns the figure as a PNG with two pixels to a CSS pixel.
func (f *Figure) PNG() ([]byte, error) { return f.encodePNG(scale) }

// Image draws the figure with the given number of pixels to a CSS pixel, which must be at least 1.
func (f *Figure) Image(scale int) (img image.Image, err error) {
	if scale < 1 {
		return nil, fmt.Errorf("plots.Image: scale is %d; it must be at least 1", scale)
	}
	defer recoverDrawing(&err)
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(f.Width)*pixel, vg.Length(f.Height)*pixel), vgimg.UseDPI(96*scale))
	f.draw(draw.New(c))
	return c.Image(), nil
}

func (f *Figure) encodePNG(scale int) ([]byte, error) {
	img, err := f.Image(scale)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if !f.photo {
		img = paletted(img)
	}
	if err := encoder.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("encoding PNG: %w", err)
	}
	return out.Bytes(), nil
}

func (f *Figure) pdf() (content []byte, err error) {
	defer recoverDrawing(&err)
	c := vgpdf.New(vg.Length(f.Width)*pixel, vg.Length(f.Height)*pixel)
	f.draw(draw.New(pdfCanvas{c}))
	var out bytes.Buffer
	if _, err := c.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("encoding PDF: %w", err)
	}
	return out.Bytes(), nil
}

func (f *Figure) draw(c draw.Canvas) {
	c.FillPolygon(color.White, corners(c.Rectangle))
	f.paint(c)
}

// recoverDrawing turns a panic of gonum/plot, which has no other way to report a plotter's misuse,
// into an error.
func recoverDrawing(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("plots: drawing: %v", r)
	}
}

func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}
