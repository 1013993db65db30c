package rundir

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/gomlx/ml/model"
)

// SaveBest writes the checkpoint of a step that validation liked best so far, and removes those
// that it liked before, unless a training that goes on at a checkpoint may want them still.
func (d Dir) SaveBest(store *model.Store, step int) error {
	if err := d.writeCheckpoint(store, bestOf(step)); err != nil {
		return fmt.Errorf("saving the best checkpoint, of step %d: %w", step, err)
	}
	return d.removeBests()
}

// removeBests removes the best checkpoints but the last, and but the one that was the best when
// each of the checkpoints was written: what comes behind that may turn out otherwise where the
// training goes on elsewhere.
func (d Dir) removeBests() error {
	checkpoints, err := d.Checkpoints()
	if err != nil {
		return err
	}
	bests := d.bests()
	for i, path := range bests {
		wanted := i == len(bests)-1
		for _, of := range checkpoints {
			step, err := stepOf(of)
			wanted = wanted || err == nil && filepath.Base(path) <= bestOf(step) && bestOf(step) < filepath.Base(bests[i+1])
		}
		if wanted {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing the checkpoint %s: %w", path, err)
		}
	}
	return nil
}

// LoadBest is a store whose variables start at the values of a step that SaveBest wrote. It is an
// error that names the file where they are not there as they were written.
func (d Dir) LoadBest(step int) (*model.Store, error) {
	path := filepath.Join(d.Path(checkpointDir), bestOf(step))
	if err := checkCheckpoint(path); err != nil {
		return nil, err
	}
	store := model.NewStore()
	return store, loadCheckpoint(path, store)
}

// CheckBest returns an error that names the file where the checkpoint of a step that SaveBest wrote
// is not there as it was written.
func (d Dir) CheckBest(step int) error {
	return checkCheckpoint(filepath.Join(d.Path(checkpointDir), bestOf(step)))
}

// bestOf is the name of the best checkpoint where it is of that step.
func bestOf(step int) string { return fmt.Sprintf(bestPrefix+"-%09d", step) }

// bests are the directories of best checkpoints, the oldest first.
func (d Dir) bests() []string {
	paths, _ := filepath.Glob(filepath.Join(d.Path(checkpointDir), bestPrefix+"*")) // The pattern is well formed.
	slices.Sort(paths)
	return paths
}
