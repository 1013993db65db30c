package result

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sslkit/kit/rundir"
)

func TestWhatIsKeptIsNotMeasuredAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "accuracy.json")
	if _, err := ReadKept[float64](path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading what isn't kept: error %v, want fs.ErrNotExist", err)
	}
	failed := errors.New("no images")
	if _, err := Kept(path, func() (float64, error) { return 0, failed }); !errors.Is(err, failed) {
		t.Errorf("error %v, want %v", err, failed)
	}
	for range 2 {
		measured := 0
		got, err := Kept(path, func() (float64, error) { measured++; return 61.5, nil })
		if err != nil || got != 61.5 || measured > 1 {
			t.Fatalf("got %g, error %v, measured %d times", got, err, measured)
		}
	}
	got, err := Kept(path, func() (float64, error) { return 1, nil })
	if err != nil || got != 61.5 {
		t.Errorf("got %g, error %v, want what was kept", got, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Kept(path, func() (float64, error) { return 1, nil }); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error of a broken file is %v, want one that names it", err)
	}
}

// TestWhatIsKeptIsVerified: a figure that a disk has changed is an error, and not another figure.
func TestWhatIsKeptIsVerified(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accuracy.json")
	type accuracy struct{ Percent float64 }
	measure := func() (accuracy, error) { return accuracy{61.5}, nil }
	if _, err := Kept(path, measure); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(content, []byte("61.5"), []byte("71.5"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := Kept(path, measure); !errors.Is(err, rundir.ErrDamaged) {
		t.Errorf("%v, %v", got, err)
	}
}
