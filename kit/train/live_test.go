package train

import (
	"errors"
	"math"
	"testing"
	"time"

	"sslkit/kit/rundir"
	"sslkit/plots"
)

// TestMeans: each is of equally many values, but the last, whatever their number.
func TestMeans(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 299, 300, 301, 302, 601, 5000} {
		m, sum := means{width: 1}, 0.
		for i := range n {
			m.add(float64(i), float64(i*i))
			sum += float64(i * i)
		}
		got := 0.
		for i, y := range m.y {
			weight := m.width
			if i == len(m.y)-1 {
				weight = m.inLast
			}
			got += y * float64(weight)
		}
		whole := (len(m.y)-1)*m.width + m.inLast
		if whole != n || len(m.y) > mostMeans || math.Abs(got-sum) > 1e-9*sum || n > 300 && len(m.y) < mostMeans/2 {
			t.Errorf("of %d values: %d means of %d, the last of %d; sum %g, want %g", n, len(m.y), m.width, m.inLast, got, sum)
		}
	}
}

// TestLiveFigureCostsLittle: a slow drawing is done the more seldom, and the last state is drawn.
func TestLiveFigureCostsLittle(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		took  time.Duration // A drawing.
		share float64       // Of the time, at most.
	}{"fast": {time.Millisecond, .001}, "slow": {time.Second, .006}} {
		now, spent, drawn := time.Unix(0, 0), time.Duration(0), 0
		show := func(*plots.Figure) error {
			now, spent, drawn = now.Add(test.took), spent+test.took, drawn+1
			return nil
		}
		look := &rundir.Monitor{EmbeddingStd: .2, EmbeddingDim: 8, RankMe: 3}
		l := liveOn("simclr", []rundir.Metrics{{Monitor: look}}, show, func() time.Time { return now })
		began := now
		for step := range 20_000 {
			now = now.Add(50 * time.Millisecond)
			l.step(rundir.Metrics{Step: step + 1, Loss: 1, Monitor: look})
			if step == 0 && drawn != 1 {
				t.Error("the first step is not drawn")
			}
		}
		if share := float64(spent) / float64(now.Sub(began)); share > test.share {
			t.Errorf("%s: drawing took %.4f of the time", name, share)
		}
		before := drawn
		l.take(rundir.Metrics{Step: 20_001, Loss: 1})
		if err := l.end(); err != nil || drawn != before+1 {
			t.Errorf("%s: at the end %d drawings more, %v", name, drawn-before, err)
		}
		if err := l.end(); err != nil || drawn != before+1 {
			t.Errorf("%s: what is drawn is drawn again, %v", name, err)
		}
	}
}

// TestLiveFigureThatCannotBeShown does not end the training, and is told at its end.
func TestLiveFigureThatCannotBeShown(t *testing.T) {
	t.Parallel()
	broken, asked := errors.New("the pipe is closed"), 0
	l := liveOn("simclr", nil, func(*plots.Figure) error { asked++; return broken }, time.Now)
	for step := range 3 {
		l.next = time.Time{}
		l.step(rundir.Metrics{Step: step + 1, Loss: 1})
	}
	if err := l.end(); !errors.Is(err, broken) || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
	var outside *live // Of a notebook.
	outside.step(rundir.Metrics{Step: 1})
	if err := outside.end(); err != nil {
		t.Error(err)
	}
}

// TestLiveFigureHasAPanelForEachKind: accuracies share one.
func TestLiveFigureHasAPanelForEachKind(t *testing.T) {
	t.Parallel()
	look, probe := &rundir.Monitor{EmbeddingStd: .2, EmbeddingDim: 8, RankMe: 3}, &rundir.Probe{KNN: .4, Linear: .5}
	for name, test := range map[string]struct {
		lines  []rundir.Metrics
		panels float64
	}{
		"nothing":     {nil, 0},
		"only losses": {[]rundir.Metrics{{Step: 1, Loss: 3}, {Step: 2, Loss: 2}}, 1},
		"monitors":    {[]rundir.Metrics{{Monitor: look}, {Step: 1, Loss: 3}}, 3},
		"probe":       {[]rundir.Metrics{{Monitor: look, Probe: probe}, {Step: 1, Loss: 3, Probe: probe}}, 4},
	} {
		figure, err := liveOn("simclr", test.lines, nil, time.Now).figure()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		height := 0.
		if figure != nil {
			height = figure.Height
			if _, err := figure.SVG(); err != nil || figure.Title != "simclr" {
				t.Errorf("%s: title %q, %v", name, figure.Title, err)
			}
		}
		if math.Abs(height-.6*panelHeight*test.panels) > 1e-9 {
			t.Errorf("%s: it is %g pixels high, want %g panels", name, height, test.panels)
		}
	}
}
