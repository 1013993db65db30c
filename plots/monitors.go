package plots

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Monitors are the signs of collapse over training, one value to a step. A nil slice leaves its
// panel out.
type Monitors struct {
	// Step is the training step, in increasing order.
	Step []float64

	// Std is the standard deviation of the L2-normalised embedding over the batch, averaged over
	// its dimensions (Chen and He, "Exploring Simple Siamese Representation Learning", CVPR 2021):
	// about 1/√Dim where the embedding is spread over the sphere, 0 where it has collapsed.
	Std []float64

	// Dim is the dimension of the embedding, for the reference line 1/√Dim. Needed with Std.
	Dim int

	// RankMe is the effective rank of the embedding, in [1, Dim] (Garrido et al., ICML 2023).
	RankMe []float64

	// Alignment is the mean squared distance of positive pairs, in [0, 4], and Uniformity the
	// logarithm of the mean Gaussian potential, at most 0; both are better low (Wang and Isola,
	// ICML 2020).
	Alignment, Uniformity []float64
}

// CollapseMonitors draws the monitors against the step, each in a panel of its own, in two columns.
func CollapseMonitors(title string, m Monitors) (*Figure, error) {
	panels, err := m.panels()
	if err != nil {
		return nil, fmt.Errorf("plots.CollapseMonitors: %w", err)
	}
	rows := (len(panels) + 1) / 2
	fig := &Figure{Title: title, Width: 760, Height: 36 + 210*float64(rows)}
	if len(panels) == 1 {
		fig.Width = 480
	}
	fig.paint = func(c draw.Canvas) {
		c = drawTitle(draw.Crop(c, margin, -margin, margin, -margin), title)
		drawGrid(c, panels, min(2, len(panels)), rows)
	}
	return fig, nil
}

func (m Monitors) panels() ([]*chart, error) {
	if len(m.Step) == 0 {
		return nil, errors.New("Step is empty")
	}
	var panels []*chart
	add := func(field, name, remark string, y []float64) error {
		if y == nil {
			return nil
		}
		if err := same(field, y, "Step", len(m.Step)); err != nil {
			return err
		}
		fig, err := Curve("", "step", name, Line{X: m.Step, Y: y})
		if err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		if remark != "" {
			fig.chart.legend = legend{{name: remark}}
		}
		panels = append(panels, fig.chart)
		return nil
	}
	if m.Std != nil && m.Dim < 1 {
		return nil, fmt.Errorf("Dim is %d; it must be the dimension of the embedding, at least 1", m.Dim)
	}
	if err := add("Std", "std of embedding", "", m.Std); err != nil {
		return nil, err
	}
	if m.Std != nil {
		ch, uniform := panels[0], 1/math.Sqrt(float64(m.Dim))
		ch.referenceLine(fmt.Sprintf("1/√%d = %.3g: an even spread", m.Dim, uniform), uniform, m.Step[0], m.Step[len(m.Step)-1])
		// From zero, which is collapse, so that the height of the curve has a meaning.
		ch.plot.Y.Min, ch.plot.Y.Max = 0, max(ch.plot.Y.Max, 1.12*uniform)
	}
	rank := "effective rank"
	if m.Dim > 0 {
		rank = fmt.Sprintf("effective rank, at most %d", m.Dim)
	}
	for _, err := range []error{
		add("RankMe", "RankMe", rank, m.RankMe),
		add("Alignment", "alignment", "lower: positive pairs are closer", m.Alignment),
		add("Uniformity", "uniformity", "lower: spread more evenly", m.Uniformity),
	} {
		if err != nil {
			return nil, err
		}
	}
	if len(panels) == 0 {
		return nil, errors.New("Std, RankMe, Alignment and Uniformity are all nil")
	}
	return panels, nil
}

// drawGrid draws charts in rows of so many columns, with the data areas of a column in line.
func drawGrid(c draw.Canvas, charts []*chart, columns, rows int) {
	tiles := draw.Tiles{Cols: columns, Rows: rows, PadX: 14, PadY: 10}
	bodies := make([]draw.Canvas, len(charts))
	left := make([]vg.Length, columns)
	for i, ch := range charts {
		bodies[i] = ch.drawHead(tiles.At(c, i%columns, i/columns))
		left[i%columns] = max(left[i%columns], ch.left(bodies[i]))
	}
	for i, ch := range charts {
		ch.drawAxes(bodies[i], left[i%columns]-ch.left(bodies[i]))
	}
}
