package rundir

import (
	"errors"
	"fmt"
	"os"
)

// StoppedFile says why a training ended before its last step. A process that was killed leaves none.
const StoppedFile = "stopped.json"

// Stopped is what StoppedFile holds.
type Stopped struct {
	Diverged    bool   `json:"diverged,omitempty"`    // The loss, the gradient or the weights were no longer numbers.
	Collapsed   bool   `json:"collapsed,omitempty"`   // The collapse alarm ended it, as Recipe.StopOnCollapse has it.
	Interrupted bool   `json:"interrupted,omitempty"` // The user or a scheduler ended it.
	Error       string `json:"error"`                 // In words.
}

// Stop keeps why a training ended. The caller holds the lock.
func (d Dir) Stop(why Stopped) error { return WriteJSON(d.Path(StoppedFile), why) }

// GoOn forgets why a training ended, and the table of its metrics. The caller holds the lock.
func (d Dir) GoOn() error {
	if err := os.Remove(d.Path(StoppedFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forgetting why the training stopped: %w", err)
	}
	return d.removeCSV()
}

// Stopped reads why the training ended before its last step: nil where nothing tells.
func (d Dir) Stopped() (*Stopped, error) {
	var why Stopped
	if err := ReadJSON(d.Path(StoppedFile), &why); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return &why, nil
}
