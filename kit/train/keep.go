package train

import (
	"slices"

	"sslkit/kit/encoder"
)

// kept are the weights that there are of the encoder: a teacher that the method's loss does not ask has
// none.
func (t *training) kept() []Weights {
	t.takeUpTeacher()
	return slices.DeleteFunc(t.plan.kept(), func(w Weights) bool {
		return w.Scope(t.store.RootScope()).At(encoderScope).NumVariables() == 0
	})
}

// takeUpTeacher brings those variables of the teacher's encoder into being that are in the checkpoint
// and that no step has asked for: a training that goes on behind its last step takes none.
func (t *training) takeUpTeacher() {
	loader := t.store.Loader()
	defer t.store.SetLoader(loader)
	t.store.SetLoader(t.saved) // Which gives what it holds alone, and not the student's for what it does not.
	var paths []string
	for v := range EncoderScope(t.store).IterVariables() {
		paths = append(paths, "/"+teacherScope+v.Path())
	}
	for _, path := range paths {
		t.store.GetVariable(path)
	}
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
