package main

import (
	"fmt"
	"runtime"
	"strings"

	"sslkit/benchmarks/result"
)

// loader is how lightly's side shares the cores between making views and training.
type loader struct {
	Workers int `json:"workers"` // Processes that make views; 0: the one that trains does.
	Threads int `json:"threads"` // Of PyTorch, to train.
}

func (l loader) String() string { return fmt.Sprintf("%d workers, %d threads", l.Workers, l.Threads) }

// loaders are those that are tried on so many cores.
func loaders(cores int) []loader {
	half := max(cores/2, 1)
	tried := []loader{{0, cores}, {1, cores}, {half, half}, {cores, half}}
	if cores == 1 {
		return tried[:2]
	}
	return tried
}

// trial is a loader with the speed that it had.
type trial struct {
	Loader loader  `json:"loader"`
	Speed  float64 `json:"images_per_second"`
}

// fastest is the trial of the highest speed.
func fastest(trials []trial) trial {
	best := trials[0]
	for _, t := range trials[1:] {
		if t.Speed > best.Speed {
			best = t
		}
	}
	return best
}

// describe tells the trials in words.
func describe(trials []trial) string {
	var each []string
	for _, t := range trials {
		each = append(each, fmt.Sprintf("%v: %.0f images/s", t.Loader, t.Speed))
	}
	return strings.Join(each, "; ")
}

// tryLoaders lets lightly's side train a few steps with each loader, once.
func (b *bench) tryLoaders(s subject) ([]trial, error) {
	return result.Kept(b.path(0, "loaders", s.name), func() ([]trial, error) {
		var trials []trial
		for _, l := range loaders(runtime.NumCPU()) {
			c := newCall(doTrain, s, b.options, b.images, min(b.steps, 3*skipped))
			c.loader = l
			m, err := there(b.ctx, b.python, torchScript, c)
			if err != nil {
				return nil, err
			}
			speed, err := m.imagesPerSecond()
			if err != nil {
				return nil, err
			}
			trials = append(trials, trial{l, speed})
		}
		return trials, nil
	})
}
