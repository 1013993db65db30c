package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/benchmarks/result"
)

// command runs this command small, with its runs in a folder, and gives its result.
func command(t *testing.T, runs string, flags ...string) result.Result {
	t.Helper()
	c := exec.Command(os.Args[0], append([]string{"-quick", "-set=shapes", "-only=simclr", "-seeds=2", "-images=64", "-width=2",
		"-runs=" + runs}, flags...)...)
	c.Env = append(os.Environ(), commandVariable+"=1")
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", c.Args, err, said)
	}
	written, err := result.Read(filepath.Join(runs+"-quick", "methods-shapes.json"))
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// TestLauncherGivesTheSameTable as cells one after the other, and -launcher gather gives it again.
func TestLauncherGivesTheSameTable(t *testing.T) {
	one, several := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "several")
	want := command(t, one)
	for _, flags := range [][]string{{"-launcher=local", "-j=2"}, {"-launcher=gather"}} {
		if different := result.Differences(want, command(t, several, flags...)); len(want.Rows) != 6 || len(different) > 0 {
			t.Errorf("%v: %d rows; %s", flags, len(want.Rows), strings.Join(different, "\n"))
		}
	}
}

// TestGrid has a cell for each method and seed, of which the first of a family measures the random
// encoder.
func TestGrid(t *testing.T) {
	o := options{set: "shapes", only: "simclr,byol,mae", seeds: 2, images: 640, depth: 10, width: 16}
	sets, err := imageSets(o)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range grid(o, sets).Cells {
		names = append(names, c.Name)
	}
	want := []string{
		"shapes/resnet10-w16-half/simclr-1", "shapes/resnet10-w16-half/byol-1", "shapes/vit4-w96-p4/mae-1",
		"shapes/resnet10-w16-half/simclr-2", "shapes/resnet10-w16-half/byol-2", "shapes/vit4-w96-p4/mae-2",
	}
	if !slices.Equal(names, want) {
		t.Errorf("cells %q", names)
	}
	for i, want := range []bool{true, false, true} {
		if got := sets[0].first(i); got != want {
			t.Errorf("%s measures the random encoder: %v, want %v", names[i], got, want)
		}
	}
}
