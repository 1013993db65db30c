package rundir

import (
	"fmt"
	"path/filepath"

	"sslkit/kit/wholefile"

	"github.com/gomlx/gomlx/ml/model"
)

// keptCheckpoint is the directory of what the run gives: of a finished one what its sums name, else
// the best checkpoint where validation decides, else the last. It is an error where there is none.
func (d Dir) keptCheckpoint() (string, error) {
	if written, err := readSums(string(d)); err == nil && written.checkpoint() != "" {
		return d.Path(written.checkpoint()), nil
	}
	if bests := d.bests(); len(bests) > 0 {
		return bests[len(bests)-1], nil
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

// Kept is a store whose variables start at the values that the run gives, and the hash of these. It
// is an error that names the file where they are not as they were written.
func (d Dir) Kept() (store *model.Store, hash string, err error) {
	if _, err := d.keptCheckpoint(); err != nil { // Where there is no run at all, nothing of it is damaged.
		return nil, "", err
	}
	sealed, err := d.Verifiable()
	if err != nil {
		return nil, "", err
	}
	for {
		path, err := d.keptCheckpoint()
		if err != nil {
			return nil, "", err
		}
		if store, hash, err = loadKept(path, sealed); err == nil {
			return store, hash, nil
		}
		// A training may have written another meanwhile, and removed this one.
		if now, missing := d.keptCheckpoint(); missing != nil || now == path {
			return nil, "", err
		}
	}
}

// loadKept loads a checkpoint, verified where it has sums, and names its values by their SHA-256.
func loadKept(path string, sealed bool) (store *model.Store, hash string, err error) {
	if sealed {
		if err := checkCheckpoint(path); err != nil {
			return nil, "", err
		}
	}
	store = model.NewStore()
	if err := loadCheckpoint(path, store); err != nil {
		return nil, "", err
	}
	hash, err = hashOf(path)
	return store, hash, err
}

// KeptHash names the values that the run gives by their SHA-256.
func (d Dir) KeptHash() (string, error) {
	path, err := d.keptCheckpoint()
	if err != nil {
		return "", fmt.Errorf("hashing a checkpoint: %w", err)
	}
	return hashOf(path)
}

// hashOf names the values of a checkpoint by their SHA-256.
func hashOf(path string) (string, error) {
	files, err := filepath.Glob(filepath.Join(path, values))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("hashing the checkpoint %s: %d files of values (%v), want 1", path, len(files), err)
	}
	sum, err := wholefile.SHA256(files[0])
	if err != nil {
		return "", fmt.Errorf("hashing the checkpoint %s: %w", path, err)
	}
	return sum, nil
}
