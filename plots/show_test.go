package plots

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What Show writes outside a notebook does not pile up.
func TestShowKeepsTheLastFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	figure, err := Curve("", "step", "loss", Line{X: []float64{1, 2}, Y: []float64{2, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := save(figure); err != nil {
			t.Fatal(err)
		}
	}
	shown, err := filepath.Glob(filepath.Join(os.TempDir(), "*", "*.png"))
	if err != nil || len(shown) != 2 {
		t.Fatalf("shown %q (%v), want 2 files", shown, err)
	}
	folder := filepath.Dir(shown[0])
	for i := range keptFiles {
		old := filepath.Join(folder, fmt.Sprintf("%d.png", i))
		if err := os.WriteFile(old, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(time.Duration(i-keptFiles) * time.Minute)
		if err := os.Chtimes(old, then, then); err != nil {
			t.Fatal(err)
		}
	}
	if err := save(figure); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != keptFiles {
		t.Errorf("%d files are left (%v), want %d", len(left), err, keptFiles)
	}
	for i, want := range map[int]bool{0: false, 2: false, 3: true, keptFiles - 1: true} {
		_, err := os.Stat(filepath.Join(folder, fmt.Sprintf("%d.png", i)))
		if got := err == nil; got != want {
			t.Errorf("file %d of %d is there: %v, want %v", i, keptFiles, got, want)
		}
	}
	for _, path := range shown {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("what was shown last: %v", err)
		}
	}
}
