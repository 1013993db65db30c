package train

import (
	"fmt"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"sslkit/kit/rundir"
	"sslkit/plots"
)

// live is the figure of a training in the notebook cell that trains: loss, collapse monitors and
// online probe, against the step. It is drawn anew in its place, so that the executed notebook keeps
// the last state: a picture, without a script. A cell that trains several shows one after the other
// there, and keeps the last: dozens would bury what the cell is about.
type live struct {
	title string
	loss  means
	other []panel // Monitors and probe.

	show func(*plots.Figure) error
	now  func() time.Time
	next time.Time // When it may be drawn again.
	all  bool      // What is drawn is all that there is.
	err  error     // The first; nothing is drawn after it.
}

// A drawing waits so many times as long as the one before took, and at least liveEvery: beside the
// first drawing and the last, the figure costs at most a two-hundredth of the training.
const (
	liveShare = 200
	liveEvery = 2 * time.Second
)

// panel is a part of the figure, with its label: of scalars that are looked at now and then.
type panel struct {
	label  string
	factor float64 // From the scalars to what the label says.
	lines  []series
}

// series are the values of a scalar.
type series struct {
	of          rundir.Scalar
	name        string // For the legend; "" where the label says it.
	step, looks []float64
}

// newLive is the figure of a training, nil outside a notebook. It begins with what earlier processes
// have reported.
func newLive(title string, reported []rundir.Metrics) *live {
	if !gonbui.IsNotebook {
		return nil
	}
	return liveOn(title, reported, func(f *plots.Figure) error { return f.Redraw(figurePlace()) }, time.Now)
}

// figurePlace and barPlace are where all trainings of this process, which is a cell's, show their
// figure and their progress.
var figurePlace, barPlace = sync.OnceValue(gonbui.UniqueID), sync.OnceValue(gonbui.UniqueID)

func liveOn(title string, reported []rundir.Metrics, show func(*plots.Figure) error, now func() time.Time) *live {
	l := &live{title: title, loss: means{width: 1}, show: show, now: now, other: []panel{
		{"std", 1, []series{{of: rundir.EmbeddingStd}}},
		{"RankMe", 1, []series{{of: rundir.RankMe}}},
		{"accuracy, %", 100, []series{
			{of: rundir.ProbeKNN, name: "online k-NN"}, {of: rundir.ProbeLinear, name: "online linear probe"},
			{of: rundir.Validation, name: "validation"},
		}},
	}}
	for _, m := range reported {
		l.take(m)
	}
	return l
}

// take takes a line of the metrics.
func (l *live) take(m rundir.Metrics) {
	if loss, ok := rundir.Loss.Of(m); ok {
		l.loss.add(float64(m.Step), loss)
	}
	for _, p := range l.other {
		for i := range p.lines {
			line := &p.lines[i]
			if value, ok := line.of.Of(m); ok {
				line.step, line.looks = append(line.step, float64(m.Step)), append(line.looks, p.factor*value)
			}
		}
	}
	l.all = false
}

// step takes a line and draws, if it is time.
func (l *live) step(m rundir.Metrics) {
	if l == nil {
		return
	}
	l.take(m)
	if began := l.now(); !began.Before(l.next) {
		l.draw()
		took := l.now().Sub(began)
		l.next = began.Add(took + max(liveEvery, liveShare*took))
	}
}

// end draws the last state, and returns the first error of any drawing.
func (l *live) end() error {
	if l == nil {
		return nil
	}
	if !l.all {
		l.draw()
	}
	return l.err
}

func (l *live) draw() {
	if l.err != nil {
		return
	}
	figure, err := l.figure()
	if err == nil && figure != nil {
		err = l.show(figure)
	}
	if err != nil {
		l.err = fmt.Errorf("drawing the training: %w", err)
	}
	l.all = true
}

// panelHeight is that of a panel's chart in CSS pixels, of which Panels keeps three fifths.
const panelHeight = 260

// figure is nil where nothing has been reported.
func (l *live) figure() (*plots.Figure, error) {
	var panels []*plots.Figure
	add := func(label string, lines ...plots.Line) error {
		if len(lines) == 0 {
			return nil
		}
		panel, err := plots.Curve("", "step", label, lines...)
		if err != nil {
			return err
		}
		panel.Height = panelHeight
		panels = append(panels, panel)
		return nil
	}
	if len(l.loss.x) > 0 {
		name := ""
		if l.loss.width > 1 {
			name = fmt.Sprintf("means of %d steps", l.loss.width)
		}
		if err := add("loss", plots.Line{Name: name, X: l.loss.x, Y: l.loss.y}); err != nil {
			return nil, err
		}
	}
	for _, p := range l.other {
		var lines []plots.Line
		for _, line := range p.lines {
			if len(line.step) > 0 {
				lines = append(lines, plots.Line{Name: line.name, X: line.step, Y: line.looks})
			}
		}
		if err := add(p.label, lines...); err != nil {
			return nil, err
		}
	}
	if panels == nil {
		return nil, nil
	}
	figure, err := plots.Panels(panels...)
	if err != nil {
		return nil, err
	}
	figure.Title = l.title
	return figure, nil
}

// means are the means of equally many values in a row, twice as many as soon as there are too many
// means: a training of any length takes little memory, and little time to draw.
type means struct {
	width, inLast int // Values of each mean, and of the last so far.
	x, y          []float64
}

// mostMeans is even, so that pairs of means can be joined.
const mostMeans = 300

func (m *means) add(x, y float64) {
	if m.inLast == 0 || m.inLast == m.width {
		if len(m.x) == mostMeans {
			for i := range mostMeans / 2 {
				m.x[i], m.y[i] = (m.x[2*i]+m.x[2*i+1])/2, (m.y[2*i]+m.y[2*i+1])/2
			}
			m.x, m.y, m.width = m.x[:mostMeans/2], m.y[:mostMeans/2], 2*m.width
		}
		m.x, m.y, m.inLast = append(m.x, 0), append(m.y, 0), 0
	}
	m.inLast++
	last := len(m.x) - 1
	m.x[last] += (x - m.x[last]) / float64(m.inLast)
	m.y[last] += (y - m.y[last]) / float64(m.inLast)
}
