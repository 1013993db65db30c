package train

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"

	"sslkit/data"
	"sslkit/kit/device"
	"sslkit/kit/interrupt"
	"sslkit/kit/rundir"
	"sslkit/kit/track"
)

// Train trains on a set, the plan's, and keeps all of it in dir, whose lock the caller holds. A
// training that was interrupted goes on at its last checkpoint that is as it was written, and ends
// in the same bits as if it had not been.
//
// It is an error if there are checkpoints and none of them is whole, if the conditions are others
// than when the run began (unless ResumeElsewhere), if the directory is removed, if the loss or the
// gradient stops being a number (the error says at which step and what broke; the last checkpoint
// stays), and if the user interrupts it (the error says which checkpoint is kept, or that the run
// is finished).
func (p Plan) Train(dir rundir.Dir, lock *rundir.Lock, set data.Set) error {
	user := interrupt.Begin()
	err := Catch(func() error {
		backend, err := device.Open()
		if err != nil {
			return err
		}
		progress := newProgress()
		defer progress.end()
		if err := dir.GoOn(); err != nil {
			return err
		}
		t := &training{dir: dir, lock: lock, plan: p, progress: progress, user: user}
		defer t.close()
		if p.Steps == 0 {
			return t.adopt()
		}
		if err := t.setUp(backend); err != nil {
			return err
		}
		t.show()
		err = Catch(func() error { return t.run(set) })
		t.endShow(err)
		return err
	})
	user.End()
	if err == nil {
		user.Finished()
		return user.Err() // Who asked for an end while the run was finished means all that comes next.
	}
	if gone := lock.Held(); gone != nil {
		return gone // Which is why nothing can be written.
	}
	stopped := rundir.Stopped{
		Diverged: errors.Is(err, ErrDiverged), Collapsed: errors.Is(err, errCollapsed), Interrupted: errors.Is(err, interrupt.ErrInterrupted),
		Error: err.Error(),
	}
	if kept := dir.Stop(stopped); kept != nil {
		return errors.Join(err, kept)
	}
	return err
}

// training is a run while it trains.
type training struct {
	dir      rundir.Dir
	lock     *rundir.Lock // Of dir.
	plan     Plan
	store    *model.Store
	saved    model.Loader // Of the checkpoint that the training goes on at; nil where it begins.
	trainer  *train.Trainer
	monitors *Monitors
	log      *rundir.MetricsLog
	batches  *batches
	devices  *sharding // Nil on one device.
	progress *progress
	user     *interrupt.Watch
	began    time.Time
	looks    []rundir.Metrics // At the monitors, by this process and those before it.
	alarmed  bool             // The alarm was shown and has not passed.
	giveBack func()           // The memory that the steps keep; nil before the first has run.
	validate *validation      // Nil where validation images decide nothing.
	probe    *probing         // Nil where there is none.
	reported []rundir.Metrics // By the processes before this one, and before its first step.
	shown    track.Trackers   // Nil before it is set up.
	live     *live            // Nil outside a notebook.
	failure  error            // What stopped it, without the words that the training loop wraps around it.

	secondsBefore float64 // What earlier processes took.
	waitedBefore  float64 // What of that they waited for images.
}

// setUp is at step 0, or at the last checkpoint.
func (t *training) setUp(backend compute.Backend) error {
	t.store = model.NewStore()
	if err := t.store.SetRNGStateFromSeed(int64(t.plan.Seed)); err != nil {
		return fmt.Errorf("seeding the initial weights: %w", err)
	}
	resumed, err := t.resume()
	if err != nil {
		return err
	}
	t.saved = t.store.Loader()
	t.store.SetLoader(twinLoader{t.saved})
	if t.monitors, err = t.plan.HeldOutMonitors(t.store); err != nil {
		return err
	}
	// The first look brings the variables of encoder and method into being, in a new run and in a
	// resumed one, so that they are in the same order in both: the sums over all of them then round
	// alike.
	first, err := t.monitors.look()
	if err != nil {
		return err
	}
	if err := t.plan.buildTeacherHead(t.store); err != nil {
		return err
	}
	if t.plan.Start != "" && !resumed {
		if err := t.plan.start(t.store); err != nil {
			return err
		}
		if first, err = t.monitors.look(); err != nil {
			return err
		}
	}
	if err := t.plan.beginAverage(t.store); err != nil {
		return err
	}
	left, err := t.plan.loadFrozen(t.store)
	if err != nil {
		return err
	}
	if len(left) > 0 && !resumed {
		fmt.Printf("of the weights of the frozen network these are left out: %s\n", strings.Join(left, ", "))
	}
	if t.devices, err = newSharding(t.plan.Mesh); err != nil {
		return err
	}
	if t.trainer, err = newTrainer(backend, t.store, t.plan, t.devices); err != nil {
		return err
	}
	if t.plan.StopEarly.Every > 0 {
		if t.validate, err = newValidation(t.store, t.plan); err != nil {
			return err
		}
	}
	if t.probe, err = newProbing(t.store, t.plan); err != nil {
		return err
	}
	if resumed {
		return t.remember(int(t.trainer.GlobalStep()))
	}
	if err := t.saveEncoder(rundir.InitialFile, Student); err != nil {
		return err
	}
	if err := t.dir.Seal(rundir.InitialFile); err != nil {
		return err
	}
	if t.log, _, err = t.dir.OpenMetrics(-1); err != nil {
		return err
	}
	t.looks = []rundir.Metrics{{Monitor: first}}
	if t.probe != nil {
		if t.looks[0].Probe, err = t.probe.look(); err != nil {
			return err
		}
	}
	t.reported = t.looks
	return t.log.Write(t.looks[0])
}

// resume lets the store start at the last checkpoint, if there is one, that is as it was written.
func (t *training) resume() (resumed bool, err error) {
	from, err := t.dir.Resume(t.store)
	if err != nil {
		return false, err
	}
	if from.Step == 0 {
		return false, t.dir.ForgetAfter(0)
	}
	var elsewhere *rundir.Elsewhere
	if err := t.dir.MatchConditions(from.Step); errors.As(err, &elsewhere) && t.plan.ResumeElsewhere {
		if err := t.dir.ResumeElsewhere(from.Step); err != nil {
			return false, err
		}
		t.progress.say(fmt.Sprintf("going on behind step %d under other conditions than the run began under:\n%s",
			from.Step, strings.Join(elsewhere.Differences, "\n")))
	} else if err != nil {
		return false, err
	}
	for _, passed := range from.PassedOver {
		t.progress.say(fmt.Sprintf("passed over %v", passed))
	}
	t.user.Saved(from.Step) // Known before all is compiled, which takes its time.
	return true, t.dir.ForgetAfter(from.Step)
}

// remember takes up what earlier processes reported up to a step, the one of the checkpoint that
// the training goes on at.
func (t *training) remember(step int) error {
	log, earlier, err := t.dir.OpenMetrics(step)
	if err != nil {
		return err
	}
	t.log, t.secondsBefore, t.waitedBefore = log, earlier[step].Seconds, earlier[step].Waited
	t.looks, t.reported = rundir.Looks(earlier), earlier
	for _, metrics := range earlier {
		t.validate.note(metrics)
	}
	if t.validate != nil && t.validate.bestStep > 0 {
		return t.dir.CheckBest(t.validate.bestStep)
	}
	return nil
}

// close gives back the memory of the device and closes the files.
func (t *training) close() {
	if t.trainer != nil {
		t.trainer.ResetComputationGraphs()
	}
	if t.monitors != nil {
		t.monitors.Close()
	}
	t.validate.close()
	t.probe.close()
	if t.store != nil {
		t.store.Finalize()
	}
	if t.log != nil {
		t.log.Close()
	}
	if t.giveBack != nil {
		t.giveBack()
	}
	device.Trim()
}

// run trains to the last step and writes the encoder.
func (t *training) run(set data.Set) error {
	plan, done := t.plan, int(t.trainer.GlobalStep())
	loader := data.NewItemLoader(set, plan.Item, plan.Order, done, plan.Steps)
	defer loader.Close()
	t.batches = &batches{plan: plan, name: set.Name(), loader: loader}

	if done > 0 {
		t.progress.say(fmt.Sprintf("resumed after step %d", done))
	}
	if note := plan.microBatchNote(); note != "" {
		t.progress.say(note)
	}
	t.progress.start(int64(plan.Steps-done)*int64(plan.Order.Batch), plan.epochs(plan.Steps))
	t.began = time.Now()
	if t.validate.over(done) { // Ended before it could say so.
		return t.finish()
	}
	loop := train.NewLoop(t.trainer)
	loop.OnStep("sslkit", 0, t.afterStep)
	var steps train.Dataset = t.batches
	if t.devices != nil {
		steps = shardedBatches{t.batches, t.devices}
	}
	if _, err := loop.RunSteps(steps, plan.Steps-done); err != nil {
		switch {
		case errors.Is(t.failure, errStopEarly):
			t.progress.say(t.validate.String())
		case t.failure != nil:
			return t.failure
		default:
			return fmt.Errorf("step %d: %w", loop.LoopStep+1, err)
		}
	}
	return t.finish()
}

// finish writes the encoder with all weights that there are, and the sums that say that the run is
// finished.
func (t *training) finish() error {
	if err := t.lock.Held(); err != nil {
		return err
	}
	kept := t.kept()
	if t.validate != nil {
		if err := t.takeBest(kept); err != nil {
			return err
		}
	}
	var files []string
	for _, w := range kept {
		if err := t.saveEncoder(w.EncoderFile(), w); err != nil {
			return err
		}
		files = append(files, w.EncoderFile())
	}
	return t.dir.Finish(files...)
}
