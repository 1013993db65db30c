package kit

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// Recipe says in one literal what to pretrain.
type Recipe struct {
	// Data is where the images come from; its Train split is trained on, without its labels. Required.
	Data data.Source
	// Encoder is the network to train. Required.
	Encoder encoder.Encoder
	// Method is the self-supervised method. Required.
	Method ssl.Method
	// Optimizer updates the weights. Default: the method's own, from its paper.
	Optimizer optim.Optimizer
	// Schedule is the learning rate's. Default: warm-up over the first tenth of the training, then cosine to zero.
	Schedule optim.Schedule

	// Epochs is how often every image is seen, at least 1. Give it, or Steps. An epoch leaves out the last images that do
	// not fill a batch, other ones each time. The labelled part of a semi-supervised method's batches does not count.
	Epochs int
	// Steps is the number of batches, instead of Epochs.
	Steps int
	// Batch is the number of images a step, each seen in all its views. Required, from 1 to the size of the data.
	Batch int
	// Seed decides initial weights, data order and augmentation: equal recipes make equal weights, bit for bit, on one
	// machine and backend.
	Seed uint64
	// Start is the path of a file of weights, as another run's encoder.safetensors, that the encoder starts from; heads and
	// whatever else is the method's own start at random all the same, and so does a mask token. Default "": random weights. The
	// weights must be those of this Encoder; recipe.json holds their hash, so the file may be moved.
	Start string `json:"-"`
	// Precision is the dtype of the encoder's arithmetic: Float32 (default) or BFloat16. Weights, statistics, losses and
	// updates are float32 with either.
	Precision Precision

	// MonitorEvery is the number of steps between two looks at the collapse monitors. Default: a twentieth of the training.
	MonitorEvery int
	// CheckpointEvery is the number of steps between two checkpoints. Default: a twentieth of the training.
	CheckpointEvery int
	// StopOnCollapse ends the training with an error as soon as the collapse alarm is raised, instead of only showing it. Some
	// runs recover from a collapse in their first steps: these would have been ended too.
	StopOnCollapse bool
	// StopEarly ends the training of a classifier when the validation images say so, and keeps the weights that they liked best.
	// The zero value is none of that.
	StopEarly StopEarly `json:",omitempty"`
}

// Precision is the dtype of an encoder's arithmetic.
type Precision int

const (
	Float32  Precision = iota // 32-bit floating point.
	BFloat16                  // 16-bit floating point with float32's range: twice the speed or more on recent accelerators.
)

// String is the dtype's name.
func (p Precision) String() string { return p.dtype().String() }

// MarshalText writes the dtype's name.
func (p Precision) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p Precision) dtype() dtypes.DType {
	if p == BFloat16 {
		return dtypes.BFloat16
	}
	return dtypes.Float32
}

// check returns an error that names the field and its allowed range, before anything is read or compiled.
func (r Recipe) check() error {
	switch {
	case r.Data == nil:
		return errors.New("kit.Recipe: Data is missing; it must be a data.Source, as data.Shapes{}")
	case r.Encoder == nil:
		return errors.New("kit.Recipe: Encoder is missing; it must be an encoder.Encoder, as encoder.ResNet{}")
	case r.Method == nil:
		return errors.New("kit.Recipe: Method is missing; it must be an ssl.Method, as ssl.SimCLR{}")
	case r.Epochs < 0 || r.Steps < 0:
		return fmt.Errorf("kit.Recipe: Epochs is %d and Steps is %d; they must not be negative", r.Epochs, r.Steps)
	case r.Epochs == 0 && r.Steps == 0:
		return errors.New("kit.Recipe: Epochs and Steps are both 0; one of them must be at least 1")
	case r.Epochs > 0 && r.Steps > 0:
		return fmt.Errorf("kit.Recipe: Epochs is %d and Steps is %d; give one of them", r.Epochs, r.Steps)
	case r.Batch < 1:
		return fmt.Errorf("kit.Recipe: Batch is %d; it must be at least 1", r.Batch)
	case r.Precision != Float32 && r.Precision != BFloat16:
		return fmt.Errorf("kit.Recipe: Precision is %d; it must be kit.Float32 or kit.BFloat16", int(r.Precision))
	case r.MonitorEvery < 0:
		return fmt.Errorf("kit.Recipe: MonitorEvery is %d; it must be at least 1 (0 means the default)", r.MonitorEvery)
	case r.CheckpointEvery < 0:
		return fmt.Errorf("kit.Recipe: CheckpointEvery is %d; it must be at least 1 (0 means the default)", r.CheckpointEvery)
	}
	return r.StopEarly.check()
}

// Check tells whether the recipe can be trained, without training: an error names the field that is out of range, for these
// images, and its allowed range. Pretrain does so too, before it compiles anything.
func (r Recipe) Check() error {
	if err := r.check(); err != nil {
		return err
	}
	set, err := r.Data.Open(data.Train)
	if err != nil {
		return err
	}
	defer set.Close()
	return r.withDefaults().checkFor(set)
}

// checkFor returns an error where the recipe does not fit the training set.
func (r Recipe) checkFor(set data.Set) error {
	height, width := set.Size()
	if r.Batch > set.Len() {
		return fmt.Errorf("kit.Recipe: Batch is %d; %s has %d images, so it must be from 1 to %[3]d", r.Batch, set.Name(), set.Len())
	}
	if err := r.Method.Check(r.Batch, height, width); err != nil {
		return err
	}
	if _, err := r.item(set); err != nil {
		return err
	}
	if _, err := r.forCaptions(set); err != nil {
		return err
	}
	if method, ok := r.Method.(ssl.NeedsLabels); ok {
		if err := method.CheckLabels(set.Classes()); err != nil {
			return err
		}
	}
	if method, ok := r.Method.(ssl.NeedsEncoder); ok {
		if err := method.CheckEncoder(r.Encoder, height, width); err != nil {
			return err
		}
	}
	for _, view := range r.Method.Views(height, width) {
		if err := view.Check(height, width); err != nil {
			return err
		}
		viewHeight, viewWidth := view.OutputSize(height, width)
		if err := r.Encoder.Check(viewHeight, viewWidth); err != nil {
			return err
		}
	}
	if err := r.Optimizer.Check(); err != nil {
		return err
	}
	if err := r.Encoder.Check(height, width); err != nil {
		return err
	}
	if _, err := r.order(set); err != nil {
		return err
	}
	if err := r.checkFrozen(height, width); err != nil {
		return err
	}
	return r.checkStart(height, width)
}

// withDefaults fills in what was left out and can be known without the data.
func (r Recipe) withDefaults() Recipe {
	if r.Optimizer == nil {
		r.Optimizer = r.Method.Optimizer()
	}
	if r.Schedule == nil {
		r.Schedule = optim.WarmupCosine{Warmup: .1}
	}
	return r
}

// forData fills in what depends on the number of images.
func (r Recipe) forData(images int) Recipe {
	if r.Steps == 0 {
		// One of them, so that the recipe of a run is a recipe again.
		r.Steps, r.Epochs = r.Epochs*(images/(r.Batch-r.labelledPart())), 0
	}
	if r.MonitorEvery == 0 {
		r.MonitorEvery = max(r.Steps/20, 1)
	}
	if r.CheckpointEvery == 0 {
		r.CheckpointEvery = max(r.Steps/20, 1)
	}
	return r
}

// evaluationView is how an image is shown to the trained encoder: whole, and normalised as in the method's views.
func (r Recipe) evaluationView(height, width int) augment.Pipeline {
	for _, transform := range r.Method.Views(height, width)[0] {
		if normalize, ok := transform.(augment.Normalize); ok {
			return augment.Pipeline{normalize}
		}
	}
	return augment.Pipeline{}
}
