package main

import (
	"fmt"

	"sslkit/benchmarks/launch"
)

// grid has a cell for each pretraining with its classifiers, which start from it.
func grid(o options, s settings, sets []imageSet) launch.Grid {
	g := launch.Grid{Question: "labels", Folder: o.Runs("launch", "labels")}
	for _, set := range sets {
		dir := o.Runs("labels", set.name)
		for seed := range uint64(s.seeds) {
			for _, p := range s.parts(set) {
				g.Cells = append(g.Cells, s.gridCell(dir, set, seed+1, p))
			}
		}
	}
	return g
}

func (s settings) gridCell(dir string, set imageSet, seed uint64, p part) launch.Cell {
	var keeps []string
	for _, over := range p.over {
		for draw := range s.draws {
			for _, perClass := range over.counts {
				keeps = append(keeps, classifierDir(runDir(dir, p.images, seed), over.way, perClass, draw)+".json")
			}
		}
	}
	return launch.Cell{
		Name: fmt.Sprintf("%s/simclr-%d-%d", set.name, p.images, seed), Done: launch.Keeps(keeps...),
		Run: func() error { return s.measurePart(dir, set, seed, p, &classifiers{}) },
	}
}

// runs are the directories of the pretrainings of the first seeds.
func (s settings) runs(dir string, set imageSet, seeds uint64) []string {
	var dirs []string
	for seed := range seeds {
		for _, p := range s.parts(set) {
			dirs = append(dirs, runDir(dir, p.images, seed+1))
		}
	}
	return dirs
}
