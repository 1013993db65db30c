//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// interrupted are the trainings that were interrupted.
type interrupted []training

// training is what one had when it was interrupted.
type training struct {
	dir   string
	step  int    // Of the last checkpoint.
	steps []byte // The lines of its metrics up to that, with the time of each step.
	how   string
}

func (t training) String() string {
	return fmt.Sprintf("%s has a checkpoint of step %d", filepath.Base(t.dir), t.step)
}

// look looks at what a training has.
func look(dir string) (training, error) {
	t := training{dir: dir}
	checkpoints, err := filepath.Glob(filepath.Join(dir, "checkpoint", "step-*"))
	if err != nil {
		return t, err
	}
	if len(checkpoints) == 0 {
		return t, fmt.Errorf("%s has no checkpoint", dir)
	}
	slices.Sort(checkpoints)
	if _, err := fmt.Sscanf(filepath.Base(checkpoints[len(checkpoints)-1]), "step-%d", &t.step); err != nil {
		return t, err
	}
	lines, err := t.metrics()
	if err != nil {
		return t, err
	}
	if len(lines) <= t.step {
		return t, fmt.Errorf("%s has metrics of %d steps, and a checkpoint of step %d", dir, len(lines)-1, t.step)
	}
	t.steps = bytes.Join(lines[:t.step+1], nil) // With the look before training.
	return t, nil
}

func (t training) metrics() ([][]byte, error) {
	content, err := os.ReadFile(filepath.Join(t.dir, "metrics.jsonl"))
	return bytes.SplitAfter(bytes.TrimSuffix(content, []byte("\n")), []byte("\n")), err
}

// goneOn counts those whose steps up to the checkpoint have the times that they had: they were not
// trained again.
func (all interrupted) goneOn() (count int, err error) {
	for _, t := range all {
		lines, err := t.metrics()
		if err != nil {
			return 0, err
		}
		if len(lines) > t.step && bytes.HasPrefix(bytes.Join(lines, nil), t.steps) {
			count++
		}
	}
	return count, nil
}

// names tell what happened to which.
func (all interrupted) names() []string {
	var names []string
	for _, t := range all {
		names = append(names, fmt.Sprintf("%s: %s behind step %d", filepath.Base(t.dir), t.how, t.step))
	}
	return names
}
