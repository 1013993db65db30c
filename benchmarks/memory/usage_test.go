package main

import (
	"math"
	"os"
	"strings"
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
	if before.inUseMiB < 0 || before.inUseMiB > before.ownMiB {
		t.Errorf("%.1f MiB of the C heap are in use, of %.1f that are the process's own", before.inUseMiB, before.ownMiB)
	}
	if taken[len(taken)-1] != 1 || before.threads < 1 || before.goroutines < 1 {
		t.Errorf("%v", before)
	}
}

func TestGrowth(t *testing.T) {
	line := func(from, to float64) []float64 { // What comes before the settled training does not count.
		memory := make([]float64, settled+50)
		for i := range memory {
			if memory[i] = 1; i >= settled {
				memory[i] = from + (to-from)*float64(i-settled)/49
			}
		}
		return memory
	}
	outlier, modes, leak := line(200, 200), line(200, 200), line(200, 220)
	outlier[len(outlier)-1] = 1000
	for i := range modes { // Now and then more, as of the heap of XLA's compiler.
		if i*i%7 < 2 {
			modes[i], leak[i] = modes[i]+12, leak[i]+12
		}
	}
	for name, c := range map[string]struct {
		memory    []float64
		want, off float64
	}{
		"level": {line(200, 200), 0, 0}, "grown": {line(200, 220), 10, 0}, "shrunk": {line(200, 180), -10, 0}, "one high": {outlier, 0, 0},
		"two modes": {modes, 0, .5}, "two modes and a leak": {leak, 10, 1.5}, "few": {append(make([]float64, settled), 200, 200), 0, 0},
		"not known": {make([]float64, settled+2), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := growth(c.memory); !(math.Abs(got-c.want) <= c.off+1e-9) {
				t.Errorf("got %g %%, want %g %%", got, c.want)
			}
		})
	}
}

// A leak of the C heap is one by its MiB, and not by its share of a heap that is small.
func TestCheck(t *testing.T) {
	at := func(resident, heap float64) []usage {
		looks := make([]usage, settled+20)
		for i := range looks {
			done := float64(max(i-settled, 0)) / 19
			looks[i] = usage{residentMiB: 200 + resident*done, inUseMiB: 7 + heap*done}
		}
		return looks
	}
	for _, c := range []struct {
		resident, heap float64
		want           string
	}{{0, 0, ""}, {9, 2, ""}, {-30, 0, ""}, {11, 0, "resident memory grew after training 10 by 11.0 MiB, which is 5.5 %"},
		{0, 12, "the C heap in use grew after training 10 by 12.0 MiB, which is 6.0 %"}} {
		err := check(at(c.resident, c.heap))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%g MiB more resident and %g of the C heap: error %v, want %q", c.resident, c.heap, err, c.want)
		}
	}
}
