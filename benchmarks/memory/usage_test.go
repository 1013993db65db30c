package main

import (
	"math"
	"os"
	"testing"
)

func TestUsageSeesWhatIsTaken(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("only Linux tells")
	}
	before, err := usageNow()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		file, err := os.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
	}
	taken := make([]byte, 64<<20)
	for i := range taken {
		taken[i] = 1
	}
	after, err := usageNow()
	if err != nil {
		t.Fatal(err)
	}
	if got := after.files - before.files; got < 3 {
		t.Errorf("%d more files are open, want 3", got)
	}
	for name, of := range map[string]func(usage) float64{
		"resident": resident, "own": own, "Go's": func(u usage) float64 { return u.goMiB },
	} {
		if got := of(after) - of(before); got < 60 || got > 80 {
			t.Errorf("%s: %.0f MiB more, want 64", name, got)
		}
	}
	if taken[len(taken)-1] != 1 || before.threads < 1 || before.goroutines < 1 {
		t.Errorf("%v", before)
	}
}

func TestGrowth(t *testing.T) {
	level := func(before, after float64) []float64 { // What comes before the settled training does not count.
		memory := make([]float64, 50)
		for i := range memory {
			switch {
			case i < settled:
				memory[i] = 1
			case i < settled+10:
				memory[i] = before
			default:
				memory[i] = after
			}
		}
		return memory
	}
	outlier := level(200, 200)
	outlier[len(outlier)-1] = 1000
	for name, c := range map[string]struct {
		memory []float64
		want   float64
	}{
		"level": {level(200, 200), 0}, "grown": {level(200, 220), 10}, "shrunk": {level(200, 180), -10}, "one high": {outlier, 0},
		"few": {append(make([]float64, settled), 200, 200), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := growth(c.memory); math.Abs(got-c.want) > 1e-9 {
				t.Errorf("got %g %%, want %g %%", got, c.want)
			}
		})
	}
}
