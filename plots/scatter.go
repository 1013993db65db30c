package plots

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The sizes of an embedding's figure in CSS pixels: square for the points, and a column for the
// classes.
const (
	scatterWidth  = 640
	scatterHeight = 540
)

// maxLegend is the most classes that are told apart by a legend; more are named on the points
// instead.
const maxLegend = 20

// Scatter draws a two-dimensional embedding, such as TSNE's or the first two columns of PCA's, with
// one colour and marker to a class. Both axes have the same unit and no numbers: only nearness has
// a meaning there. Points are drawn in a fixed random order, so that no class covers the others.
//
// Labels index classes; −1 is an unlabelled point, which is drawn small and grey. Labels nil: every
// point is alike. Up to 20 classes are listed at the right; the names of more are written beside
// the median of their points.
func Scatter(title string, points [][2]float64, labels []int, classes []string) (*Figure, error) {
	if err := checkScatter(points, labels, classes); err != nil {
		return nil, fmt.Errorf("plots.Scatter: %w", err)
	}
	if labels == nil {
		labels, classes = make([]int, len(points)), []string{""}
	}
	ch := &chart{title: title, plot: newAxes("", ""), column: true, square: true}
	ch.plot.X.Tick.Marker, ch.plot.Y.Tick.Marker = plot.ConstantTicks{}, plot.ConstantTicks{}
	ch.plot.X.Width, ch.plot.Y.Width = 0, 0

	// From 4 points of radius for a handful to 1.3 for ten thousand.
	radius := vg.Length(math.Min(4, math.Max(1.3, 60/math.Sqrt(float64(len(points))))))
	style := func(label int) draw.GlyphStyle {
		if label < 0 {
			return draw.GlyphStyle{Color: alpha(faintInk, 0.35), Radius: radius * 0.6, Shape: draw.CircleGlyph{}}
		}
		return draw.GlyphStyle{Color: alpha(classColor(label), 0.85), Radius: radius, Shape: classMarker(label)}
	}
	shuffled := rand.New(rand.NewPCG(1, 1)).Perm(len(points))
	xy := make(plotter.XYs, len(points))
	for i, j := range shuffled {
		xy[i] = plotter.XY{X: points[j][0], Y: points[j][1]}
	}
	cloud, err := plotter.NewScatter(xy)
	if err != nil {
		return nil, fmt.Errorf("plots.Scatter: %w", err)
	}
	cloud.GlyphStyleFunc = func(i int) draw.GlyphStyle { return style(labels[shuffled[i]]) }
	ch.plot.Add(frame{}, cloud)
	widen(&ch.plot.X, 0.03, 0.03)
	widen(&ch.plot.Y, 0.03, 0.03)

	if len(classes) <= maxLegend {
		for label, name := range classes {
			if name != "" {
				s := style(label)
				s.Color, s.Radius = classColor(label), 4
				ch.legend = append(ch.legend, entry{name, []plot.Thumbnailer{dot(s)}})
			}
		}
	} else {
		ch.plot.Add(classNames(points, labels, classes))
	}
	if slices.Contains(labels, -1) {
		ch.legend = append(ch.legend, entry{"unlabelled", []plot.Thumbnailer{dot(style(-1))}})
	}
	fig := ch.figure(scatterWidth, scatterHeight)
	if len(ch.legend) == 0 {
		fig.Width = scatterHeight
	}
	return fig, nil
}

func checkScatter(points [][2]float64, labels []int, classes []string) error {
	if len(points) == 0 {
		return errors.New("points is empty")
	}
	for i, p := range points {
		if err := finite(fmt.Sprintf("points[%d]", i), p[:]); err != nil {
			return err
		}
	}
	if labels == nil {
		return nil
	}
	if len(labels) != len(points) {
		return fmt.Errorf("labels has %d values, but points has %d", len(labels), len(points))
	}
	for i, l := range labels {
		if l < -1 || l >= len(classes) {
			return fmt.Errorf("labels[%d] is %d; it must be −1 (unlabelled) or an index of the %d classes", i, l, len(classes))
		}
	}
	return nil
}

// dot is a marker's sample in a legend.
type dot draw.GlyphStyle

func (d dot) Thumbnail(c *draw.Canvas) { c.DrawGlyphNoClip(draw.GlyphStyle(d), c.Center()) }

// frame draws a thin line around the data, in place of axes without numbers.
type frame struct{}

func (frame) Plot(c draw.Canvas, _ *plot.Plot) {
	strokeRect(c, draw.LineStyle{Color: gridColor, Width: 1}, c.Rectangle)
}

// classNames writes each class's name just above the median of its points, on a whitened ground.
func classNames(points [][2]float64, labels []int, classes []string) names {
	out := names{}
	for label, name := range classes {
		var x, y []float64
		for i, l := range labels {
			if l == label {
				x, y = append(x, points[i][0]), append(y, points[i][1])
			}
		}
		if len(x) == 0 {
			continue
		}
		slices.Sort(x)
		slices.Sort(y)
		out.text = append(out.text, shorten(textStyle(tickSize-2), name, 90))
		out.at = append(out.at, plotter.XY{X: x[len(x)/2], Y: y[len(y)/2]})
	}
	return out
}

type names struct {
	text []string
	at   plotter.XYs
}

func (n names) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	style := aligned(textStyle(tickSize-2), draw.XCenter, draw.YCenter)
	for i, text := range n.text {
		half := vg.Point{X: style.Width(text)/2 + 1, Y: style.Height(text)/2 + 0.5}
		at := vg.Point{X: toX(n.at[i].X), Y: toY(n.at[i].Y) + 7}
		fillRect(c, alpha(white, 0.6), vg.Rectangle{Min: at.Sub(half), Max: at.Add(half)})
		c.FillText(style, at, text)
	}
}
