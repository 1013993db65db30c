package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/device"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// steps are trained: one that compiles, and those that are measured.
const steps = 3

// training is what a child process trains.
type training struct {
	Dir     string // Of the run; what is there is removed.
	Subject string // Its name.
	Setting int    // In settings.
	Batch   int
	Quick   bool
}

// took is what the child says about it.
type took struct {
	Step  float64 // Seconds of a step, the mean of those that are measured.
	First float64 // Seconds to the end of the first step, which is compiled before.
	MiB   float64 // Largest resident memory in the steps that are measured, less that before the first.
}

// recipe is what is trained.
func (t training) recipe() (kit.Recipe, error) {
	all := subjects(t.Quick)
	at := slices.IndexFunc(all, func(s subject) bool { return s.name == t.Subject })
	if at < 0 || t.Setting < 0 || t.Setting >= len(settings) {
		return kit.Recipe{}, fmt.Errorf("there is no subject %q with setting %d", t.Subject, t.Setting)
	}
	recipe := kit.Recipe{
		Data: data.Shapes{Train: 2 * t.Batch, Validation: 32, Test: 32}, Encoder: all[at].encoder, Method: ssl.SimCLR{},
		Augment: []augment.Pipeline{{augment.RandomResizedCrop{Size: 32}, augment.Flip{}, augment.Normalize{}}},
		Batch:   t.Batch, Steps: steps, Seed: 1, MonitorEvery: steps, CheckpointEvery: steps,
	}
	settings[t.Setting].change(&recipe)
	return recipe, nil
}

// run trains, and says what it took on standard output.
func (t training) run() error {
	recipe, err := t.recipe()
	if err != nil {
		return err
	}
	before := make(chan float64, 1)
	go func() { // The metrics of step 0 are written before the step is compiled, those of step 1 behind it.
		waitForStep(t.Dir, 0)
		before <- fromHere()
		waitForStep(t.Dir, 1)
		fromHere()
	}()
	run, err := kit.Pretrain(t.Dir, recipe)
	if err != nil {
		return err
	}
	peak := 1024 * result.PeakMemoryGiB()
	metrics, err := run.Metrics()
	if err != nil {
		return err
	}
	first, last := metrics[1].Seconds, metrics[steps].Seconds
	return json.NewEncoder(os.Stdout).Encode(took{Step: (last - first) / (steps - 1), First: first, MiB: peak - <-before})
}

// waitForStep waits, to 20 ms, until a run has the metrics of a step.
func waitForStep(dir string, step int) {
	for {
		// There is no file at first, and there may be half a line at its end.
		if metrics, err := rundir.Dir(dir).Metrics(); err == nil && len(metrics) > step {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fromHere lets the peak memory be that from here on, and tells how much there is, in MiB.
func fromHere() float64 {
	device.Trim()
	result.ResetPeakMemory()
	return 1024 * result.PeakMemoryGiB()
}

// child trains in a process of its own, so that its memory is that of the training.
func child(t training) (took, error) {
	if err := os.RemoveAll(t.Dir); err != nil {
		return took{}, err
	}
	if err := os.MkdirAll(filepath.Dir(t.Dir), 0o755); err != nil {
		return took{}, err
	}
	var said took
	err := question.Child(t, &said)
	return said, err
}
