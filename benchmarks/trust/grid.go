package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"sslkit/benchmarks/launch"
	"sslkit/kit"
)

// training is one encoder that a part looks at.
type training struct {
	setting
	objective objective
	spurious  float64
	seed      uint64
}

// one is what the curation looks at.
func one(s setting) []training { return []training{{s, simCLR, 0, 1}} }

// both are the self-supervised encoder and the supervised one.
func both(s setting) []training { return []training{{s, supervised, 0, 1}, {s, simCLR, 0, 1}} }

// biased are all pretexts, on images without and with a planted bias.
func biased(s setting) []training {
	var all []training
	for seed := range uint64(s.seeds) {
		for _, spurious := range []float64{0, .9} {
			for _, e := range pretexts {
				all = append(all, training{s, e, spurious, seed + 1})
			}
		}
	}
	return all
}

// memorised are SimCLR on all images and on a fiftieth of them, each of which it sees often.
func memorised(s setting) []training {
	few, e := s, simCLR
	few.train = max(s.train/50, batch)
	e.name = fmt.Sprintf("simclr-on-%d", few.train)
	return append(one(s), training{few, e, 0, 1})
}

// grid has a cell for each training of the parts that are to be measured. What is looked at in the
// encoders is looked at by who gathers them.
func grid(o options, s setting) launch.Grid {
	g := launch.Grid{Question: "trust", Folder: o.Runs("launch", "trust")}
	for _, p := range parts {
		if _, err := os.Stat(p.kept(o)); !p.wanted(o) || !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, t := range p.trains(s) {
			dir := runDir(o, t.objective, t.spurious, t.seed)
			if slices.ContainsFunc(g.Cells, func(c launch.Cell) bool { return c.Name == filepath.Base(dir) }) {
				continue // Another part looks at it too.
			}
			g.Cells = append(g.Cells, launch.Cell{
				Name: filepath.Base(dir), Done: (&kit.Run{Dir: dir}).Finished,
				Run: func() error {
					_, err := t.pretrain(o, t.objective, t.spurious, t.seed)
					return err
				},
			})
		}
	}
	return g
}

// trained are the run directories of all parts that are there.
func trained(o options, s setting) []string {
	var dirs []string
	for _, p := range parts {
		for _, t := range p.trains(s) {
			dir := runDir(o, t.objective, t.spurious, t.seed)
			if (&kit.Run{Dir: dir}).Finished() && !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// runDir is the run directory of an encoder.
func runDir(o options, e objective, spurious float64, seed uint64) string {
	return o.Runs("trust", fmt.Sprintf("%s-spurious%g-%d", e.name, spurious, seed))
}
