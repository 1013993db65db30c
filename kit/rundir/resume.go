package rundir

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/gomlx/gomlx/ml/model"
)

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
