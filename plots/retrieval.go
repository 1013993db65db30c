package plots

import (
	"errors"
	"fmt"
	"image"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Query is an image and what was retrieved for it, the nearest first.
type Query struct {
	Image      image.Image // of any size
	Class      string      // written under it; may be empty
	Neighbours []Neighbour // the nearest first
}

// Neighbour is one image that was retrieved.
type Neighbour struct {
	Image      image.Image // of any size
	Class      string      // written under it; may be empty
	Similarity float64     // as measured, for example the cosine in [−1, 1]
	Same       bool        // of the query's class; not shown where one of the two classes is empty
}

// Retrieval draws each query at the left of a row and its neighbours at the right. A neighbour of
// the query's class has a solid blue border and a tick, another a dashed vermilion border and a
// cross; under it are its similarity and class.
func Retrieval(title string, queries ...Query) (*Figure, error) {
	if len(queries) == 0 {
		return nil, errors.New("plots.Retrieval: queries is empty")
	}
	var images []image.Image
	columns, captions := 1, 1
	for i, q := range queries {
		if q.Image == nil {
			return nil, fmt.Errorf("plots.Retrieval: query %d has no image", i)
		}
		images = append(images, q.Image)
		columns = max(columns, 1+len(q.Neighbours))
		for j, n := range q.Neighbours {
			if n.Image == nil {
				return nil, fmt.Errorf("plots.Retrieval: query %d: neighbour %d has no image", i, j)
			}
			if math.IsNaN(n.Similarity) || math.IsInf(n.Similarity, 0) {
				return nil, fmt.Errorf("plots.Retrieval: query %d: Similarity of neighbour %d is %v; it must be finite", i, j, n.Similarity)
			}
			if n.Class != "" {
				captions = 2
			}
			images = append(images, n.Image)
		}
	}
	if columns == 1 {
		return nil, errors.New("plots.Retrieval: no query has a neighbour")
	}
	tile, err := tileSize(images, columns)
	if err != nil {
		return nil, fmt.Errorf("plots.Retrieval: %w", err)
	}
	// Captions need some width however small the images are.
	r := &retrieval{title: title, tile: tile, column: float64(max(tile.X, 56) + 16), captions: captions}
	for _, q := range queries {
		row := Query{Image: enlarge(q.Image, tile), Class: q.Class}
		for _, n := range q.Neighbours {
			n.Image = enlarge(n.Image, tile)
			row.Neighbours = append(row.Neighbours, n)
		}
		r.queries = append(r.queries, row)
	}
	r.width = max(2*edge+r.column*float64(columns)+queryGap, 360)
	r.top = edge + captionLine + 14
	r.top += math.Ceil(pixels(titleHeight(title, toPoints(r.width-2*edge))))
	r.row = float64(tile.Y+captionLine*captions) + 18
	return &Figure{Title: title, Width: r.width, Height: r.top + r.row*float64(len(queries)) + edge, paint: r.draw, photo: true}, nil
}

// retrieval is the figure with its layout in CSS pixels.
type retrieval struct {
	title    string
	queries  []Query
	tile     image.Point
	captions int // lines under an image

	column, row, top, width float64
}

const queryGap = 20 // between the query and its neighbours

func (r *retrieval) draw(c draw.Canvas) {
	drawTitle(draw.Crop(c, edge*pixel, -edge*pixel, 0, -edge*pixel), r.title)
	if r.captions > 1 {
		r.drawKey(c)
	}
	for i, q := range r.queries {
		y := r.top + r.row*float64(i)
		x := r.x(0)
		drawImage(c, q.Image, x, y, r.tile)
		r.caption(c, x, y, 0, "query")
		r.caption(c, x, y, 1, q.Class)
		for j, n := range q.Neighbours {
			x := r.x(j + 1)
			drawImage(c, n.Image, x, y, r.tile)
			if q.Class != "" && n.Class != "" { // Without classes there is nothing to say about them.
				r.drawBorder(c, x, y, n.Same)
			}
			r.caption(c, x, y, 0, fmt.Sprintf("%.2f", n.Similarity))
			r.caption(c, x, y, 1, n.Class)
		}
	}
	// The line between queries and neighbours.
	x := math.Round(edge + r.column + queryGap/2)
	from, to := place(c, x, r.top), place(c, x, r.top+r.row*float64(len(r.queries))-10)
	c.StrokeLine2(draw.LineStyle{Color: gridColor, Width: 1}, from.X, from.Y, to.X, to.Y)
}

// x is the left of the image in a column, the first of which is the query.
func (r *retrieval) x(column int) float64 {
	x := edge + r.column*float64(column) + math.Floor((r.column-float64(r.tile.X))/2)
	if column > 0 {
		x += queryGap
	}
	return x
}

// caption writes one line under the image at (x, y).
func (r *retrieval) caption(c draw.Canvas, x, y float64, line int, text string) {
	if line >= r.captions {
		return
	}
	style := aligned(captionStyle, draw.XCenter, draw.YTop)
	if line == 1 {
		style.Color = faintInk
	}
	at := place(c, x+float64(r.tile.X)/2, y+float64(r.tile.Y)+6+float64(captionLine*line))
	c.FillText(style, at, shorten(style, text, toPoints(r.column-4)))
}

// verdict is the border of a neighbour.
func verdict(same bool) draw.LineStyle {
	if same {
		return draw.LineStyle{Color: okabeIto[0], Width: 2}
	}
	return draw.LineStyle{Color: okabeIto[1], Width: 2, Dashes: []vg.Length{4, 2.5}}
}

func (r *retrieval) drawBorder(c draw.Canvas, x, y float64, same bool) {
	const away = 2.5 // the border lies around the image, not on it
	strokeRect(c, verdict(same), vg.Rectangle{
		Min: place(c, x-away, y+float64(r.tile.Y)+away), Max: place(c, x+float64(r.tile.X)+away, y-away),
	})
	drawBadge(c, place(c, x+float64(r.tile.X), y), same)
}

// drawBadge draws a tick or a cross on a disc: the fonts at hand have neither sign.
func drawBadge(c draw.Canvas, at vg.Point, same bool) {
	const radius = 5.5
	c.SetLineDash(nil, 0)
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: white, Radius: radius + 1, Shape: draw.CircleGlyph{}}, at)
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: verdict(same).Color, Radius: radius, Shape: draw.CircleGlyph{}}, at)
	mark := draw.LineStyle{Color: white, Width: 1.5}
	if same {
		c.StrokeLines(mark, []vg.Point{at.Add(vg.Point{X: -2.7, Y: 0.2}), at.Add(vg.Point{X: -0.7, Y: -2}), at.Add(vg.Point{X: 2.8, Y: 2.2})})
		return
	}
	const arm = 2.2
	c.StrokeLine2(mark, at.X-arm, at.Y-arm, at.X+arm, at.Y+arm)
	c.StrokeLine2(mark, at.X-arm, at.Y+arm, at.X+arm, at.Y-arm)
}

// drawKey says what the borders mean, above the rows.
func (r *retrieval) drawKey(c draw.Canvas) {
	x, y := edge+7.0, r.top-14-captionLine/2
	for _, key := range []struct {
		same bool
		text string
	}{{true, "same class"}, {false, "another class"}} {
		drawBadge(c, place(c, x, y), key.same)
		fillMiddle(c, captionStyle, place(c, x+12, y), key.text)
		x += 12 + pixels(captionStyle.Width(key.text)) + 24
	}
}
