// Package interrupt lets a training that the user interrupts (the square button of a notebook, or
// Ctrl+C) end in good order and say what was kept, rather than with "signal: interrupt".
package interrupt

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"time"
)

// ErrInterrupted is the error of a training that the user has interrupted, for errors.Is.
var ErrInterrupted = errors.New("interrupted")

// grace is how long a training may take to reach the end of its step. GoNB kills a cell 5 seconds
// after the interrupt, and what is killed says nothing.
const grace = 3 * time.Second

// Watch waits for an interrupt, from Begin to End.
type Watch struct {
	done, saved atomic.Int64
	asked       atomic.Bool
	signals     chan os.Signal
	ended       chan struct{}
	grace       time.Duration
	exit        func(sentence string) // Where no end of a step comes.
}

// Begin begins to watch. A training that is resumed says so by Saved.
func Begin() *Watch {
	return begin(grace, func(sentence string) {
		fmt.Fprintln(os.Stderr, "\n"+sentence)
		os.Exit(130) // What a shell gives a program that an interrupt has ended.
	})
}

func begin(grace time.Duration, exit func(string)) *Watch {
	w := &Watch{signals: make(chan os.Signal, 2), ended: make(chan struct{}), grace: grace, exit: exit}
	signal.Notify(w.signals, os.Interrupt)
	go w.wait()
	return w
}

// wait leaves the training the time to end itself. It may be in the middle of a compilation or of a
// long step, which nothing else can end.
func (w *Watch) wait() {
	select {
	case <-w.signals:
		w.asked.Store(true)
	case <-w.ended:
		return
	}
	select {
	case <-w.signals: // Asked for twice.
	case <-time.After(w.grace):
	case <-w.ended:
		return
	}
	w.exit(w.outcome().Error())
}

// End ends the watching: an interrupt then ends the program again.
func (w *Watch) End() {
	signal.Stop(w.signals)
	close(w.ended)
}

// Step says that the training is behind a step.
func (w *Watch) Step(step int) { w.done.Store(int64(step)) }

// Saved says that the training is behind a step, and that the checkpoint of that is written.
func (w *Watch) Saved(step int) {
	w.done.Store(int64(step))
	w.saved.Store(int64(step))
}

// Asked tells whether the user has asked for the training to end: the time to save what there is.
func (w *Watch) Asked() bool { return w.asked.Load() }

// Err is the error to end with: it wraps ErrInterrupted and says what was kept and how to go on. It
// is nil until Asked.
func (w *Watch) Err() error {
	if !w.Asked() {
		return nil
	}
	return w.outcome()
}

// outcome says what an end now would keep.
func (w *Watch) outcome() error {
	done, saved := w.done.Load(), w.saved.Load()
	switch {
	case done == 0:
		return fmt.Errorf("%w before the end of the first step; nothing is kept; run the same again to start from the beginning", ErrInterrupted)
	case saved == 0:
		return fmt.Errorf("%w after step %d, before the first checkpoint; nothing is kept; run the same again to start from the beginning", ErrInterrupted, done)
	case saved == done:
		return fmt.Errorf("%w after step %d; its checkpoint is kept; run the same again to go on from there", ErrInterrupted, done)
	default:
		return fmt.Errorf("%w after step %d; the checkpoint of step %d is kept; run the same again to go on from there", ErrInterrupted, done, saved)
	}
}
