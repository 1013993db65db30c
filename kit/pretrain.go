package kit

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/data"
	"sslkit/kit/device"
	"sslkit/kit/encoder"
)

// Pretrain trains the recipe's encoder on its images, without their labels, and keeps all of it in the directory dir, which
// is created where it is missing. It is idempotent on dir: a finished run is loaded at once, an interrupted one goes on at
// its last checkpoint and ends in the same bits as if it had not been interrupted.
//
// It is an error if a setting is out of range (before anything is compiled), if dir holds a run of another recipe or of other
// images (the error shows the difference), if another process is writing there (it is named), and if the loss or the
// gradient stops being a number (the error says at which step and what broke; the last checkpoint stays).
func Pretrain(dir string, recipe Recipe) (*Run, error) {
	var run *Run
	// Code that builds graphs panics; this is the one place where that becomes an error.
	caught := exceptions.TryCatch[error](func() {
		var err error
		if run, err = pretrain(dir, recipe); err != nil {
			panic(err)
		}
	})
	if caught != nil {
		return nil, fmt.Errorf("pretraining in %s: %w", dir, caught)
	}
	return run, nil
}

func pretrain(dir string, recipe Recipe) (*Run, error) {
	if err := recipe.check(); err != nil {
		return nil, err
	}
	recipe = recipe.withDefaults()
	set, err := recipe.Data.Open(data.Train)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	if err := recipe.checkFor(set); err != nil {
		return nil, err
	}
	recipe, err = recipe.forCaptions(set)
	if err != nil {
		return nil, err
	}
	recipe = recipe.forData(set.Len())
	if _, err := recipe.Optimizer.Build(recipe.plan()); err != nil { // Knows whether the schedule fits.
		return nil, err
	}
	height, width := set.Size()
	views := recipe.Method.Views(height, width)
	run := &Run{Dir: dir, Recipe: recipe}
	if run.Finished() { // Nothing is written, so any number of readers may come, also where only reading is allowed.
		if err := matchRecipe(dir, recipe, views); err != nil {
			return nil, err
		}
		return run, matchEnvironment(dir, set, true)
	}

	if err := os.MkdirAll(dir, directoryPerms); err != nil {
		return nil, fmt.Errorf("creating the run directory: %w", err)
	}
	lock, err := acquire(dir)
	if err != nil {
		return nil, err
	}
	defer lock.release()
	if err := matchRecipe(dir, recipe, views); err != nil {
		return nil, err
	}
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	if err := matchEnvironment(dir, set, run.Finished()); err != nil {
		return nil, err
	}
	if run.Finished() { // By another process, while this one waited for nothing but the lock.
		return run, nil
	}
	fmt.Printf("%s, %s on %s: %d steps of %d images, on %s\n", recipe.Method.Name(), recipe.Encoder.Name(), set.Name(),
		recipe.Steps, recipe.Batch, device.Describe())
	progress := newProgress()
	defer progress.end()
	training, err := newTraining(dir, backend, recipe, set)
	if err != nil {
		return nil, err
	}
	training.progress = progress
	defer training.log.close()
	defer training.validate.close()
	return run, training.run()
}

// training is a run while it trains.
type training struct {
	dir      string
	recipe   Recipe
	set      data.Set
	store    *model.Store
	trainer  *train.Trainer
	monitors *monitors
	log      *metricsLog
	batches  *batches
	progress *progress
	began    time.Time
	looks    []Metrics   // At the monitors, by this process and those before it.
	alarmed  bool        // The alarm was shown and has not passed.
	validate *validation // Nil where validation images decide nothing.
	failure  error       // What stopped it, without the words that the training loop wraps around it.

	secondsBefore float64 // What earlier processes took.
}

// newTraining sets a training up at step 0, or at the last checkpoint.
func newTraining(dir string, backend compute.Backend, recipe Recipe, set data.Set) (*training, error) {
	if err := removeHalfWritten(dir); err != nil {
		return nil, err
	}
	height, width := set.Size()
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(int64(recipe.Seed)); err != nil {
		return nil, fmt.Errorf("seeding the initial weights: %w", err)
	}
	resumed, err := restoreCheckpoint(dir, store)
	if err != nil {
		return nil, err
	}
	store.SetLoader(teacherLoader{store.Loader()})
	monitors, err := newMonitors(backend, store, recipe)
	if err != nil {
		return nil, err
	}
	// The first look brings the variables of encoder and method into being, in a new run and in a resumed one, so that they
	// are in the same order in both: the sums over all of them then round alike.
	first, err := monitors.look()
	if err != nil {
		return nil, err
	}
	if recipe.Start != "" && !resumed {
		if err := recipe.start(store); err != nil {
			return nil, err
		}
		if first, err = monitors.look(); err != nil {
			return nil, err
		}
	}
	if err := recipe.freeze(store, height, width); err != nil {
		return nil, err
	}
	trainer, err := newTrainer(backend, store, recipe)
	if err != nil {
		return nil, err
	}
	t := &training{dir: dir, recipe: recipe, set: set, store: store, trainer: trainer, monitors: monitors}
	behind := -1
	if resumed {
		behind = int(trainer.GlobalStep())
	} else if err := t.saveEncoder(initialFile); err != nil {
		return nil, err
	}
	if recipe.StopEarly.Every > 0 {
		if t.validate, err = newValidation(store, recipe); err != nil {
			return nil, err
		}
	}
	if t.log, t.secondsBefore, err = openMetrics(dir, behind); err != nil {
		return nil, err
	}
	if resumed {
		earlier, err := readMetrics(dir)
		if err != nil {
			t.log.close()
			return nil, err
		}
		t.looks = looks(earlier)
		for _, metrics := range earlier {
			t.validate.note(metrics)
		}
	} else if err := t.log.write(Metrics{Monitor: first}); err != nil {
		t.log.close()
		return nil, err
	}
	return t, nil
}

// run trains to the last step and writes the encoder.
func (t *training) run() error {
	done := int(t.trainer.GlobalStep())
	order, err := t.recipe.order(t.set)
	if err != nil {
		return err
	}
	item, err := t.recipe.item(t.set)
	if err != nil {
		return err
	}
	loader := data.NewItemLoader(t.set, item, order, done, t.recipe.Steps)
	defer loader.Close()
	t.batches = &batches{recipe: t.recipe, set: t.set, loader: loader}

	if done > 0 {
		t.progress.say(fmt.Sprintf("resumed behind step %d", done))
	}
	t.progress.start(int64(t.recipe.Steps-done)*int64(t.recipe.Batch), t.epochs(t.recipe.Steps))
	t.began = time.Now()
	loop := train.NewLoop(t.trainer)
	loop.OnStep("sslkit", 0, t.afterStep)
	if _, err := loop.RunSteps(t.batches, t.recipe.Steps-done); err != nil {
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
	return t.saveEncoder(encoderFile)
}

// epochs is the number of passes over the images in that many steps.
func (t *training) epochs(steps int) float64 {
	return float64(steps) * float64(t.recipe.Batch-t.recipe.labelledPart()) / float64(t.set.Len())
}

// afterStep records a step. The metrics are those of newTrainer: loss, its moving average, learning rate, gradient norm.
func (t *training) afterStep(loop *train.Loop, values []*tensors.Tensor) error {
	step := loop.LoopStep + 1
	metrics := Metrics{
		Step: step, Epoch: t.epochs(step), Seconds: t.secondsBefore + time.Since(t.began).Seconds(),
		Loss: scalar(values[0]), LearningRate: scalar(values[2]), GradientNorm: scalar(values[3]),
	}
	t.failure = t.record(metrics)
	return t.failure
}

func (t *training) record(metrics Metrics) error {
	if err := t.checkFinite(metrics); err != nil {
		return err
	}
	if metrics.Step%t.recipe.MonitorEvery == 0 || metrics.Step == t.recipe.Steps {
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
			if err := writeCheckpoint(t.dir, t.store, bestCheckpoint); err != nil {
				return fmt.Errorf("step %d: %w", metrics.Step, err)
			}
		}
	}
	if err := t.log.write(metrics); err != nil {
		return err
	}
	t.progress.step(t.recipe.Batch, metrics)
	if err := t.watch(); err != nil {
		return err
	}
	if metrics.Step%t.recipe.CheckpointEvery == 0 || metrics.Step == t.recipe.Steps {
		if err := saveCheckpoint(t.dir, t.store, metrics.Step); err != nil {
			return err
		}
	}
	if t.validate.over(metrics.Step) {
		return errStopEarly
	}
	return nil
}

// watch shows the collapse alarm when it is raised and when it has passed, and ends the training if the recipe asks for it.
func (t *training) watch() error {
	alarm := diagnose(t.recipe.Method, t.looks)
	switch {
	case alarm != nil && t.recipe.StopOnCollapse:
		return errors.New(alarm.String())
	case alarm != nil && !t.alarmed:
		t.progress.say(alarm.String())
	case alarm == nil && t.alarmed:
		t.progress.say(fmt.Sprintf("The collapse has passed: embeddings differ again at step %d.", t.looks[len(t.looks)-1].Step))
	}
	t.alarmed = alarm != nil
	return nil
}

// checkFinite returns an error that says what broke where the loss or the gradient is not a number.
func (t *training) checkFinite(metrics Metrics) error {
	switch {
	case finite(metrics.Loss) && finite(metrics.GradientNorm):
		return nil
	case finite(metrics.Loss):
		return t.diverged(metrics, "the loss is a number but its gradient is not")
	case metrics.Step == 1:
		return t.diverged(metrics, "the loss of the first batch is not a number: look at the images and at the method's settings")
	default:
		return t.diverged(metrics, "the loss of this batch is not a number: the update before it went too far")
	}
}

// diverged is the error of a training that left the numbers.
func (t *training) diverged(metrics Metrics, what string) error {
	return fmt.Errorf("stopped at step %d (epoch %.2f): %s; loss %g, gradient norm %g, learning rate %g; first images of the batch: %v. "+
		"Try a lower learning rate, a longer warm-up, ClipNorm in the optimiser, or a higher temperature; the last checkpoint is whole",
		metrics.Step, metrics.Epoch, what, metrics.Loss, metrics.GradientNorm, metrics.LearningRate,
		t.batches.last.Indices[:min(4, len(t.batches.last.Indices))])
}

// saveBest writes the encoder's weights of the best checkpoint.
func (t *training) saveBest() error {
	store := model.NewStore()
	if err := loadCheckpoint(filepath.Join(t.dir, checkpointDir, bestCheckpoint), store); err != nil {
		return err
	}
	height, width := t.set.Size()
	if err := buildEncoder(store.Scope("/"+encoderScope), t.recipe.Encoder, height, width); err != nil {
		return err
	}
	t.store = store
	return t.saveEncoder(encoderFile)
}

// saveEncoder writes the encoder's weights as they are now.
func (t *training) saveEncoder(name string) error {
	weights, err := encoder.Weights(t.store.Scope("/" + encoderScope))
	if err != nil {
		return err
	}
	return encoder.WriteSafetensors(filepath.Join(t.dir, name), weights, map[string]string{"architecture": t.recipe.Encoder.Name()})
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// scalar is the value of a scalar tensor.
func scalar(t *tensors.Tensor) float64 { return shapes.ConvertTo[float64](t.Value()) }
