package data

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress is a bar of what takes longer than a moment: over itself in a
// terminal, else as a line every ten seconds, and one at the end.
type progress struct {
	bar  *progressbar.ProgressBar
	late *lateWriter
	over bool // it is drawn over itself
}

// newProgress begins a bar that shows after a while. total of -1 is unknown. unit
// is what is counted, such as "images"; "" for bytes.
func newProgress(w io.Writer, what string, total int64, unit string, after time.Duration) *progress {
	p := &progress{late: &lateWriter{w: w, from: time.Now().Add(after)}}
	out, every := io.Writer(lineWriter{p.late}), 10*time.Second
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.over, out, every = true, p.late, 200*time.Millisecond
		}
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what), progressbar.OptionThrottle(every),
		progressbar.OptionSetTheme(progressbar.ThemeASCII), progressbar.OptionSetWidth(24), progressbar.OptionSetRenderBlankState(false),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(unit),
		progressbar.OptionSetSpinnerChangeInterval(0), // It would draw from a goroutine.
	}
	if unit == "" {
		options = append(options, progressbar.OptionShowBytes(true), progressbar.OptionUseIECUnits(true))
	}
	p.bar = progressbar.NewOptions64(total, options...)
	return p
}

// add counts n more. Its error is that of more than total.
func (p *progress) add(n int) { _ = p.bar.Add(n) }

// end leaves the last drawing on a line of its own.
func (p *progress) end() {
	if p.over && p.late.shown {
		fmt.Fprintln(p.late.w)
	}
}

// lateWriter writes nothing before a time.
type lateWriter struct {
	w     io.Writer
	from  time.Time
	shown bool
}

func (l *lateWriter) Write(output []byte) (int, error) {
	if time.Now().Before(l.from) {
		return len(output), nil
	}
	l.shown = true
	return l.w.Write(output)
}

// lineWriter writes each drawing on a line of its own: the bar returns the
// carriage before each.
type lineWriter struct{ w io.Writer }

func (l lineWriter) Write(output []byte) (int, error) {
	text := strings.TrimRight(string(output), " \r\n")
	if line := strings.TrimSpace(text[strings.LastIndex(text, "\r")+1:]); line != "" {
		fmt.Fprintln(l.w, line)
	}
	return len(output), nil
}
