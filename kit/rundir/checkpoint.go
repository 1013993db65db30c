package rundir

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
)

// keepCheckpoints is how many checkpoints a run directory holds: the last, and the one before it.
const keepCheckpoints = 2

// BestCheckpoint is the name of the one that validation liked best, in a run that stops early.
const BestCheckpoint = "best"

// SaveCheckpoint writes the checkpoint of a step and removes those that are too old. On an error
// these stay as they are.
func (d Dir) SaveCheckpoint(store *model.Store, step int) error {
	if err := d.WriteCheckpoint(store, fmt.Sprintf("step-%09d", step)); err != nil {
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
	return nil
}

// WriteCheckpoint writes all variables (weights, statistics, the optimiser's state, the step) with
// GoMLX's checkpoints into a directory of their own, which gets its name only when it is whole. One
// of that name is replaced.
func (d Dir) WriteCheckpoint(store *model.Store, name string) (err error) {
	parent := d.Path(checkpointDir)
	path := filepath.Join(parent, name)
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", path, err)
		}
	}()
	if err := os.MkdirAll(parent, directoryPerms); err != nil {
		return err
	}
	writing, err := os.MkdirTemp(parent, "writing-*")
	if err != nil {
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
	if err := syncFiles(writing); err != nil {
		return err
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Rename(writing, path)
}

// checkWhole returns an error where the values in a directory are not as many bytes as the store's:
// GoMLX v0.28.8 loses the error of a write that fails, as on a full disk.
func checkWhole(dir string, store *model.Store) error {
	files, err := filepath.Glob(filepath.Join(dir, "*"+checkpoint.BinDataSuffix))
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

// RestoreCheckpoint lets the variables of a new store start at the values of the last checkpoint,
// if there is one: each is loaded when the graph first asks for it, so that variables come into
// being in the same order as in a new run.
func (d Dir) RestoreCheckpoint(store *model.Store) (found bool, err error) {
	checkpoints, err := d.Checkpoints()
	if err != nil || len(checkpoints) == 0 {
		return false, err
	}
	return true, loadCheckpoint(checkpoints[len(checkpoints)-1], store)
}

// loadCheckpoint lets the variables of a new store start at the values in a directory.
func loadCheckpoint(path string, store *model.Store) error {
	if _, err := checkpoint.Load(store).Dir(path).Done(); err != nil {
		return fmt.Errorf("loading the checkpoint %s: %w", path, err)
	}
	return nil
}

// LoadBest is a store whose variables start at the values that validation liked best.
func (d Dir) LoadBest() (*model.Store, error) {
	store := model.NewStore()
	return store, loadCheckpoint(filepath.Join(d.Path(checkpointDir), BestCheckpoint), store)
}

// keptCheckpoint is the directory of what the run gives: the best checkpoint where validation
// decides, else the last. It is an error where there is none.
func (d Dir) keptCheckpoint() (string, error) {
	if best := filepath.Join(d.Path(checkpointDir), BestCheckpoint); Exists(best) {
		return best, nil
	}
	checkpoints, err := d.Checkpoints()
	if err == nil && len(checkpoints) == 0 {
		err = fmt.Errorf("there is no checkpoint in %s", d)
	}
	if err != nil {
		return "", err
	}
	return checkpoints[len(checkpoints)-1], nil
}

// Kept is a store whose variables start at the values that the run gives, and the hash of these.
func (d Dir) Kept() (store *model.Store, hash string, err error) {
	path, err := d.keptCheckpoint()
	if err != nil {
		return nil, "", err
	}
	store = model.NewStore()
	if err := loadCheckpoint(path, store); err != nil {
		return nil, "", err
	}
	hash, err = d.KeptHash()
	return store, hash, err
}

// KeptHash names the values that the run gives by their SHA-256.
func (d Dir) KeptHash() (string, error) {
	path, err := d.keptCheckpoint()
	if err != nil {
		return "", fmt.Errorf("hashing a checkpoint: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(path, "*"+checkpoint.BinDataSuffix))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("hashing the checkpoint %s: %d files of values (%v), want 1", path, len(files), err)
	}
	file, err := os.Open(files[0])
	if err != nil {
		return "", fmt.Errorf("hashing the checkpoint %s: %w", path, err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("hashing the checkpoint %s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// RemoveHalfWritten removes what a crash left of a checkpoint. Only who holds the run's lock may
// call it.
func (d Dir) RemoveHalfWritten() error {
	half, err := filepath.Glob(filepath.Join(d.Path(checkpointDir), "writing-*"))
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
	checkpoints, err := filepath.Glob(filepath.Join(parent, "step-*"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", parent, err)
	}
	slices.Sort(checkpoints)
	return checkpoints, nil
}

// syncFiles makes the files of a directory, and their names, durable.
func syncFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	paths := []string{dir}
	for _, entry := range entries {
		paths = append(paths, filepath.Join(dir, entry.Name()))
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		err = file.Sync()
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
