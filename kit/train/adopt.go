package train

import (
	"cmp"
	"fmt"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/rundir"
)

// adopt makes the weights of the file Start those that the run ends with. What it begins with are
// random weights, for the features to be compared with.
func (t *training) adopt() error {
	t.store = model.NewStore()
	if err := t.store.SetRNGStateFromSeed(int64(t.plan.Seed)); err != nil {
		return fmt.Errorf("seeding the initial weights: %w", err)
	}
	if err := t.dir.ForgetAfter(0); err != nil {
		return err
	}
	if err := BuildEncoder(EncoderScope(t.store), t.plan.Encoder, t.plan.Height, t.plan.Width); err != nil {
		return err
	}
	if err := Initialise(t.store); err != nil {
		return err
	}
	if err := t.saveEncoder(rundir.InitialFile, Student); err != nil {
		return err
	}
	if err := t.dir.Seal(rundir.InitialFile); err != nil {
		return err
	}
	if err := t.plan.start(t.store); err != nil {
		return err
	}
	var err error
	if t.log, _, err = t.dir.OpenMetrics(-1); err != nil {
		return err
	}
	if err := t.log.Write(rundir.Metrics{}); err != nil {
		return err
	}
	if err := cmp.Or(t.log.Sync(), t.dir.SaveCheckpoint(t.store, 0)); err != nil {
		return err
	}
	return t.finish()
}
