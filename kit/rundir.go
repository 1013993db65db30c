package kit

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// What lies where in a run directory.
const (
	recipeFile     = "recipe.json"         // The whole recipe, defaults filled in.
	envFile        = "env.json"            // Where and with which data it ran.
	metricsFile    = "metrics.jsonl"       // A line a step, and one at each look at the monitors.
	checkpointDir  = "checkpoint"          // The last checkpoints, written whole and then renamed.
	initialFile    = "initial.safetensors" // The encoder before training.
	encoderFile    = "encoder.safetensors" // The trained encoder, under timm's names. Its presence means "finished".
	featuresDir    = "features"            // Representations, by split.
	lockFile       = "lock"                // Held, with its writer's name in it, while somebody writes.
	directoryPerms = 0o755
)

// lock is the right to write in a run directory. The operating system takes it back from a process that dies.
type lock struct{ file *os.File }

// acquire takes the lock of a run directory, or returns an error that names who holds it.
func acquire(dir string) (*lock, error) {
	path := filepath.Join(dir, lockFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking the run directory: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		file.Close()
		return nil, fmt.Errorf("%s is being written by %s; wait for it, stop it, or choose another directory",
			dir, strings.TrimSpace(string(holder)))
	}
	host, _ := os.Hostname()
	file.Truncate(0)
	fmt.Fprintf(file, "process %d on %s\n", os.Getpid(), host)
	return &lock{file}, nil
}

// release gives the lock back.
func (l *lock) release() { l.file.Close() }

// writeJSON writes a value, indented, whole beside path and then renames it.
func writeJSON(path string, value any) error {
	encoded, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return writeWhole(path, append(encoded, '\n'))
}

// writeWhole replaces a file by writing another beside it and renaming that, so that a reader, or whoever comes after a
// crash, finds the old content or the new one.
func writeWhole(path string, content []byte) error {
	beside := path + ".writing"
	if err := os.WriteFile(beside, content, 0o644); err != nil {
		os.Remove(beside)
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(beside, path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// exists tells whether there is a file at path.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
