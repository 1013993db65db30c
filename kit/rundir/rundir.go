// Package rundir is the directory of a run: which files lie in it, and how each is written whole,
// locked and read back.
//
//	recipe.json           the whole recipe, defaults filled in
//	env.json              where, when and with which images it ran
//	env-after-40.json     under which other conditions it went on behind step 40, where the recipe allows that
//	metrics.jsonl         a line for each step, with the collapse monitors where they were looked at
//	checkpoint/           step-000000040, the last two; best-000000030, where validation decides
//	initial.safetensors   the encoder before training
//	encoder.safetensors   the trained encoder, under timm's names
//	teacher.safetensors   the same of the teacher, where the method has one
//	average.safetensors   the same of the running mean of the weights, where the recipe keeps one
//	SHA256SUMS            the sums of these; that of the encoder's weights means "finished"
//	method.safetensors    what the method's Embed built on the encoder, where Run.Frozen was asked for it; so too
//	                      teacher-method.safetensors and average-method.safetensors
//	features/             representations, by split, weights and images
//	report.html           what package report measured, as a page; report.json holds the same for programs
//	metrics.csv           the same as a table, where it was asked for (WriteCSV)
//	stopped.json          why the training ended before its last step
//	events.out.tfevents.* the metrics and the recipe for TensorBoard, where they were asked for
//	lock                  held, with its writer's name in it, while somebody trains
//
// What is read back is verified. SHA256SUMS holds the sums of the recipe, the conditions and the
// initial weights from the beginning, and those of the metrics, the trained encoders and the one
// checkpoint that the run gives from its end on. Each checkpoint has sums of its own, and each line
// of the metrics and each file of features, of weights or of JSON but the recipe ends or begins with
// its sum.
//
// A hidden file such as .env.json.writing-1f3a, or a folder checkpoint/writing-step-000000040, is
// being written; what a killed process left of these goes when the next one takes the lock.
package rundir

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"sslkit/kit/wholefile"
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
	TeacherFile     = "teacher.safetensors"
	AverageFile     = "average.safetensors"
	HeadFile        = "method.safetensors"
	TeacherHeadFile = "teacher-method.safetensors"
	AverageHeadFile = "average-method.safetensors"
	FeaturesDir     = "features"

	checkpointDir = "checkpoint"
	lockFile      = "lock"
)

// Path is that of a file in the directory.
func (d Dir) Path(name string) string { return filepath.Join(string(d), name) }

// Make creates the directory where it is missing.
func (d Dir) Make() error {
	if err := os.MkdirAll(string(d), wholefile.FolderPerms); err != nil {
		return fmt.Errorf("creating the run directory: %w", err)
	}
	return nil
}

// Lock is the right to write in a run directory. The operating system takes it back from a process
// that dies.
type Lock struct{ file *flock.Flock }

// Lock takes the lock of the directory, or returns an error that names who holds it. What killed
// processes left half-written is removed.
func (d Dir) Lock() (*Lock, error) {
	path := d.Path(lockFile)
	file := flock.New(path, flock.SetPermissions(wholefile.FilePerms))
	mine, err := tryLock(file)
	if err != nil {
		return nil, fmt.Errorf("locking the run directory: %w", err)
	}
	if !mine {
		holder, _ := os.ReadFile(path) // Windows does not let a locked file be read.
		return nil, fmt.Errorf("%s is being written by %s; wait for it, stop it, or choose another directory",
			d, cmp.Or(strings.TrimSpace(string(holder)), "another process"))
	}
	host, _ := os.Hostname()
	os.WriteFile(path, fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), wholefile.FilePerms)
	lock := &Lock{file}
	if err := d.clean(); err != nil {
		lock.Release()
		return nil, err
	}
	return lock, nil
}

// tryLock takes a lock. It tries for some moments, since Locked may be looking.
func tryLock(file *flock.Flock) (mine bool, err error) {
	for range 5 {
		if mine, err = file.TryLock(); mine || err != nil {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	return mine, err
}

// Locked tells whether somebody is training in the directory. To find out, it shares the lock for a
// moment if nobody holds it, which Lock waits for.
func (d Dir) Locked() bool {
	lock := flock.New(d.Path(lockFile), flock.SetFlag(os.O_RDONLY), flock.SetPermissions(wholefile.FilePerms))
	free, err := lock.TryRLock()
	if free {
		lock.Unlock()
	}
	return !free && err == nil
}

// clean removes what killed processes left half-written. Only who holds the lock may call it.
func (d Dir) clean() error {
	for _, folder := range []string{string(d), d.Path(FeaturesDir)} {
		if err := wholefile.Clean(folder); err != nil {
			return err
		}
	}
	return d.removeHalfWritten()
}

// Held returns an error where the directory is no longer the one that was locked: somebody has
// removed or replaced it, and what is written would be lost.
func (l *Lock) Held() error {
	held, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("looking at the lock of the run directory: %w", err)
	}
	if there, err := os.Stat(l.file.Path()); err != nil || !os.SameFile(held, there) {
		return fmt.Errorf("the run directory %s was removed or replaced while the run was training in it", filepath.Dir(l.file.Path()))
	}
	return nil
}

// Release gives the lock back.
func (l *Lock) Release() { l.file.Unlock() }

// Exists tells whether there is a file at path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
