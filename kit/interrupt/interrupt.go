// Package interrupt lets a training that is interrupted (by the square button of a notebook, Ctrl+C,
// or the SIGTERM of a scheduler) end in good order and say what was kept, rather than with "signal:
// interrupt".
package interrupt

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// ErrInterrupted is what the error of a training that was interrupted wraps, for errors.Is.
var ErrInterrupted = errors.New("interrupted")

// Error is the error of a training that was interrupted.
type Error struct {
	Signal  os.Signal // That asked for it.
	outcome string
}

// New is the error of something else that a signal has interrupted. outcome says what was kept.
func New(by os.Signal, outcome string) *Error { return &Error{by, outcome} }

func (e *Error) Error() string { return e.outcome }

// Unwrap makes errors.Is find ErrInterrupted.
func (e *Error) Unwrap() error { return ErrInterrupted }

// ExitStatus is what a program ends with because of an error: 128 and the number of the signal, as
// a shell has it, where a training was interrupted, else 1.
func ExitStatus(err error) int {
	var interrupted *Error
	if errors.As(err, &interrupted) {
		if number, ok := interrupted.Signal.(syscall.Signal); ok {
			return 128 + int(number)
		}
	}
	return 1
}

// grace is how long a training in a notebook may take to reach the end of its step: GoNB kills a
// cell 5 seconds after the interrupt, and what is killed says nothing. Elsewhere the end of the
// step is waited for, and a second interrupt ends it at once.
const grace = 3 * time.Second

// Watch waits for an interrupt, from Begin to End.
type Watch struct {
	done, saved atomic.Int64
	finished    atomic.Bool
	asked       atomic.Pointer[os.Signal]
	signals     chan os.Signal
	ended       chan struct{}
	waiting     sync.WaitGroup
	grace       time.Duration // 0: as long as it takes.
	exit        func(*Error)  // Where no end of a step comes.
}

// Begin begins to watch. A training that is resumed says so by Saved.
func Begin() *Watch {
	limit := grace
	if !gonbui.IsNotebook {
		limit = 0
	}
	return begin(limit, func(err *Error) {
		fmt.Fprintln(os.Stderr, "\n"+err.Error())
		os.Exit(ExitStatus(err))
	})
}

func begin(grace time.Duration, exit func(*Error)) *Watch {
	w := &Watch{signals: make(chan os.Signal, 2), ended: make(chan struct{}), grace: grace, exit: exit}
	signal.Notify(w.signals, os.Interrupt, syscall.SIGTERM)
	w.waiting.Go(w.wait)
	return w
}

// wait leaves the training the time to end itself. It may be in the middle of a compilation or of a
// long step, which nothing else can end.
func (w *Watch) wait() {
	select {
	case asked := <-w.signals:
		w.asked.Store(&asked)
	case <-w.ended:
		return
	}
	var late <-chan time.Time
	if w.grace > 0 {
		late = time.After(w.grace)
	} else {
		fmt.Fprintln(os.Stderr, "\ninterrupted: the step in hand is ended and its checkpoint saved; interrupt again to end at once")
	}
	select {
	case <-w.signals: // Asked for twice.
	case <-late:
	case <-w.ended:
		return
	}
	w.exit(w.outcome())
}

// End ends the watching: an interrupt then ends the program again. One that came before is Asked.
func (w *Watch) End() {
	signal.Stop(w.signals)
	close(w.ended)
	w.waiting.Wait()
	select {
	case asked := <-w.signals:
		w.asked.CompareAndSwap(nil, &asked)
	default:
	}
}

// Step says that the training is behind a step.
func (w *Watch) Step(step int) { w.done.Store(int64(step)) }

// Saved says that the training is behind a step, and that the checkpoint of that is written.
func (w *Watch) Saved(step int) {
	w.done.Store(int64(step))
	w.saved.Store(int64(step))
}

// Finished says that the training is behind its last step, and all of the run is written.
func (w *Watch) Finished() { w.finished.Store(true) }

// Asked tells whether the user has asked for the training to end: the time to save what there is.
func (w *Watch) Asked() bool { return w.asked.Load() != nil }

// Err is the error to end with: it wraps ErrInterrupted and says what was kept and how to go on. It
// is nil until Asked.
func (w *Watch) Err() error {
	if !w.Asked() {
		return nil
	}
	return w.outcome()
}

// outcome says what an end now would keep.
func (w *Watch) outcome() *Error {
	done, saved := w.done.Load(), w.saved.Load()
	e := &Error{Signal: *w.asked.Load()}
	switch {
	case w.finished.Load():
		e.outcome = "interrupted at the end of the training; the run is finished; run the same again to load it"
	case done == 0:
		e.outcome = "interrupted before the end of the first step; nothing is kept; run the same again to start from the beginning"
	case saved == 0:
		e.outcome = fmt.Sprintf("interrupted after step %d, before the first checkpoint; nothing is kept; run the same again to start "+
			"from the beginning", done)
	case saved == done:
		e.outcome = fmt.Sprintf("interrupted after step %d; its checkpoint is kept; run the same again to go on from there", done)
	default:
		e.outcome = fmt.Sprintf("interrupted after step %d; the checkpoint of step %d is kept; run the same again to go on from there",
			done, saved)
	}
	return e
}
