package track

import (
	"fmt"
	"sync"
	"time"

	"sslkit/kit/rundir"
)

// Trackers show a training while it goes on. Each has a goroutine of its own, so that none of them
// keeps the training waiting, before its end.
type Trackers []*follower

// follower shows a training by one tracker.
type follower struct {
	tracker Tracker
	run     Run
	every   time.Duration // Between two writes.
	retry   time.Duration // Between two attempts where one has failed.

	mu    sync.Mutex
	lines []rundir.Metrics // Reported and not shown yet.
	note  string           // To be said.

	end   chan End
	ended chan struct{}
}

// How long the end of a training waits for trackers that do not answer, and that of one which is
// interrupted: GoNB kills a cell 5 seconds after the interrupt.
const (
	patience   = 15 * time.Second
	impatience = 2 * time.Second
)

// Follow begins to show a training. It returns at once.
func Follow(trackers []Tracker, run Run) Trackers {
	var all Trackers
	for _, tracker := range trackers {
		all = append(all, follow(tracker, run, time.Second, 10*time.Second))
	}
	return all
}

func follow(tracker Tracker, run Run, every, retry time.Duration) *follower {
	f := &follower{tracker: tracker, run: run, every: every, retry: retry, end: make(chan End, 1), ended: make(chan struct{})}
	go f.show()
	return f
}

// Write hands a line of the metrics to all of them, and returns at once, with what is to be said to the
// user: a tracker that can't be reached, or can be again.
func (t Trackers) Write(m rundir.Metrics) (notes []string) {
	for _, f := range t {
		f.mu.Lock()
		f.lines = append(f.lines, m)
		if f.note != "" {
			notes = append(notes, f.note)
			f.note = ""
		}
		f.mu.Unlock()
	}
	return notes
}

// Close shows the rest, for which it waits up to 15 seconds, or 2 where the user has interrupted the
// training, and returns what is to be said: what could not be shown.
func (t Trackers) Close(end End) (notes []string) {
	for _, f := range t {
		f.end <- end
	}
	limit := time.After(patience)
	if end == Interrupted {
		limit = time.After(impatience)
	}
	for _, f := range t {
		select {
		case <-f.ended:
		case <-limit:
			limit = time.After(0)
		}
		f.mu.Lock()
		if left := len(f.lines); left > 0 && f.note == "" {
			f.note = fmt.Sprintf("%s has not answered in time", f.tracker)
		}
		if f.note != "" {
			notes = append(notes, f.note+f.left())
		}
		f.mu.Unlock()
	}
	return notes
}

// left says how many steps were not shown, and how they can be. The caller holds mu.
func (f *follower) left() string {
	if len(f.lines) == 0 {
		return ""
	}
	return fmt.Sprintf("; the last %d steps are not shown there; run.Track shows them later", len(f.lines))
}

// show writes what has been reported, now and then, until the end.
func (f *follower) show() {
	defer close(f.ended)
	var log Log
	wait, failed := time.Duration(0), false
	for {
		end, over := Finished, false
		select {
		case end = <-f.end:
			over = true
		case <-time.After(wait):
		}
		var err error
		if log == nil {
			log, err = f.tracker.Open(f.run)
		}
		if err == nil {
			err = f.write(log)
		}
		if over && log != nil {
			if closing := log.Close(end); err == nil {
				err = closing
			}
		}
		f.say(err, failed)
		if over {
			return
		}
		wait, failed = f.every, err != nil
		if failed {
			wait = f.retry
		}
	}
}

// write shows what has been reported and keeps what could not be shown.
func (f *follower) write(log Log) error {
	f.mu.Lock()
	lines := f.lines[:len(f.lines):len(f.lines)]
	f.mu.Unlock()
	if len(lines) == 0 {
		return nil
	}
	if err := log.Write(lines); err != nil {
		return err
	}
	f.mu.Lock()
	f.lines = f.lines[len(lines):]
	f.mu.Unlock()
	return nil
}

// say tells of an error once, and of its end.
func (f *follower) say(err error, before bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err != nil && !before:
		f.note = fmt.Sprintf("the training goes on, but is not shown by %s for now: %v", f.tracker, err)
	case err == nil && before:
		f.note = fmt.Sprintf("%s shows the training again, nothing is missing", f.tracker)
	}
}
