package train

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/kit/rundir"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// StopEarly is when to end the training of a classifier, such as ssl.Supervised, by its accuracy on
// the validation split of the recipe's Data. What the run gives in the end (encoder, embeddings) is
// of the step with the best accuracy, the first of several.
//
// Validation labels are labels: where few are to be used, take them from the same budget by
// data.SetAside.
type StopEarly struct {
	// Every is the number of steps between two looks at the validation images, at least 1. There is
	// a look after the last step too. Default 0: validation images decide nothing.
	Every int
	// Patience is the number of looks without a better accuracy after which the training ends, at
	// least 1. Default 0: it goes on to its last step.
	Patience int
}

// errStopEarly ends the training loop before its last step.
var errStopEarly = errors.New("validation accuracy no longer rises")

// Check returns an error where a field is out of range.
func (s StopEarly) Check() error {
	if s.Patience > 0 && s.Every == 0 {
		return fmt.Errorf("kit.StopEarly: Patience is %d and Every is 0; give Every too", s.Patience)
	}
	return cmp.Or(
		setting.Steps(0, "kit.StopEarly: Every", s.Every, "never"),
		setting.Steps(0, "kit.StopEarly: Patience", s.Patience, "that the training goes on to its last step"))
}

// validation is how well a classifier in training does on the validation images.
type validation struct {
	StopEarly
	steps   int // Of the whole training.
	forward *Forward
	set     data.Set
	labels  []int

	best     float64 // Accuracy.
	bestStep int     // 0 before the first look.
}

// checkValidation returns an error where StopEarly is asked for and can't be: where the method learns
// no classifier from labels, or where there are no validation images with labels of as many classes.
// Nothing is compiled.
func (p Plan) checkValidation() error {
	if p.StopEarly.Every == 0 {
		return nil
	}
	set, labels, err := p.validationSet()
	if err != nil {
		return err
	}
	defer set.Close()
	if err := labelled(set, labels); err != nil {
		return err
	}
	dim, err := BuildHead(model.NewStore().Scope("/"+methodScope), p.Method, p.Encoder)
	if err != nil {
		return fmt.Errorf("building the classifier for StopEarly: %w", err)
	}
	return areLogits(p.Method, dim, set)
}

// checkMethod returns an error where StopEarly is asked for and the method is no classifier.
func (s StopEarly) checkMethod(m ssl.Method) error {
	if _, ok := ssl.Main(m).(ssl.NeedsLabels); ok || s.Every == 0 {
		return nil
	}
	return fmt.Errorf("kit.Recipe: StopEarly wants a method whose embedding is the classes' logits, such as ssl.Supervised; "+
		"%s learns without labels", m.Name())
}

// validationSet opens the validation split.
func (p Plan) validationSet() (data.Set, []int, error) {
	set, err := p.Data.Open(data.Validation)
	if err != nil {
		return nil, nil, fmt.Errorf("kit.Recipe: StopEarly wants validation images: %w", err)
	}
	return set, data.Labels(set), nil
}

// labelled returns an error where an image has no label.
func labelled(set data.Set, labels []int) error {
	for i, label := range labels {
		if label < 0 {
			return fmt.Errorf("kit.Recipe: StopEarly wants labels, and image %d of %s has none", i, set.Name())
		}
	}
	return nil
}

// areLogits returns an error unless an embedding of dim values has one for each class.
func areLogits(m ssl.Method, dim int, set data.Set) error {
	if classes := len(set.Classes()); dim != classes {
		return fmt.Errorf("kit.Recipe: StopEarly wants a method whose embedding is the classes' logits, such as ssl.Supervised; "+
			"%s has %d values and %s %d classes", m.Name(), dim, set.Name(), classes)
	}
	return nil
}

// newValidation opens the validation split. It is an error where it has no labels, or where the
// method's embedding is not the classes' logits.
func newValidation(store *model.Store, plan Plan) (*validation, error) {
	set, labels, err := plan.validationSet()
	if err != nil {
		return nil, err
	}
	v := &validation{StopEarly: plan.StopEarly, steps: plan.Steps, set: set, labels: labels}
	if err := v.build(store, plan.Model); err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

// build compiles the classifier.
func (v *validation) build(store *model.Store, m Model) (err error) {
	if err := labelled(v.set, v.labels); err != nil {
		return err
	}
	height, width := v.set.Size()
	if v.forward, err = NewForward(store, v.set.Len(), height, width, m.Evaluated().Of(m.Embeddings)); err != nil {
		return fmt.Errorf("building the classifier for StopEarly: %w", err)
	}
	_, dim, err := callOnce(v.forward.exec, tensors.FromShape(shapes.Make(dtypes.Uint8, v.forward.batch, height, width, 3)))
	if err != nil {
		return fmt.Errorf("running the classifier for StopEarly: %w", err)
	}
	return areLogits(m.Method, dim, v.set)
}

// due tells whether the images are looked at after a step.
func (v *validation) due(step int) bool {
	return v != nil && (step%v.Every == 0 || step == v.steps)
}

// accuracy is that of the weights as they are now.
func (v *validation) accuracy() (float64, error) {
	logits, dim, err := v.forward.Over(v.set)
	if err != nil {
		return 0, fmt.Errorf("validation: %w", err)
	}
	predicted := eval.Features{X: logits, N: v.set.Len(), Dim: dim}.ArgMax()
	accuracy, err := metric.Accuracy(v.labels, predicted)
	if err != nil {
		return 0, fmt.Errorf("validation: %w", err)
	}
	return accuracy.Value, nil
}

// note remembers the accuracy of a step, if there was a look, and tells whether it is the best so
// far.
func (v *validation) note(metrics rundir.Metrics) bool {
	if v == nil || metrics.Validation == nil || (v.bestStep > 0 && *metrics.Validation <= v.best) {
		return false
	}
	v.best, v.bestStep = *metrics.Validation, metrics.Step
	return true
}

// over tells whether there have been enough looks since the best one.
func (v *validation) over(step int) bool {
	return v.due(step) && step > 0 && v.Patience > 0 && step-v.bestStep >= v.Patience*v.Every
}

func (v *validation) close() {
	if v != nil {
		v.forward.Close()
		v.set.Close()
	}
}

// String tells how it ended.
func (v *validation) String() string {
	return fmt.Sprintf("stopped early: the best validation accuracy was %.1f %% at step %d; the %d looks since then were not better",
		100*v.best, v.bestStep, v.Patience)
}
