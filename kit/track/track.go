// Package track shows trainings in the tools that people have: TensorBoard and MLflow.
//
// A recipe's Track shows a training while it goes on, and [sslkit/kit.Run.Track] one that has been:
//
//	recipe.Track = []track.Tracker{track.TensorBoard{}, track.MLflow{URL: "http://localhost:5000"}}
//	err := run.Track(track.TensorBoard{Dir: "tensorboard"})
//
// What is shown is what metrics.jsonl holds, so that both end in the same. A tracker is no part of
// what a recipe trains: it changes neither its bits nor whether two recipes are the same, and a
// training goes on where a tracker can't be reached.
package track

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"sslkit/kit/rundir"
)

// Tracker is a tool that shows trainings.
type Tracker interface {
	// Check returns an error that names the field that is out of range. Nothing is opened.
	Check() error
	// Open begins to show a run, or goes on with it where the tool shows it already. The error says
	// what was asked of whom; Open may be called again.
	Open(Run) (Log, error)
	// String names the tool and the place, such as "TensorBoard in runs/simclr".
	String() string
}

// Log shows one run. One goroutine uses it.
type Log interface {
	// Write shows further lines of the run's metrics, in their order. After an error those that
	// were not shown, and perhaps some that were, are written again.
	Write([]rundir.Metrics) error
	// Close ends it.
	Close(End) error
}

// Run is what a tracker is told of a run.
type Run struct {
	Name     string           // Of its directory.
	Dir      rundir.Dir       // Where it lies.
	Recipe   []byte           // Content of recipe.json.
	Settings []Setting        // Of the recipe, by path.
	Began    time.Time        // When the run was first started.
	Metrics  []rundir.Metrics // What it has reported so far.
}

// Setting is one of a recipe's, such as Optimizer.LR with the value 0.3.
type Setting struct{ Path, Value string }

// End is how a training ended.
type End int

// The ends of a training.
const (
	Finished    End = iota // It trained to its last step, or to where StopEarly ended it.
	Interrupted            // It will go on.
	Failed                 // It ended with an error.
)

// id tells runs apart that have the same name: it is the same whenever this run is shown.
func (r Run) id() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s", r.Name, r.Began.UTC().Format(time.RFC3339), r.Recipe))
	return hex.EncodeToString(sum[:8])
}

// at is when a line was reported, as if the training had never been interrupted: what is known is how
// long it had trained.
func (r Run) at(m rundir.Metrics) time.Time {
	return r.Began.Add(time.Duration(m.Seconds * float64(time.Second)))
}

// Send shows a run as far as it came.
func Send(to Tracker, run Run, end End) error {
	fail := func(err error) error { return fmt.Errorf("showing the run in %s by %s: %w", run.Dir, to, err) }
	if err := to.Check(); err != nil {
		return fail(err)
	}
	log, err := to.Open(run)
	if err != nil {
		return fail(err)
	}
	if err := log.Close(end); err != nil {
		return fail(err)
	}
	return nil
}
