package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"

	"sslkit/kit/wholefile"
)

// keepCheckpoints is how many checkpoints a run directory holds: the last, and the one before it.
const keepCheckpoints = 2

// values is what the name of the file of a checkpoint's values fits.
const values = "[^.]*" + checkpoint.BinDataSuffix

// How the directories of checkpoints begin: of a step, of the step that validation liked best in a
// run that stops early, and one that is being written.
const (
	stepPrefix  = "step-"
	bestPrefix  = "best"
	halfWritten = "writing-"
)

// SaveCheckpoint writes the checkpoint of a step and removes those that are too old. On an error
// these stay as they are.
func (d Dir) SaveCheckpoint(store *model.Store, step int) error {
	if err := d.writeCheckpoint(store, fmt.Sprintf(stepPrefix+"%09d", step)); err != nil {
		return fmt.Errorf("saving the checkpoint of step %d: %w", step, err)
	}
	checkpoints, err := d.Checkpoints()
	if err != nil {
		return err
	}
	for len(checkpoints) > keepCheckpoints {
		if err := os.RemoveAll(checkpoints[0]); err != nil {
			return fmt.Errorf("removing the checkpoint %s: %w", checkpoints[0], err)
		}
		checkpoints = checkpoints[1:]
	}
	return d.removeBests()
}

// writeCheckpoint writes all variables (weights, statistics, the optimiser's state, the step) with
// GoMLX's checkpoints into a directory of their own, which gets its name only when it is whole. One
// of that name is replaced.
func (d Dir) writeCheckpoint(store *model.Store, name string) (err error) {
	parent := d.Path(checkpointDir)
	path := filepath.Join(parent, name)
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", path, err)
		}
	}()
	// Not with all folders above it: a run directory that was removed does not come back.
	if err := os.Mkdir(parent, wholefile.FolderPerms); err != nil && !os.IsExist(err) {
		return err
	}
	if err := wholefile.Sync(string(d)); err != nil {
		return err
	}
	// Not of os.MkdirTemp, which leaves the umask aside. Who holds the lock is alone here.
	writing := filepath.Join(parent, halfWritten+name)
	if err := os.Mkdir(writing, wholefile.FolderPerms); err != nil {
		return err
	}
	defer os.RemoveAll(writing)

	// Attaching a checkpoint makes it the store's loader too; it has nothing to load.
	loader := store.Loader()
	handler, err := checkpoint.Build(store).Dir(writing).WithCompression(checkpoint.BinUncompressed).Done()
	if err == nil {
		err = handler.Save()
	}
	store.SetLoader(loader)
	if err != nil {
		return err
	}
	if err := checkWhole(writing, store); err != nil {
		return err
	}
	if err := sealCheckpoint(writing); err != nil {
		return err
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if err := os.Rename(writing, path); err != nil {
		return err
	}
	return wholefile.Sync(parent)
}

// sealCheckpoint makes the files of a checkpoint durable, writes their sums beside them, and gives
// them the permissions that everything in a run directory has.
func sealCheckpoint(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	written := sums{}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if err := syncFile(path); err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if err := os.Chmod(path, info.Mode()&wholefile.FilePerms); err != nil { // What the umask has taken stays taken.
			return err
		}
		if written[entry.Name()], err = wholefile.SHA256(path); err != nil {
			return err
		}
	}
	return written.write(folder)
}

func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}

// checkWhole returns an error where the values in a directory are not as many bytes as the store's:
// GoMLX v0.28.8 loses the error of a write that fails, as on a full disk.
func checkWhole(dir string, store *model.Store) error {
	files, err := filepath.Glob(filepath.Join(dir, values))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("%d files of values in %s (%v), want 1", len(files), dir, err)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		return err
	}
	if info.Size() != store.ByteSize() {
		return fmt.Errorf("only %d of %d bytes could be written: is the disk full?", info.Size(), store.ByteSize())
	}
	return nil
}

// stepOf is the step that a checkpoint, one of a step or a best one, is of.
func stepOf(path string) (int, error) {
	_, number, _ := strings.Cut(filepath.Base(path), "-")
	step, err := strconv.Atoi(number)
	if err != nil {
		return 0, fmt.Errorf("%s is no name of a checkpoint: %w", path, err)
	}
	return step, nil
}

// checkCheckpoint returns an error that names the file where a checkpoint is not as it was written.
func checkCheckpoint(path string) error {
	written, err := readSums(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing", ErrDamaged, filepath.Join(path, SumsFile))
	}
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") { // Such as macOS puts into any folder that is looked at.
			continue
		}
		if name != SumsFile && written[name] == "" {
			return fmt.Errorf("%s is %w: it does not tell the sum of %s", filepath.Join(path, SumsFile), ErrDamaged, name)
		}
	}
	return written.check(path)
}

// loadCheckpoint lets the variables of a new store start at the values in a directory.
func loadCheckpoint(path string, store *model.Store) error {
	if _, err := checkpoint.Load(store).Dir(path).Done(); err != nil {
		return fmt.Errorf("loading the checkpoint %s: %w", path, err)
	}
	return nil
}

// removeHalfWritten removes what a crash left of a checkpoint.
func (d Dir) removeHalfWritten() error {
	half, err := filepath.Glob(filepath.Join(d.Path(checkpointDir), halfWritten+"*"))
	if err != nil {
		return err
	}
	for _, path := range half {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing half a checkpoint: %w", err)
		}
	}
	return nil
}

// Checkpoints returns the directories of whole checkpoints, the oldest first.
func (d Dir) Checkpoints() ([]string, error) {
	parent := d.Path(checkpointDir)
	checkpoints, err := filepath.Glob(filepath.Join(parent, stepPrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", parent, err)
	}
	slices.Sort(checkpoints)
	return checkpoints, nil
}
