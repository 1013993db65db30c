package plots

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/disintegration/imaging"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// gridWidth is the most width of a grid of images in CSS pixels, as far as the images allow it.
const gridWidth = 900

// The sizes of an image in a grid, in CSS pixels.
const (
	leastTile = 32
	mostTile  = 96
)

// ImageGrid draws rows of images with optional names of rows (at the left) and columns (above).
// Small images are enlarged by a whole factor without smoothing, so that their pixels are seen as
// they are; images larger than a tile are reduced. Rows may differ in length, and a nil image
// leaves its place empty. RowLabels and colLabels are nil or have a name for each.
func ImageGrid(title string, rows [][]image.Image, rowLabels, colLabels []string) (*Figure, error) {
	columns := 0
	var tiles []image.Image
	for _, row := range rows {
		columns = max(columns, len(row))
		for _, img := range row {
			if img != nil {
				tiles = append(tiles, img)
			}
		}
	}
	switch {
	case len(tiles) == 0:
		return nil, errors.New("plots.ImageGrid: rows has no image")
	case rowLabels != nil && len(rowLabels) != len(rows):
		return nil, fmt.Errorf("plots.ImageGrid: rowLabels has %d names, but rows has %d", len(rowLabels), len(rows))
	case colLabels != nil && len(colLabels) != columns:
		return nil, fmt.Errorf("plots.ImageGrid: colLabels has %d names, but the longest row has %d images", len(colLabels), columns)
	}
	size, err := tileSize(tiles, columns)
	if err != nil {
		return nil, fmt.Errorf("plots.ImageGrid: rows: %w", err)
	}
	g := &imageGrid{title: title, rows: make([][]image.Image, len(rows)), rowLabels: rowLabels, tile: size}
	for i, row := range rows {
		g.rows[i] = make([]image.Image, len(row))
		for j, img := range row {
			if img != nil {
				g.rows[i][j] = enlarge(img, size)
			}
		}
	}
	g.layOut(columns, colLabels)
	return &Figure{Title: title, Width: g.width, Height: g.height, paint: g.draw, photo: true}, nil
}

// imageGrid is a grid with its layout, in CSS pixels so that images lie on whole pixels.
type imageGrid struct {
	title     string
	rows      [][]image.Image
	rowLabels []string
	colLabels [][]string // in lines

	tile          image.Point
	left, top     float64 // of the first image
	width, height float64
}

const (
	tileGap       = 4
	edge          = 8
	captionLine   = 14 // height of a line of caption
	captionLines  = 4  // at most, of a column
	widestRowName = 120
)

var captionStyle = textStyle(tickSize)

// layOut sets the places of images and names. Names of columns are broken into lines as wide as an
// image.
func (g *imageGrid) layOut(columns int, colLabels []string) {
	g.left, g.top = edge, edge
	for _, name := range g.rowLabels {
		g.left = max(g.left, edge+math.Ceil(math.Min(pixels(captionStyle.Width(name)), widestRowName))+8)
	}
	g.width = g.left + float64(columns*(g.tile.X+tileGap)-tileGap) + edge
	if g.title != "" {
		style := boldStyle(titleSize)
		// A narrow grid under a long title is widened rather than the title broken into many lines.
		g.width = math.Ceil(max(g.width, math.Min(pixels(style.Width(g.title))+2*edge, 480)))
		g.top += math.Ceil(pixels(titleHeight(g.title, toPoints(g.width-2*edge)))) + 2
	}
	lines := 0
	for _, name := range colLabels {
		broken := wrapTo(captionStyle, name, toPoints(float64(g.tile.X)), captionLines)
		g.colLabels = append(g.colLabels, broken)
		lines = max(lines, len(broken))
	}
	if lines > 0 {
		g.top += float64(captionLine*lines) + 3
	}
	g.height = g.top + float64(len(g.rows)*(g.tile.Y+tileGap)-tileGap) + edge
}

func (g *imageGrid) draw(c draw.Canvas) {
	drawTitle(draw.Crop(c, edge*pixel, -edge*pixel, 0, -edge*pixel), g.title)
	for j, lines := range g.colLabels {
		x := g.left + float64(j*(g.tile.X+tileGap)) + float64(g.tile.X)/2
		for k, line := range lines {
			at := place(c, x, g.top-3-float64(captionLine*(len(lines)-1-k)))
			c.FillText(aligned(captionStyle, draw.XCenter, draw.YBottom), at, line)
		}
	}
	for i, row := range g.rows {
		y := g.top + float64(i*(g.tile.Y+tileGap))
		if g.rowLabels != nil {
			g.drawRowName(c, g.rowLabels[i], y)
		}
		for j, img := range row {
			if img != nil {
				drawImage(c, img, g.left+float64(j*(g.tile.X+tileGap)), y, g.tile)
			}
		}
	}
}

// drawRowName draws the name of the row at y, in as many lines as the row has room for.
func (g *imageGrid) drawRowName(c draw.Canvas, name string, y float64) {
	lines := wrapTo(captionStyle, name, toPoints(widestRowName), max(1, g.tile.Y/captionLine))
	middle := y + float64(g.tile.Y)/2
	for k, line := range lines {
		at := place(c, g.left-8, middle+captionLine*(float64(k)-float64(len(lines)-1)/2))
		fillMiddle(c, aligned(captionStyle, draw.XRight, draw.YBottom), at, line)
	}
}

// tileSize is the size at which images are drawn: that of the largest, times a whole factor where
// it is small, or reduced where it is large.
func tileSize(images []image.Image, columns int) (image.Point, error) {
	return tileSizeUpTo(mostTile, images, columns)
}

// tileSizeUpTo is tileSize with another largest side.
func tileSizeUpTo(most int, images []image.Image, columns int) (image.Point, error) {
	var largest image.Point
	for i, img := range images {
		size := img.Bounds().Size()
		if size.X == 0 || size.Y == 0 {
			return size, fmt.Errorf("image %d is empty (%d × %d)", i, size.X, size.Y)
		}
		largest.X, largest.Y = max(largest.X, size.X), max(largest.Y, size.Y)
	}
	room := min(max(gridWidth/columns-tileGap, leastTile), most)
	side := max(largest.X, largest.Y)
	if side <= room {
		return largest.Mul(room / side), nil
	}
	return image.Pt(max(1, largest.X*room/side), max(1, largest.Y*room/side)), nil
}

// enlarge fits an image into a tile, at the number of pixels that it has in a PNG: without
// smoothing where that enlarges it.
func enlarge(img image.Image, tile image.Point) image.Image {
	size := img.Bounds().Size()
	factor := math.Min(float64(tile.X)/float64(size.X), float64(tile.Y)/float64(size.Y)) * scale
	filter := imaging.NearestNeighbor
	if factor < 1 {
		filter = imaging.Lanczos
	}
	width, height := int(math.Round(float64(size.X)*factor)), int(math.Round(float64(size.Y)*factor))
	return imaging.Resize(img, max(1, width), max(1, height), filter)
}

// drawImage draws an enlarged image in the middle of the tile whose top left corner is at (x, y).
func drawImage(c draw.Canvas, img image.Image, x, y float64, tile image.Point) {
	size := img.Bounds().Size().Div(scale)
	x += float64((tile.X - size.X) / 2)
	y += float64((tile.Y - size.Y) / 2)
	c.DrawImage(vg.Rectangle{
		Min: place(c, x, y+float64(size.Y)), Max: place(c, x+float64(size.X), y),
	}, img)
}

// place is the point at CSS pixels (x, y) from the canvas's top left.
func place(c draw.Canvas, x, y float64) vg.Point {
	return vg.Point{X: c.Min.X + toPoints(x), Y: c.Max.Y - toPoints(y)}
}

// toPoints converts CSS pixels to points, and pixels does the reverse.
func toPoints(px float64) vg.Length { return vg.Length(px) * pixel }
func pixels(l vg.Length) float64    { return float64(l / pixel) }
