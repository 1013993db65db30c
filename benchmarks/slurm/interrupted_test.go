//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestGoneOn: what was trained again has other times, and is told from what went on.
func TestGoneOn(t *testing.T) {
	t.Parallel()
	before := "{\"step\":0}\n{\"step\":1,\"seconds\":1.5}\n{\"step\":2,\"seconds\":1.7}\n{\"step\":3,\"seconds\":1.9}\n"
	for name, test := range map[string]struct {
		after string
		want  int
	}{
		"gone on":       {"{\"step\":0}\n{\"step\":1,\"seconds\":1.5}\n{\"step\":2,\"seconds\":1.7}\n{\"step\":3,\"seconds\":2.4}\n", 1},
		"trained again": {"{\"step\":0}\n{\"step\":1,\"seconds\":1.6}\n{\"step\":2,\"seconds\":1.7}\n{\"step\":3,\"seconds\":1.9}\n", 0},
		"cut":           {"{\"step\":0}\n{\"step\":1,\"seconds\":1.5}\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if _, err := look(dir); err == nil {
				t.Error("no error without a checkpoint")
			}
			metrics := filepath.Join(dir, "metrics.jsonl")
			for _, step := range []string{"step-000000001", "step-000000002"} {
				if err := os.MkdirAll(filepath.Join(dir, "checkpoint", step), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(metrics, []byte(before), 0o644); err != nil {
				t.Fatal(err)
			}
			was, err := look(dir)
			if err != nil || was.step != 2 {
				t.Fatalf("step %d, error %v", was.step, err)
			}
			if err := os.WriteFile(metrics, []byte(test.after), 0o644); err != nil {
				t.Fatal(err)
			}
			if got, err := (interrupted{was}).goneOn(); err != nil || got != test.want {
				t.Errorf("%d, error %v, want %d", got, err, test.want)
			}
		})
	}
}
