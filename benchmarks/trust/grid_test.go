package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestGrid has what the parts share once, and nothing of a part that is not measured, or was.
func TestGrid(t *testing.T) {
	// The runs are where the process is, since the flag that says where is not set.
	t.Chdir(t.TempDir())
	s := setting{train: 10_000, seeds: 1, images: 320}
	names := func(only string) []string {
		var all []string
		for _, c := range grid(options{only: only}, s).Cells {
			all = append(all, c.Name)
		}
		return all
	}
	both := []string{"supervised-spurious0-1", "simclr-spurious0-1"}
	if got := names("attack,factors"); !slices.Equal(got, both) {
		t.Errorf("two parts have the cells %q", got)
	}
	if got := names(""); len(got) != 12 || !slices.Contains(got, "rotation-spurious0.9-1") || !slices.Contains(got, "simclr-on-200-spurious0-1") {
		t.Errorf("all parts have %d cells: %q", len(got), got)
	}
	kept := part{name: "attack"}.kept(options{}, s)
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := names("attack"); len(got) != 0 {
		t.Errorf("a part that was measured has the cells %q", got)
	}
}

func TestPartsThatAreNoneAreAnError(t *testing.T) {
	for only, ok := range map[string]bool{"": true, "attack,bias": true, "atack": false, "attack, bias": false} {
		if err := checkParts(only); (err == nil) != ok {
			t.Errorf("-only %q: error %v", only, err)
		}
	}
}
