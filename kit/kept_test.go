package kit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeptComputesOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "value.json")
	times := 0
	compute := func() ([]float64, error) { times++; return []float64{.1, float64(times)}, nil }
	for range 2 {
		got, err := Kept(path, compute)
		if err != nil || len(got) != 2 || got[0] != .1 || got[1] != 1 {
			t.Errorf("got %v, %v", got, err)
		}
	}
	if times != 1 {
		t.Errorf("it was computed %d times", times)
	}
}

func TestKeptErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	bad := filepath.Join(folder, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"half`), 0o644); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("no such set")
	for name, test := range map[string]struct{ path, want string }{
		"damaged":     {bad, "what was kept in " + bad},
		"not a file":  {folder, "what was kept"},
		"not its own": {filepath.Join(folder, "none.json"), failed.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Kept(test.path, func() (int, error) { return 0, failed })
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(folder, "none.json")); err == nil {
		t.Error("what failed was kept")
	}
}
