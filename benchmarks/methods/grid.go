package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"sslkit/benchmarks/launch"
)

// grid has a cell for each method and seed on each set.
func grid(o options, sets []imageSet) launch.Grid {
	g := launch.Grid{Question: "methods", Folder: o.Runs("launch", "methods")}
	for _, set := range sets {
		for seed := range uint64(o.seeds) {
			for i, e := range set.chosen {
				g.Cells = append(g.Cells, cell(o, set, e, set.first(i), seed+1))
			}
		}
	}
	return g
}

// cell is one method with one seed. The first of a family measures its random encoder too.
func cell(o options, set imageSet, e entry, first bool, seed uint64) launch.Cell {
	keeps := []string{filepath.Join(runDir(o, set, e, seed), measuredFile)}
	if first {
		keeps = append(keeps, randomFile(o, set, e, seed))
	}
	return launch.Cell{
		Name: fmt.Sprintf("%s/%s/%s-%d", set.name, e.family.name, e.method.Name(), seed), Done: launch.Keeps(keeps...),
		Run: func() error {
			if _, err := pretrain(o, set, e, seed); err != nil || !first {
				return err
			}
			_, err := measureRandom(o, set, e, seed)
			return err
		},
	}
}

// first tells whether the i-th method is the first of its family, which gives the random encoder.
func (s imageSet) first(i int) bool {
	return !slices.ContainsFunc(s.chosen[:i], func(e entry) bool { return e.family.name == s.chosen[i].family.name })
}
