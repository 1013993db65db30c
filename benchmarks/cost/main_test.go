package main

import (
	"path/filepath"
	"testing"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
	"sslkit/kit/ssl"
)

func TestMain(m *testing.M) { devicetest.Main(m) }

// A leg goes on from the one before, what is there is not trained again where legs are added, and
// the cost of a row is of all legs so far.
func TestLegsGoOn(t *testing.T) {
	of := subject{"simclr/shapes/tiny", ssl.SimCLR{Hidden: 4, Out: 4}, encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem}}
	s := setting{dir: t.TempDir(), source: data.Shapes{Train: 80, Validation: 16, Test: 32}, first: 32, batch: 16, seeds: 2, legs: 1}
	run := func() (trained int) {
		for _, g := range s.grids(options{}, []subject{of}) {
			for _, c := range g.Cells {
				if c.Done() {
					continue
				}
				trained++
				if err := c.Run(); err != nil || !c.Done() {
					t.Fatalf("%s: done %v, %v", c.Name, c.Done(), err)
				}
			}
		}
		return trained
	}
	if n := run(); n != 3+2 { // Trials, and a leg with each seed.
		t.Errorf("%d trainings of one leg", n)
	}
	s.legs = 3
	if n := run(); n != 4 {
		t.Errorf("%d trainings of two legs more", n)
	}
	first, err := kit.Open(s.runDir(of, 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	second, err := kit.Open(s.runDir(of, 1, 2))
	if err != nil || second.Recipe.Start != first.WeightsFile() || second.Recipe.Steps != 2*first.Recipe.Steps || second.Recipe.Seed == first.Recipe.Seed {
		t.Errorf("the second leg is %+v, %v", second.Recipe, err)
	}
	rows, dirs, err := s.rows(of, 2)
	if err != nil || len(rows) != 1 || len(dirs) != 2 {
		t.Fatalf("%d rows, %d runs, %v", len(rows), len(dirs), err)
	}
	if c := rows[0].Cost; c.ImagesSeen != 32+64+128 || c.FLOPs <= 0 || c.Seconds <= 0 {
		t.Errorf("cost %+v", c)
	}
	earlier, _, err := s.rows(of, 0)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := draw(folder, []subject{of}, append(earlier, rows...)); err != nil {
		t.Fatal(err)
	}
	if drawn, err := filepath.Glob(filepath.Join(folder, "cost-*.png")); err != nil || len(drawn) != 2 {
		t.Errorf("drawn are %q, %v", drawn, err)
	}
}
