package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sslkit/benchmarks/result"
	"sslkit/kit"
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
	subjects := compared(c.Quick)
	if c.Do == doParts {
		subjects = alone(c.Quick)
	}
	at := slices.IndexFunc(subjects, func(s subject) bool { return s.name == c.Subject })
	if at < 0 {
		return fmt.Errorf("there is no subject %q", c.Subject)
	}
	s, scratch := subjects[at], os.Getenv(childScratch)
	// A cache of its own, so that each training decodes the folder, as the first does.
	recipe := s.recipe(c.Images, filepath.Join(scratch, "cache"), c.Steps)
	m, err := measured{}, error(nil)
	if c.Do == doTrain {
		m, err = trainHere(filepath.Join(scratch, "run"), recipe, c.Started)
	} else {
		m, err = profileHere(recipe, c.Steps-1)
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

// trainHere trains, and takes the times of the steps from the metrics.
func trainHere(dir string, recipe kit.Recipe, started float64) (measured, error) {
	first := whenFirstStep(filepath.Join(dir, rundir.MetricsFile))
	run, err := kit.Pretrain(dir, recipe)
	if err != nil {
		return measured{}, err
	}
	metrics, err := run.Metrics()
	if err != nil {
		return measured{}, err
	}
	m := measured{First: float64((<-first).UnixNano())/1e9 - started}
	for i, line := range metrics[2:] { // The first is of step 0.
		m.Steps = append(m.Steps, line.Seconds-metrics[i+1].Seconds)
	}
	return m, nil
}

// whenFirstStep gives the time, to 20 ms, at which the metrics had the line of the first step.
func whenFirstStep(metrics string) <-chan time.Time {
	first := make(chan time.Time, 1)
	go func() {
		for {
			// There is no file at first. Its first line is of step 0.
			if content, err := os.ReadFile(metrics); err == nil && bytes.Count(content, []byte("\n")) >= 2 {
				first <- time.Now()
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return first
}

// profileHere takes the step apart, beside the device's matrix product.
func profileHere(recipe kit.Recipe, rounds int) (measured, error) {
	product, err := productFLOPs()
	if err != nil {
		return measured{}, err
	}
	profile, err := kit.ProfileOf(recipe, rounds)
	if err != nil {
		return measured{}, err
	}
	return measured{First: profile.First, Steps: profile.Step, Profile: profile, ProductFLOPs: product}, nil
}
