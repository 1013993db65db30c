package train

import (
	"errors"
	"fmt"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"

	"sslkit/data"
	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/interrupt"
	"sslkit/kit/rundir"
)

// Train trains on a set, the plan's, and keeps all of it in dir, whose lock the caller holds. A
// training that was interrupted goes on at its last checkpoint and ends in the same bits as if it
// had not been.
//
// It is an error if the loss or the gradient stops being a number (the error says at which step and
// what broke; the last checkpoint stays), and if the user interrupts it (the error says which
// checkpoint is kept).
func (p Plan) Train(dir rundir.Dir, set data.Set) error {
	return Catch(func() error {
		backend, err := device.Open()
		if err != nil {
			return err
		}
		progress := newProgress()
		defer progress.end()
		user := interrupt.Begin()
		defer user.End()
		t, err := newTraining(dir, backend, p, user)
		if err != nil {
			return err
		}
		t.progress = progress
		defer t.log.Close()
		defer t.validate.close()
		return t.run(set)
	})
}

// training is a run while it trains.
type training struct {
	dir      rundir.Dir
	plan     Plan
	store    *model.Store
	trainer  *train.Trainer
	monitors *Monitors
	log      *rundir.MetricsLog
	batches  *batches
	progress *progress
	user     *interrupt.Watch
	began    time.Time
	looks    []rundir.Metrics // At the monitors, by this process and those before it.
	alarmed  bool             // The alarm was shown and has not passed.
	validate *validation      // Nil where validation images decide nothing.
	failure  error            // What stopped it, without the words that the training loop wraps around it.

	secondsBefore float64 // What earlier processes took.
}

// newTraining sets a training up at step 0, or at the last checkpoint.
func newTraining(dir rundir.Dir, backend compute.Backend, plan Plan, user *interrupt.Watch) (*training, error) {
	if err := dir.RemoveHalfWritten(); err != nil {
		return nil, err
	}
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(int64(plan.Seed)); err != nil {
		return nil, fmt.Errorf("seeding the initial weights: %w", err)
	}
	resumed, err := dir.RestoreCheckpoint(store)
	if err != nil {
		return nil, err
	}
	store.SetLoader(teacherLoader{store.Loader()})
	monitors, err := plan.HeldOutMonitors(store)
	if err != nil {
		return nil, err
	}
	// The first look brings the variables of encoder and method into being, in a new run and in a
	// resumed one, so that they are in the same order in both: the sums over all of them then round
	// alike.
	first, err := monitors.look()
	if err != nil {
		return nil, err
	}
	if err := plan.buildTeacherHead(backend, store); err != nil {
		return nil, err
	}
	if plan.Start != "" && !resumed {
		if err := plan.start(store); err != nil {
			return nil, err
		}
		if first, err = monitors.look(); err != nil {
			return nil, err
		}
	}
	if err := plan.freeze(store); err != nil {
		return nil, err
	}
	trainer, err := newTrainer(backend, store, plan)
	if err != nil {
		return nil, err
	}
	t := &training{dir: dir, plan: plan, store: store, trainer: trainer, monitors: monitors, user: user}
	behind := -1
	if resumed {
		behind = int(trainer.GlobalStep())
		user.Saved(behind)
	} else if err := t.saveEncoder(rundir.InitialFile); err != nil {
		return nil, err
	}
	if plan.StopEarly.Every > 0 {
		if t.validate, err = newValidation(store, plan); err != nil {
			return nil, err
		}
	}
	if t.log, t.secondsBefore, err = dir.OpenMetrics(behind); err != nil {
		return nil, err
	}
	if err := t.remember(resumed, first); err != nil {
		t.log.Close()
		return nil, err
	}
	return t, nil
}

// remember takes up what earlier processes reported, or reports the first look of a new run.
func (t *training) remember(resumed bool, first *rundir.Monitor) error {
	if !resumed {
		return t.log.Write(rundir.Metrics{Monitor: first})
	}
	earlier, err := t.dir.Metrics()
	if err != nil {
		return err
	}
	t.looks = rundir.Looks(earlier)
	for _, metrics := range earlier {
		t.validate.note(metrics)
	}
	return nil
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
	t.progress.start(int64(plan.Steps-done)*int64(plan.Order.Batch), plan.epochs(plan.Steps))
	t.began = time.Now()
	loop := train.NewLoop(t.trainer)
	loop.OnStep("sslkit", 0, t.afterStep)
	if _, err := loop.RunSteps(t.batches, plan.Steps-done); err != nil {
		switch {
		case errors.Is(t.failure, errStopEarly):
			t.progress.say(t.validate.String())
		case t.failure != nil:
			return t.failure
		default:
			return fmt.Errorf("step %d: %w", loop.LoopStep+1, err)
		}
	}
	if t.validate != nil {
		return t.saveBest()
	}
	return t.saveEncoder(rundir.EncoderFile)
}

// afterStep records a step. The metrics are those of newTrainer: loss, its moving average, learning
// rate, gradient norm.
func (t *training) afterStep(loop *train.Loop, values []*tensors.Tensor) error {
	step := loop.LoopStep + 1
	metrics := rundir.Metrics{
		Step: step, Epoch: t.plan.epochs(step), Seconds: t.secondsBefore + time.Since(t.began).Seconds(),
		Loss: scalar(values[0]), LearningRate: scalar(values[2]), GradientNorm: scalar(values[3]),
	}
	t.failure = t.record(metrics)
	return t.failure
}

func (t *training) record(metrics rundir.Metrics) error {
	if err := t.checkFinite(metrics); err != nil {
		return err
	}
	last := metrics.Step == t.plan.Steps
	if metrics.Step%t.plan.MonitorEvery == 0 || last {
		var err error
		if metrics.Monitor, err = t.monitors.look(); errors.Is(err, errNotFinite) {
			return t.diverged(metrics, "the update of this step made weights that are not numbers")
		} else if err != nil {
			return fmt.Errorf("step %d: %w", metrics.Step, err)
		}
		t.looks = append(t.looks, metrics)
	}
	if t.validate.due(metrics.Step) {
		accuracy, err := t.validate.accuracy()
		if err != nil {
			return fmt.Errorf("step %d: %w", metrics.Step, err)
		}
		metrics.Validation = &accuracy
		if t.validate.note(metrics) {
			if err := t.dir.WriteCheckpoint(t.store, rundir.BestCheckpoint); err != nil {
				return fmt.Errorf("step %d: %w", metrics.Step, err)
			}
		}
	}
	if err := t.log.Write(metrics); err != nil {
		return err
	}
	t.progress.step(t.plan.Order.Batch, metrics)
	if err := t.watch(); err != nil {
		return err
	}
	t.user.Step(metrics.Step)
	interrupted := t.user.Asked()
	if metrics.Step%t.plan.CheckpointEvery == 0 || last || interrupted {
		if err := t.dir.SaveCheckpoint(t.store, metrics.Step); err != nil {
			return err
		}
		t.user.Saved(metrics.Step)
	}
	switch {
	case t.validate.over(metrics.Step):
		return errStopEarly
	case interrupted && !last:
		return t.user.Err()
	}
	return nil
}

// saveBest writes the encoder's weights of the best checkpoint.
func (t *training) saveBest() error {
	store, err := t.dir.LoadBest()
	if err != nil {
		return err
	}
	if err := BuildEncoder(EncoderScope(store), t.plan.Encoder, t.plan.Height, t.plan.Width); err != nil {
		return err
	}
	t.store = store
	return t.saveEncoder(rundir.EncoderFile)
}

// saveEncoder writes the encoder's weights as they are now.
func (t *training) saveEncoder(name string) error {
	weights, err := encoder.Weights(EncoderScope(t.store))
	if err != nil {
		return err
	}
	return encoder.WriteSafetensors(t.dir.Path(name), weights, map[string]string{"architecture": t.plan.Encoder.Name()})
}

// scalar is the value of a scalar tensor.
func scalar(t *tensors.Tensor) float64 { return shapes.ConvertTo[float64](t.Value()) }
