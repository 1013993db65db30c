package interrupt

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// press sends the interrupt that a notebook's button and Ctrl+C send.
func press(t *testing.T) {
	t.Helper()
	process, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = process.Signal(os.Interrupt)
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
		w := begin(time.Hour, func(string) {})
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
	said := make(chan string, 1)
	w := begin(10*time.Millisecond, func(sentence string) { said <- sentence })
	defer w.End()
	press(t)
	if sentence := <-said; !strings.HasPrefix(sentence, "interrupted before the end of the first step") {
		t.Errorf("said %q", sentence)
	}
}

func TestSecondInterruptWaitsNoLonger(t *testing.T) {
	said := make(chan string, 1)
	w := begin(time.Hour, func(sentence string) { said <- sentence })
	defer w.End()
	press(t)
	asked(t, w)
	press(t)
	<-said
}

func TestTrainingThatEndsInTimeIsLeftAlone(t *testing.T) {
	w := begin(20*time.Millisecond, func(sentence string) { t.Error("ended from outside: " + sentence) })
	press(t)
	asked(t, w)
	w.End()
	time.Sleep(60 * time.Millisecond)
}
