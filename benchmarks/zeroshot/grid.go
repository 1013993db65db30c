package main

import (
	"fmt"
	"path/filepath"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
)

// grid has a cell for each training with each seed.
func grid(o question.Options, seeds int) launch.Grid {
	g := launch.Grid{Question: "zeroshot", Folder: o.Runs("launch", "zeroshot")}
	for seed := range uint64(seeds) {
		for _, c := range cases {
			dir := runDir(o, c, seed+1)
			g.Cells = append(g.Cells, launch.Cell{
				Name: filepath.Base(dir), Done: launch.Keeps(filepath.Join(dir, measuredFile)),
				Run: func() error {
					_, _, err := pretrain(o, c, seed+1)
					return err
				},
			})
		}
	}
	return g
}

// trialGrid has a cell for each trial.
func trialGrid(o question.Options) launch.Grid {
	g := launch.Grid{Question: "zeroshot", Folder: o.Runs("launch", "zeroshot-trials")}
	for _, c := range cases {
		g.Cells = append(g.Cells, trials(o, c).Cells()...)
	}
	return g
}

// runDir is the run directory of a training with a seed.
func runDir(o question.Options, c training, seed uint64) string {
	return o.Runs("zeroshot", fmt.Sprintf("%s-%d", c.name, seed))
}
