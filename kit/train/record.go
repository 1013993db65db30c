package train

import (
	"errors"
	"fmt"
	"time"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train"

	"sslkit/kit/device"
	"sslkit/kit/rundir"
)

// afterStep records a step. The metrics are those of newTrainer: loss, its moving average, learning
// rate, gradient norm.
func (t *training) afterStep(loop *train.Loop, values []*tensors.Tensor) error {
	if t.giveBack == nil { // All is compiled now.
		t.giveBack = device.KeepMemory()
	}
	step := loop.LoopStep + 1
	metrics := rundir.Metrics{
		Step: step, Epoch: t.plan.epochs(step), Seconds: t.secondsBefore + time.Since(t.began).Seconds(),
		Waited: t.waitedBefore + t.batches.loader.Waited().Seconds(),
		Loss:   scalar(values[0]), LearningRate: scalar(values[2]), GradientNorm: scalar(values[3]),
	}
	t.failure = t.record(metrics)
	return t.failure
}

func (t *training) record(metrics rundir.Metrics) error {
	if err := t.lock.Held(); err != nil {
		return fmt.Errorf("stopped at step %d: %w", metrics.Step, err)
	}
	if err := t.checkFinite(metrics); err != nil {
		return err
	}
	last := metrics.Step == t.plan.Steps
	if metrics.Step%t.plan.MonitorEvery == 0 || last {
		var err error
		if metrics.Monitor, err = t.monitors.look(); errors.Is(err, errNotFinite) {
			return t.diverged(metrics, notNumbers)
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
			if err := t.dir.SaveBest(t.store, metrics.Step); err != nil {
				return fmt.Errorf("step %d: %w", metrics.Step, err)
			}
		}
	}
	if t.probe.due(metrics.Step) {
		var err error
		if metrics.Probe, err = t.probe.look(); errors.Is(err, errNotFinite) {
			return t.diverged(metrics, notNumbers)
		} else if err != nil {
			return fmt.Errorf("step %d: %w", metrics.Step, err)
		}
	}
	if err := t.log.Write(metrics); err != nil {
		return err
	}
	t.progress.step(t.plan.Order.Batch, metrics)
	t.live.step(metrics)
	t.sayAll(t.shown.Write(metrics))
	if err := t.watch(); err != nil {
		return err
	}
	t.user.Step(metrics.Step)
	interrupted := t.user.Asked()
	if metrics.Step%t.plan.CheckpointEvery == 0 || last || interrupted {
		if err := t.log.Sync(); err != nil {
			return err
		}
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

// notNumbers is what broke where a look at the weights behind an update finds it.
const notNumbers = "the update of this step made weights that are not numbers"

// scalar is the value of a scalar tensor.
func scalar(t *tensors.Tensor) float64 { return shapes.ConvertTo[float64](t.Value()) }
