package rundir

import (
	"cmp"
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
		if written[entry.Name()], err = sumOf(path); err != nil {
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

// Resumed is where a training goes on.
type Resumed struct {
	Step int // Behind which it goes on; 0 where there is no checkpoint.
	// Passed over are newer checkpoints that can't be gone on from, and why.
	PassedOver []error
}

// Resume lets the variables of a new store start at the values of the last checkpoint that is as it
// was written and up to which there are metrics, if there is a checkpoint at all: each variable is
// loaded when the graph first asks for it, so that variables come into being in the same order as
// in a new run. It is an error if there are checkpoints and none of them will do.
func (d Dir) Resume(store *model.Store) (Resumed, error) {
	var from Resumed
	checkpoints, err := d.Checkpoints()
	if err != nil || len(checkpoints) == 0 {
		return from, err
	}
	all, broken := d.Metrics()
	for _, path := range slices.Backward(checkpoints) {
		step, err := stepOf(path)
		if err == nil && len(all) <= step {
			err = cmp.Or(broken, fmt.Errorf("%s ends before it", d.Path(MetricsFile)))
		}
		if err == nil {
			err = checkCheckpoint(path)
		}
		if err == nil {
			from.Step = step
			return from, loadCheckpoint(path, store)
		}
		from.PassedOver = append(from.PassedOver, fmt.Errorf("the checkpoint of step %d: %w", step, err))
	}
	return from, fmt.Errorf("%s can't be gone on with, remove it to begin anew: %w", d, errors.Join(from.PassedOver...))
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

// ForgetAfter removes what an earlier process left of steps behind the one that the training goes
// on at, 0 where it begins: checkpoints that are passed over, and the conditions of later steps.
// These steps are trained anew, under the conditions of this process, so that what is left of them
// would be taken for what it is not.
func (d Dir) ForgetAfter(step int) error {
	checkpoints, err := d.Checkpoints()
	if err != nil {
		return err
	}
	for _, path := range append(checkpoints, d.bests()...) {
		if of, err := stepOf(path); err != nil || of <= step {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing the checkpoint %s: %w", path, err)
		}
	}
	return d.forgetConditionsAfter(step)
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
	sealed, err := d.verifiable()
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
	sum, err := sumOf(files[0])
	if err != nil {
		return "", fmt.Errorf("hashing the checkpoint %s: %w", path, err)
	}
	return sum, nil
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
