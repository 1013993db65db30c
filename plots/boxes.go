package plots

import (
	"errors"
	"fmt"
	"image"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// BoxPicture is an image with boxes in it.
type BoxPicture struct {
	Image image.Image // of any size
	Boxes []Box       // the last one is drawn on top
}

// Box is a rectangle in an image.
type Box struct {
	X0, Y0, X1, Y1 float64 // in pixels of the image, from its top left corner; what lies outside is cut off
	Class          int     // at least 0; decides the colour
	Label          string  // written at the box's top left corner; may be empty
}

// mostBoxTile is the largest side of an image with boxes, in CSS pixels: their labels need room.
const mostBoxTile = 220

// Boxes draws rows of images with their boxes, in a colour and with a label each, with optional names
// of rows. Images are enlarged or reduced as in ImageGrid, but larger.
func Boxes(title string, rows [][]BoxPicture, rowLabels []string) (*Figure, error) {
	var images []image.Image
	columns := 0
	for i, row := range rows {
		columns = max(columns, len(row))
		for j, p := range row {
			if p.Image == nil {
				return nil, fmt.Errorf("plots.Boxes: rows[%d][%d] has no image", i, j)
			}
			images = append(images, p.Image)
			for k, b := range p.Boxes {
				if err := b.check(); err != nil {
					return nil, fmt.Errorf("plots.Boxes: rows[%d][%d]: box %d: %w", i, j, k, err)
				}
			}
		}
	}
	switch {
	case len(images) == 0:
		return nil, errors.New("plots.Boxes: rows has no image")
	case rowLabels != nil && len(rowLabels) != len(rows):
		return nil, fmt.Errorf("plots.Boxes: rowLabels has %d names, but rows has %d", len(rowLabels), len(rows))
	}
	tile, err := tileSizeUpTo(mostBoxTile, images, columns)
	if err != nil {
		return nil, fmt.Errorf("plots.Boxes: rows: %w", err)
	}
	g := &boxGrid{imageGrid{title: title, rowLabels: rowLabels, tile: tile}, rows}
	for _, row := range rows {
		enlarged := make([]image.Image, len(row))
		for j, p := range row {
			enlarged[j] = enlarge(p.Image, tile)
		}
		g.imageGrid.rows = append(g.imageGrid.rows, enlarged)
	}
	g.layOut(columns, nil)
	return &Figure{Title: title, Width: g.width, Height: g.height, paint: g.draw, photo: true}, nil
}

// check says what is wrong with a box.
func (b Box) check() error {
	for _, v := range []float64{b.X0, b.Y0, b.X1, b.Y1} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("a side is %v; it must be finite", v)
		}
	}
	switch {
	case b.X1 < b.X0 || b.Y1 < b.Y0:
		return fmt.Errorf("it goes from (%g, %g) to (%g, %g), which is not to the right and down", b.X0, b.Y0, b.X1, b.Y1)
	case b.Class < 0:
		return fmt.Errorf("Class is %d; it must be at least 0", b.Class)
	}
	return nil
}

// boxGrid is a grid of images with boxes on them.
type boxGrid struct {
	imageGrid
	pictures [][]BoxPicture
}

func (g *boxGrid) draw(c draw.Canvas) {
	g.imageGrid.draw(c)
	for i, row := range g.pictures {
		for j, p := range row {
			drawn := g.rows[i][j].Bounds().Size().Div(scale)
			x := g.left + float64(j*(g.tile.X+tileGap)) + float64((g.tile.X-drawn.X)/2)
			y := g.top + float64(i*(g.tile.Y+tileGap)) + float64((g.tile.Y-drawn.Y)/2)
			size := p.Image.Bounds().Size()
			at := func(from, v float64, drawn, size int) float64 {
				return from + float64(drawn)*min(max(v/float64(size), 0), 1)
			}
			for _, b := range p.Boxes {
				b.X0, b.X1 = at(x, b.X0, drawn.X, size.X), at(x, b.X1, drawn.X, size.X)
				b.Y0, b.Y1 = at(y, b.Y0, drawn.Y, size.Y), at(y, b.Y1, drawn.Y, size.Y)
				b.draw(c, y)
			}
		}
	}
}

// boxLabelSize is the size of labels in points.
const boxLabelSize = 7

// draw draws a box of a canvas in CSS pixels, in an image whose top is at that height: its label lies
// above it, or where there is no room within.
func (b Box) draw(c draw.Canvas, top float64) {
	colour := classColor(b.Class)
	strokeRect(c, draw.LineStyle{Color: white, Width: 2.5}, vg.Rectangle{Min: place(c, b.X0, b.Y1), Max: place(c, b.X1, b.Y0)})
	strokeRect(c, draw.LineStyle{Color: colour, Width: 1.5}, vg.Rectangle{Min: place(c, b.X0, b.Y1), Max: place(c, b.X1, b.Y0)})
	if b.Label == "" {
		return
	}
	style := aligned(textStyle(boxLabelSize), draw.XLeft, draw.YTop)
	width, height := pixels(style.Width(b.Label))+4, pixels(style.Height(b.Label))+2
	y := b.Y0 - height
	if y < top {
		y = b.Y0
	}
	fillRect(c, pale(colour, .35), vg.Rectangle{Min: place(c, b.X0, y+height), Max: place(c, b.X0+width, y)})
	c.FillText(style, place(c, b.X0+2, y+1), b.Label)
}
