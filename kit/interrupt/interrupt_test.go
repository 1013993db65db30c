package interrupt

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// press sends the interrupt that a notebook's button and Ctrl+C send.
func press(t *testing.T) {
	t.Helper()
	send(t, os.Interrupt)
}

func send(t *testing.T, what os.Signal) {
	t.Helper()
	process, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = process.Signal(what)
	}
	if err != nil {
		t.Skip("no interrupt can be sent here:", err)
	}
}

func asked(t *testing.T, w *Watch) {
	t.Helper()
	for range 1000 {
		if w.Asked() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the interrupt was not seen")
}

func TestSentence(t *testing.T) {
	for _, test := range []struct {
		saved, step int // The last checkpoint, and the last step after it.
		want        string
	}{
		{0, 0, "before the end of the first step; nothing is kept"},
		{0, 7, "after step 7, before the first checkpoint; nothing is kept"},
		{5, 7, "after step 7; the checkpoint of step 5 is kept; run the same again to go on from there"},
		{7, 0, "after step 7; its checkpoint is kept"},
	} {
		w := begin(time.Hour, func(*Error) {})
		if test.saved > 0 {
			w.Saved(test.saved)
		}
		if test.step > 0 {
			w.Step(test.step)
		}
		if w.Err() != nil {
			t.Error("an error without an interrupt")
		}
		press(t)
		asked(t, w)
		w.End()
		if err := w.Err(); !errors.Is(err, ErrInterrupted) || !strings.HasPrefix(err.Error(), "interrupted "+test.want) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestTrainingThatDoesNotEndIsEnded(t *testing.T) {
	said := make(chan *Error, 1)
	w := begin(10*time.Millisecond, func(err *Error) { said <- err })
	defer w.End()
	press(t)
	if err := <-said; !strings.HasPrefix(err.Error(), "interrupted before the end of the first step") {
		t.Errorf("said %q", err)
	}
}

func TestSecondInterruptWaitsNoLonger(t *testing.T) {
	said := make(chan *Error, 1)
	w := begin(time.Hour, func(err *Error) { said <- err })
	defer w.End()
	press(t)
	asked(t, w)
	press(t)
	<-said
}

func TestTrainingThatEndsInTimeIsLeftAlone(t *testing.T) {
	w := begin(20*time.Millisecond, func(err *Error) { t.Errorf("ended from outside: %v", err) })
	press(t)
	asked(t, w)
	w.End()
	time.Sleep(60 * time.Millisecond)
}

func TestExitStatusIsTheSignals(t *testing.T) {
	for want, err := range map[int]error{
		130: fmt.Errorf("pretraining in runs/a: %w", &Error{Signal: os.Interrupt}),
		143: New(syscall.SIGTERM, "interrupted: 3 cells are not done"),
		1:   errors.New("another"),
	} {
		if got := ExitStatus(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

// TestSIGTERMEndsInGoodOrder: it is what a scheduler sends.
func TestSIGTERMEndsInGoodOrder(t *testing.T) {
	w := begin(time.Hour, func(*Error) {})
	defer w.End()
	w.Saved(3)
	send(t, syscall.SIGTERM)
	asked(t, w)
	if err := w.Err(); ExitStatus(err) != 143 || !strings.Contains(err.Error(), "after step 3; its checkpoint is kept") {
		t.Errorf("%v, status %d", err, ExitStatus(err))
	}
}

// TestInterruptAtTheVeryEnd is not lost: the program is to end, whatever comes after the training.
func TestInterruptAtTheVeryEnd(t *testing.T) {
	for range 100 {
		w := begin(time.Hour, func(*Error) {})
		w.signals <- os.Interrupt // As signal.Notify sends it.
		w.End()
		w.Finished()
		if err := w.Err(); !errors.Is(err, ErrInterrupted) || !strings.Contains(err.Error(), "the run is finished") {
			t.Fatalf("error %v", err)
		}
	}
}
