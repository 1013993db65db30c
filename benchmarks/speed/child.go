package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/gomlx/compute/dtypes"

	"sslkit/benchmarks/peak"
	"sslkit/benchmarks/result"
	"sslkit/kit"
	"sslkit/kit/interrupt"
	"sslkit/kit/rundir"
)

// childCall, in the environment, marks a process that measures; its value is a call as JSON.
// childScratch names an empty folder for it.
const (
	childCall    = "SSLKIT_SPEED_CHILD"
	childScratch = "SSLKIT_SPEED_SCRATCH"
)

// runChild measures, and prints the answer.
func runChild(encoded string) error {
	var c call
	if err := json.Unmarshal([]byte(encoded), &c); err != nil {
		return fmt.Errorf("reading %s: %w", childCall, err)
	}
	subjects := compared(c.Quick, c.Wide)
	if c.Do == doParts {
		subjects = alone(c.Quick, c.Wide)
	}
	at := slices.IndexFunc(subjects, func(s subject) bool { return s.name == c.Subject })
	if at < 0 {
		return fmt.Errorf("there is no subject %q", c.Subject)
	}
	s, scratch := subjects[at], os.Getenv(childScratch)
	// A cache of its own, so that each training decodes the folder, as the first does.
	recipe := s.recipe(c.Images, filepath.Join(scratch, "cache"), c.Steps)
	recipe.Precision, recipe.Mesh = c.Precision, kit.Mesh{Data: c.Devices}
	m, err := measured{}, error(nil)
	if c.Do == doTrain {
		m, err = trainHere(filepath.Join(scratch, "run"), recipe, c.Started)
	} else {
		m, err = profileHere(recipe, c.Steps-1, c.Precision)
	}
	if err != nil {
		return err
	}
	m.PeakMiB = 1024 * result.PeakMemoryGiB()
	if c.Do == doParts { // There is nothing to compare it with.
		return m.print()
	}
	views := s.method.Views(c.Side, c.Side)
	m.Input = [4]int{len(views) * c.Batch, c.Side, c.Side, 3}
	if m.Parameters, err = countParameters(s.encoder, s.method, c.Side); err != nil {
		return err
	}
	return m.print()
}

// longTraining is the number of steps of the training that is measured in its first ones: monitors
// and checkpoints then come as rarely as in a training that is worth measuring.
const longTraining = 4000

// trainHere begins a long training, interrupts it after the call's steps, and takes their times from
// the metrics.
func trainHere(dir string, recipe kit.Recipe, started float64) (measured, error) {
	steps := recipe.Steps
	recipe.Steps = longTraining
	first := make(chan time.Time, 1)
	go func() {
		metrics := filepath.Join(dir, rundir.MetricsFile)
		waitForStep(metrics, 1)
		first <- time.Now()
		waitForStep(metrics, steps)
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	}()
	_, err := kit.Pretrain(dir, recipe)
	if !errors.Is(err, interrupt.ErrInterrupted) {
		return measured{}, fmt.Errorf("a training of %d steps was not interrupted after %d: %w", longTraining, steps, err)
	}
	metrics, err := rundir.Dir(dir).Metrics()
	if err != nil {
		return measured{}, err
	}
	m := measured{First: float64((<-first).UnixNano())/1e9 - started}
	for step := 2; step <= steps; step++ { // The first line is of step 0.
		m.Steps = append(m.Steps, metrics[step].Seconds-metrics[step-1].Seconds)
	}
	return m, nil
}

// waitForStep waits, to 20 ms, until the metrics have the line of a step. There is no file at first.
func waitForStep(metrics string, step int) {
	for {
		// The first line is of step 0.
		if content, err := os.ReadFile(metrics); err == nil && bytes.Count(content, []byte("\n")) > step {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// profileHere takes the step apart, beside the device's matrix product.
func profileHere(recipe kit.Recipe, rounds int, precision kit.Precision) (measured, error) {
	dtype := dtypes.Float32
	if precision == kit.BFloat16 {
		dtype = dtypes.BFloat16
	}
	product, err := peak.Product(dtype)
	if err != nil {
		return measured{}, err
	}
	profile, err := kit.ProfileOf(recipe, rounds)
	if err != nil {
		return measured{}, err
	}
	return measured{First: profile.First, Steps: profile.Step, Profile: profile, ProductFLOPs: product}, nil
}
