package main

import (
	"fmt"
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

// one is what the curation looks at, with each seed.
func one(s setting) []training { return s.each(simCLR) }

// both are the self-supervised encoder and the supervised one.
func both(s setting) []training { return s.each(supervised, simCLR) }

// each are encoders on images without a planted bias, with each seed.
func (s setting) each(objectives ...objective) []training {
	var all []training
	for seed := range uint64(s.seeds) {
		for _, e := range objectives {
			all = append(all, training{s, e, 0, seed + 1})
		}
	}
	return all
}

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
	e.name, e.like = fmt.Sprintf("simclr-on-%d", few.train), &s
	return append(one(s), few.each(e)...)
}

// tried are the objectives whose rates the wanted parts need. What sees few images often takes the
// rate of what sees many.
func (o options) tried(s setting) []objective {
	var all []objective
	for _, p := range parts {
		if !p.wanted(o) || p.isKept(o, s) {
			continue
		}
		for _, t := range p.trains(s) {
			if t.train == s.train && !slices.ContainsFunc(all, func(e objective) bool { return e.name == t.objective.name }) {
				all = append(all, t.objective)
			}
		}
	}
	return all
}

// trialGrid has a cell for each trial of these.
func trialGrid(o options, s setting) launch.Grid {
	g := launch.Grid{Question: "trust", Folder: o.Runs("launch", "trust-trials")}
	for _, e := range o.tried(s) {
		g.Cells = append(g.Cells, s.trials(o, e).Cells()...)
	}
	return g
}

// grid has a cell for each training of the parts that are to be measured. What is looked at in the
// encoders is looked at by who gathers them.
func grid(o options, s setting) launch.Grid {
	g := launch.Grid{Question: "trust", Folder: o.Runs("launch", "trust")}
	for _, p := range parts {
		if !p.wanted(o) || p.isKept(o, s) {
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
					_, _, err := t.pretrain(o, t.objective, t.spurious, t.seed)
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
