package train

import (
	"errors"

	"sslkit/kit/interrupt"
	"sslkit/kit/track"
)

// show begins to show the training by the plan's trackers.
func (t *training) show() {
	shown := t.plan.Shown
	shown.Metrics = t.reported
	t.shown = track.Follow(t.plan.Trackers, shown)
	t.reported = nil // Long trainings report much.
}

// endShow tells the trackers how the training has ended.
func (t *training) endShow(err error) {
	end := track.Finished
	switch {
	case errors.Is(err, interrupt.ErrInterrupted):
		end = track.Interrupted
	case err != nil:
		end = track.Failed
	}
	t.sayAll(t.shown.Close(end))
}

func (t *training) sayAll(lines []string) {
	for _, line := range lines {
		t.progress.say(line)
	}
}
