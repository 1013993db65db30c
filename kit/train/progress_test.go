package train

import (
	"bytes"
	"strings"
	"testing"

	"github.com/janpfeifer/gonb/gonbui"

	"sslkit/kit/rundir"
)

// The trainings of one cell show their progress in one place, which is not that of their figures.
func TestTrainingsOfACellShareAPlace(t *testing.T) {
	notebook := gonbui.IsNotebook
	gonbui.IsNotebook = true
	defer func() { gonbui.IsNotebook = notebook }()
	first, _ := progressOutput()
	second, _ := progressOutput()
	a, b := first.(*cellWriter).id, second.(*cellWriter).id
	if a == "" || a != b || a == figurePlace() || figurePlace() != figurePlace() {
		t.Errorf("bars at %q and %q, figures at %q", a, b, figurePlace())
	}
}

// A training says that it compiles until its first step is done, and leaves the last drawing on a
// line of its own.
func TestProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := progressOn(&out, 0)
	p.start(64, 2)
	if got := lastDrawing(out.Bytes()); got != "compiling" {
		t.Errorf("before the first step it shows %q, want compiling", got)
	}
	p.step(32, rundir.Metrics{Step: 1, Epoch: 1, Loss: 3})
	for _, want := range []string{"epoch 1.0/2.0, loss 3.000", "50%"} {
		if got := lastDrawing(out.Bytes()); !strings.Contains(got, want) {
			t.Errorf("after the first step it shows %q, want %q in it", got, want)
		}
	}
	p.step(32, rundir.Metrics{Step: 2, Epoch: 2, Loss: 3, Monitor: &rundir.Monitor{EmbeddingStd: .2, RankMe: 3}})
	if got, want := lastDrawing(out.Bytes()), "loss 3.000, std 0.200, RankMe 3.0"; !strings.Contains(got, want) {
		t.Errorf("after a look at the monitors it shows %q, want %q in it", got, want)
	}
	p.end()
	p.end() // As after say, or an error.
	if got := out.String(); !strings.HasSuffix(got, "\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("it ends in %q, want one line", got[max(0, len(got)-80):])
	}
}
