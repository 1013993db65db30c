// Package rundir is the directory of a run: which files lie in it, and how each is written whole,
// locked and read back.
//
//	recipe.json           the whole recipe, defaults filled in
//	env.json              where, when and with which images it ran
//	metrics.jsonl         a line a step, with the collapse monitors where they were looked at
//	checkpoint/           the last checkpoints
//	initial.safetensors   the encoder before training
//	encoder.safetensors   the trained encoder, under timm's names; its presence means "finished"
//	method.safetensors    what the method's Embed built on it, where that was asked for
//	features/             representations, by split
//	report.html           what package report measured, as a page; report.json holds the same for programs
//	lock                  held, with its writer's name in it, while somebody writes
package rundir

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// Dir is the path of a run directory.
type Dir string

// What lies where in a run directory.
const (
	RecipeFile      = "recipe.json"
	EnvironmentFile = "env.json"
	MetricsFile     = "metrics.jsonl"
	InitialFile     = "initial.safetensors"
	EncoderFile     = "encoder.safetensors"
	HeadFile        = "method.safetensors"
	FeaturesDir     = "features"

	checkpointDir  = "checkpoint"
	lockFile       = "lock"
	directoryPerms = 0o755
)

// Path is that of a file in the directory.
func (d Dir) Path(name string) string { return filepath.Join(string(d), name) }

// Finished tells whether the run has trained to its end.
func (d Dir) Finished() bool { return Exists(d.Path(EncoderFile)) }

// Make creates the directory where it is missing.
func (d Dir) Make() error {
	if err := os.MkdirAll(string(d), directoryPerms); err != nil {
		return fmt.Errorf("creating the run directory: %w", err)
	}
	return nil
}

// Lock is the right to write in a run directory. The operating system takes it back from a process
// that dies.
type Lock struct{ file *flock.Flock }

// Lock takes the lock of the directory, or returns an error that names who holds it.
func (d Dir) Lock() (*Lock, error) {
	path := d.Path(lockFile)
	file := flock.New(path, flock.SetPermissions(0o644))
	mine, err := file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the run directory: %w", err)
	}
	if !mine {
		holder, _ := os.ReadFile(path) // Windows does not let a locked file be read.
		return nil, fmt.Errorf("%s is being written by %s; wait for it, stop it, or choose another directory",
			d, cmp.Or(strings.TrimSpace(string(holder)), "another process"))
	}
	host, _ := os.Hostname()
	os.WriteFile(path, fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), 0o644)
	return &Lock{file}, nil
}

// Release gives the lock back.
func (l *Lock) Release() { l.file.Unlock() }

// WriteJSON writes a value, indented, whole.
func WriteJSON(path string, value any) error {
	encoded, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return WriteWhole(path, append(encoded, '\n'))
}

// WriteWhole replaces a file by writing another beside it and renaming that, so that a reader, or
// whoever comes after a crash, finds the old content or the new one. The folder is made where it is
// missing.
func WriteWhole(path string, content []byte) error {
	fail := func(err error) error { return fmt.Errorf("writing %s: %w", path, err) }
	if err := os.MkdirAll(filepath.Dir(path), directoryPerms); err != nil {
		return fail(err)
	}
	beside := path + ".writing"
	if err := os.WriteFile(beside, content, 0o644); err != nil {
		os.Remove(beside)
		return fail(err)
	}
	if err := os.Rename(beside, path); err != nil {
		return fail(err)
	}
	return nil
}

// Exists tells whether there is a file at path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
