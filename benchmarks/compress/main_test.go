package main

import (
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/device/devicetest"
	"sslkit/kit/encoder"
)

func TestMain(m *testing.M) { devicetest.Main(m) }

// Every way is tried as often as the others, and goes through its stages and the report with tiny
// networks, cell by cell.
func TestTinyNetworksGoAllWays(t *testing.T) {
	t.Chdir(t.TempDir()) // What is found of images, and the result, are kept where the process is.
	var o options
	o.Register()
	o.Quick, o.seeds = true, 1
	s := settings{
		dir: o.Runs("compress"), data: data.Shapes{Train: 60, Validation: 16, Test: 32}, rounds: 3,
		teacher: encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem}, student: encoder.ResNet{Depth: 10, Width: 2, Stem: encoder.HalfStem},
		teacherSteps: 1, studentSteps: 1, tuned: 1, batch: 16,
	}
	for _, w := range s.ways() {
		if len(w.rates) != len(s.ways()[0].rates) {
			t.Errorf("%s tries %d rates", w.of, len(w.rates))
		}
	}
	for _, g := range s.grids(o) {
		for _, c := range g.Cells {
			if trial := strings.Contains(c.Name, "/trial-"); c.Done() && !trial { // The rounds share theirs.
				t.Fatalf("%s is done before it was run", c.Name)
			}
			if err := c.Run(); err != nil || !c.Done() {
				t.Fatalf("%s: done %v, %v", c.Name, c.Done(), err)
			}
		}
	}
	if err := s.report(o); err != nil {
		t.Fatal(err)
	}
	written, err := result.Read(o.Runs("compress.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range written.Check() {
		if !strings.Contains(missing, "trained by commit") { // Of a tree in which files are changed.
			t.Error(missing)
		}
	}
	metrics := map[string]int{}
	for _, r := range written.Rows {
		metrics[r.Metric]++
	}
	if metrics[knnAccuracy] != 7 || metrics[ofTeachers] != 6 || metrics[before] != 4 || metrics[knnAccuracy+lessAlone] != 1 {
		t.Errorf("rows %v", metrics)
	}
}
