package train

import (
	"errors"
	"fmt"

	"github.com/janpfeifer/gonb/gonbui"

	"sslkit/kit/interrupt"
	"sslkit/kit/track"
)

// show begins to show the training in its notebook cell and by the plan's trackers.
func (t *training) show() {
	t.live = newLive(fmt.Sprintf("%s, %s on %s", t.plan.Method.Name(), t.plan.Encoder.Name(), t.plan.Data.Name()), t.reported)
	shown := t.plan.Shown
	shown.Metrics = t.reported
	t.shown = track.Follow(t.plan.Trackers, shown)
	t.reported = nil // Long trainings report much.
}

// endShow draws the last state, and tells the trackers how the training has ended.
func (t *training) endShow(err error) {
	if undrawn := t.live.end(); undrawn != nil {
		t.progress.say(undrawn.Error())
	}
	end := track.Finished
	switch {
	case errors.Is(err, interrupt.ErrInterrupted):
		end = track.Interrupted
	case err != nil:
		end = track.Failed
	}
	t.sayAll(t.shown.Close(end))
	gonbui.Sync() // A cell is a process of its own: what is in the pipe when it ends would be lost.
}

func (t *training) sayAll(lines []string) {
	for _, line := range lines {
		t.progress.say(line)
	}
}
