package train

import (
	"fmt"
	"html"
	"io"
	"os"
	"strings"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/schollz/progressbar/v3"

	"sslkit/kit/rundir"
)

// progress is the bar of a training: images a second, time left, epoch and loss. Until the first
// step is done it says "compiling", since XLA takes its time there and nothing else would move.
type progress struct {
	bar    *progressbar.ProgressBar // Nil until the training is set up.
	out    io.Writer
	every  time.Duration
	epochs float64
	shown  float64 // The loss as it is shown: smoothed, since that of one batch jumps.
	looks  string  // What the monitors said last.
	probe  string  // What the probe said last.
	open   bool    // The terminal's cursor is behind a drawing, not on a line of its own.
}

// newProgress says that a training is being set up.
func newProgress() *progress { return progressOn(progressOutput()) }

// progressOn draws on out, at most once in every.
func progressOn(out io.Writer, every time.Duration) *progress {
	fmt.Fprint(out, "compiling")
	return &progress{out: out, every: every, open: true}
}

// start makes the bar, for a number of images. It shows with the first step, whose end is where the
// time left is reckoned from.
func (p *progress) start(images int64, epochs float64) {
	p.epochs = epochs
	p.bar = progressbar.NewOptions64(images,
		progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("images"),
		progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(p.every),
		progressbar.OptionSetPredictTime(true),
	)
}

// step counts the images of a step and shows its loss.
func (p *progress) step(images int, metrics rundir.Metrics) {
	if p.shown == 0 {
		p.shown = metrics.Loss
	}
	p.shown += .05 * (metrics.Loss - p.shown)
	if look := metrics.Monitor; look != nil {
		p.looks = fmt.Sprintf(", std %.3f, RankMe %.1f", look.EmbeddingStd, look.RankMe)
	}
	if probe := metrics.Probe; probe != nil {
		p.probe = fmt.Sprintf(", k-NN %.1f %%, linear %.1f %%", 100*probe.KNN, 100*probe.Linear)
	}
	p.bar.Describe(fmt.Sprintf("epoch %.1f/%.1f, loss %.3f%s%s", metrics.Epoch, p.epochs, p.shown, p.looks, p.probe))
	p.open = true
	p.bar.Add(images)
}

// end leaves the last drawing on a line of its own.
func (p *progress) end() {
	if p.open {
		fmt.Fprintln(p.out)
	}
	p.open = false
}

// say shows a line of its own.
func (p *progress) say(line string) {
	p.end()
	fmt.Println(line)
}

// progressOutput is where the bar is drawn and how often: over itself in a terminal; over itself in
// a notebook cell, which keeps only the last drawing of its last training in the file; and as a line
// now and then in a log.
func progressOutput() (io.Writer, time.Duration) {
	if gonbui.IsNotebook {
		return &cellWriter{id: barPlace()}, 500 * time.Millisecond
	}
	if info, err := os.Stdout.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return os.Stdout, 200 * time.Millisecond
	}
	return logWriter{}, 30 * time.Second
}

// lastDrawing is what is left of the bar's output: it returns the carriage and blanks out the line
// before each drawing.
func lastDrawing(output []byte) string {
	text := strings.TrimRight(string(output), " \r\n")
	return strings.TrimSpace(text[strings.LastIndex(text, "\r")+1:])
}

// cellWriter shows the last drawing in a place of its own in the cell's output.
type cellWriter struct{ id string }

func (w *cellWriter) Write(output []byte) (int, error) {
	if line := lastDrawing(output); line != "" {
		gonbui.UpdateHTML(w.id, "<pre>"+html.EscapeString(line)+"</pre>")
	}
	return len(output), nil
}

// logWriter writes each drawing on a line of its own.
type logWriter struct{}

func (logWriter) Write(output []byte) (int, error) {
	if line := lastDrawing(output); line != "" {
		fmt.Println(line)
	}
	return len(output), nil
}
