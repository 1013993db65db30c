package train

import (
	"slices"

	"sslkit/kit/encoder"
)

// kept are the weights that there are of the encoder: a teacher that the method's loss does not ask has
// none.
func (t *training) kept() []Weights {
	return slices.DeleteFunc(t.plan.kept(), func(w Weights) bool {
		return w.Scope(t.store.RootScope()).At(encoderScope).NumVariables() == 0
	})
}

// takeBest makes the weights of the best checkpoint those of the training.
func (t *training) takeBest(kept []Weights) error {
	store, err := t.dir.LoadBest(t.validate.bestStep)
	if err != nil {
		return err
	}
	for _, w := range kept {
		if err := BuildEncoder(w.Scope(store.RootScope()).At(encoderScope), t.plan.Encoder, t.plan.Height, t.plan.Width); err != nil {
			return err
		}
	}
	t.store.Finalize()
	t.store = store
	return nil
}

// saveEncoder writes the encoder with weights as they are now.
func (t *training) saveEncoder(name string, w Weights) error {
	weights, err := encoder.Weights(w.Scope(t.store.RootScope()).At(encoderScope))
	if err != nil {
		return err
	}
	metadata := map[string]string{"architecture": t.plan.Encoder.Name(), "weights": w.String()}
	shown, err := t.plan.shown()
	if err != nil {
		return err
	}
	if err := shown.Metadata(metadata); err != nil {
		return err
	}
	return encoder.WriteSafetensors(t.dir.Path(name), weights, metadata)
}
