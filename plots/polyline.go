package plots

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The number of columns that a figure's data area is resolved into, for lines and for bands.
const (
	lineColumns = 960
	bandColumns = 240
)

// polyline draws a line in short pieces. The rasteriser of PNG walks a list of all the pixels of a
// path in a row for every edge of it: in one piece, the curve of a long and noisy run takes
// seconds.
type polyline struct{ *plotter.Line }

// Plot implements plot.Plotter.
func (l polyline) Plot(c draw.Canvas, p *plot.Plot) {
	const piece = 100
	toX, toY := p.Transforms(&c)
	at := make([]vg.Point, len(l.XYs))
	for i, xy := range l.XYs {
		at[i] = vg.Point{X: toX(xy.X), Y: toY(xy.Y)}
	}
	style := l.LineStyle
	for from := 0; from < len(at)-1; from += piece {
		part := at[from:min(from+piece+1, len(at))]
		c.StrokeLines(style, part)
		for i := 1; i < len(part); i++ { // so that the next piece's dashes go on where this one's end
			d := part[i].Sub(part[i-1])
			style.DashOffs += vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
		}
	}
}

// thin keeps the first, lowest, highest and last point of each column: drawn on no more columns of
// pixels, that is the same line (Jugel et al., "M4", VLDB 2014). The xs must not decrease.
func thin(xy plotter.XYs, columns int) plotter.XYs {
	if len(xy) <= 4*columns {
		return xy
	}
	start, width := xy[0].X, (xy[len(xy)-1].X-xy[0].X)/float64(columns)
	if width == 0 {
		width = math.SmallestNonzeroFloat64
	}
	var out plotter.XYs
	for from := 0; from < len(xy); {
		column := math.Floor((xy[from].X - start) / width)
		lowest, highest, to := from, from, from
		for ; to < len(xy) && math.Floor((xy[to].X-start)/width) == column; to++ {
			if xy[to].Y < xy[lowest].Y {
				lowest = to
			}
			if xy[to].Y > xy[highest].Y {
				highest = to
			}
		}
		last := -1
		for _, i := range [4]int{from, min(lowest, highest), max(lowest, highest), to - 1} {
			if i != last {
				out = append(out, xy[i])
				last = i
			}
		}
		from = to
	}
	return out
}
