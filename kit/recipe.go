package kit

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
	"sslkit/kit/track"
	"sslkit/kit/train"
)

// Recipe says in one literal what to pretrain.
type Recipe struct {
	// Data is where the images come from; its Train split is trained on, without its labels.
	// Required.
	Data data.Source
	// Encoder is the network to train. Required.
	Encoder encoder.Encoder
	// Method is the self-supervised method. Required.
	Method ssl.Method
	// Augment are the augmentations of an image: one pipeline for all views of the method, or one
	// for each, in the order of Method.Views. Default: the method's own, from its paper.
	Augment []augment.Pipeline
	// Optimizer updates the weights. Default: the method's own, from its paper.
	Optimizer optim.Optimizer
	// Schedule is the learning rate's. Default: warm-up over the first tenth of the training, then
	// cosine to zero.
	Schedule optim.Schedule

	// Epochs is how often every image is seen, at least 1. Give it, or Steps. An epoch leaves out
	// the last images that do not fill a batch, other ones each time. The labelled part of a
	// semi-supervised method's batches does not count.
	Epochs int
	// Steps is the number of batches, instead of Epochs.
	Steps int
	// Batch is the number of images a step, each seen in all its views. Required, from 1 to the
	// size of the data.
	Batch int
	// Seed decides initial weights, data order and augmentation: equal recipes make equal weights,
	// bit for bit, on one machine and backend.
	Seed uint64
	// Start is the path of a file of weights that the encoder starts from: another run's
	// encoder.safetensors, or a safetensors file under the names of timm, torchvision (of a ResNet),
	// transformers or the authors of DINO, DINOv2, MAE, DeiT III and ConvNeXt; see [encoder.Load]. The
	// weights must be those of this Encoder: a line says which of the file's tensors are left out,
	// such as a classifier's. Where the file, or a config.json of timm or a preprocessor_config.json of
	// transformers beside it, says how images are to be normalised, the default of Augment does so, and
	// an Augment that does otherwise is an error; where none says it, a line tells. Heads and whatever
	// else is the method's own start at random all the same, and so does a mask token. hub.Model.Fetch
	// gives the path of published weights by their name. Default "": random weights. The hash of the
	// weights tells two recipes apart, so the file may be moved.
	Start string `recipe:"weights"`
	// EMA is how much of a running mean of the weights stays in one step, in (0, 1): mean = EMA ×
	// mean + (1 - EMA) × weights behind each update, from the initial weights on. What is measured
	// of the run is then measured of the mean (see Run.By), as the code of FixMatch and of most
	// semi-supervised methods does, with 0.999; trainings of a few thousand steps want less, such
	// as 0.99, and EMAWarning tells where a training is too short. Norms over the batch keep the
	// running statistics of the weights themselves, as there. It changes nothing in the training.
	// Default 0: none is kept.
	EMA float64
	// Precision is the dtype of the encoder's arithmetic: Float32 (default) or BFloat16. Weights,
	// statistics, losses and updates are float32 with either.
	Precision Precision
	// Mesh spreads the training over several devices of this process, such as two GPUs: the images
	// of a batch, the heads and hidden units of an encoder that is a transformer, or both. Default: one
	// device.
	Mesh Mesh
	// MicroBatch is the number of images whose activations are in memory at once, for batches larger
	// than memory: the encoder sees that many images at a time, in all their views (in one after the
	// other where the method encodes each view by itself, as ssl.BYOL does), and each such part is
	// computed a second time for its gradient. It is gradient accumulation with the loss of
	// the whole batch, as in GradCache (Gao et al. 2021, arXiv:2101.06983): contrasts, queues, centres
	// and the norms of heads see all of Batch, and there is one update, the same but for rounding.
	// What the method has behind the encoder, such as a decoder, and beside it, such as CLIP's text
	// encoder, is not cut up, and what comes out of the encoder is kept for the whole batch, in float32.
	// Where a method encodes views in several passes, such as crops of two sizes, each is cut up by
	// itself, and the passes may be in memory together.
	//
	// Norms over the batch within the encoder (of encoder.ResNet) are over the images of a
	// micro-batch, and their running statistics move with each, as where gradients are accumulated
	// in PyTorch: the training is then another one, which it says. So it is with StochasticDepth,
	// whose random numbers are other ones.
	//
	// It must divide Batch, and be a multiple of Mesh.Data. A step computes the encoder's forward pass
	// twice, and takes the longer to compile the more parts there are: see benchmarks/larger.
	// Default 0: the whole batch.
	MicroBatch int
	// Rematerialize keeps of each block of the encoder, and of a method's transformers, nothing but
	// its input until the backward pass, which computes the rest a second time (activation
	// checkpointing: Chen et al. 2016, arXiv:1604.06174, with one segment a block, so that memory still
	// grows with the depth). The training is the same but for rounding. With MicroBatch, the inputs of
	// the blocks, and what follows the last one, are kept for the whole batch, and the rest for one
	// block of one micro-batch. Default false: all activations are kept.
	Rematerialize bool

	// MonitorEvery is the number of steps between two looks at the collapse monitors. Default: a
	// twentieth of the training.
	MonitorEvery int
	// CheckpointEvery is the number of steps between two checkpoints. Default: a twentieth of the
	// training.
	CheckpointEvery int
	// ResumeElsewhere lets an interrupted training go on under other conditions than it began under:
	// other cores, another processor, backend, plugin or version, other XLA_FLAGS. It may then end in
	// other bits than an unbroken training, and the run directory says where it went on. Default: an
	// error that names what differs.
	ResumeElsewhere bool `json:"-"`
	// Track are tools that show the training while it goes on, such as track.TensorBoard{}; Run.Track
	// shows it later. They are no part of what is trained. Where one can't be reached, the training
	// says so and goes on. Default: none.
	Track []track.Tracker `json:"-"`
	// StopOnCollapse ends the training with an error as soon as the collapse alarm is raised,
	// instead of only showing it. Some runs recover from a collapse in their first steps: these
	// would have been ended too.
	StopOnCollapse bool
	// StopEarly ends the training of a classifier when the validation images say so, and keeps the
	// weights that they liked best. The zero value is none of that.
	StopEarly StopEarly
	// OnlineProbe looks at the representation by k-NN and a linear classifier while it is trained. The zero
	// value is none.
	OnlineProbe OnlineProbe
}

// checkTrack returns an error where a tracker has a field that is out of range.
func (r Recipe) checkTrack() error {
	for i, tracker := range r.Track {
		if tracker == nil {
			return setting.Missing(fmt.Sprintf("kit.Recipe: Track[%d]", i), "a track.Tracker, such as track.TensorBoard{}")
		}
		if err := tracker.Check(); err != nil {
			return fmt.Errorf("kit.Recipe: Track[%d]: %w", i, err)
		}
	}
	return nil
}

// StopEarly is when to end the training of a classifier; see [train.StopEarly].
type StopEarly = train.StopEarly

// OnlineProbe looks at the representation while it is trained; see [train.OnlineProbe].
type OnlineProbe = train.OnlineProbe

// Mesh is how a training is spread over devices; see [train.Mesh].
type Mesh = train.Mesh

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

// UnmarshalText reads what MarshalText wrote.
func (p *Precision) UnmarshalText(text []byte) error {
	for _, known := range []Precision{Float32, BFloat16} {
		if string(text) == known.String() {
			*p = known
			return nil
		}
	}
	return fmt.Errorf("precision %q; it must be %s or %s", text, Float32, BFloat16)
}

func (p Precision) dtype() dtypes.DType {
	if p == BFloat16 {
		return dtypes.BFloat16
	}
	return dtypes.Float32
}

// Check tells whether the recipe can be trained, without training: an error names the field that is
// out of range, for these images, and its allowed range. Pretrain does so too, before it compiles
// anything.
func (r Recipe) Check() error {
	return train.Catch(func() error {
		set, err := r.open(data.Train)
		if err != nil {
			return err
		}
		defer set.Close()
		_, plan, err := r.plan(set)
		if err != nil {
			return err
		}
		return checkPlan(plan)
	})
}

// open opens a split of the data of a recipe whose fields make sense without them.
func (r Recipe) open(split data.Split) (data.Set, error) {
	if err := r.checkFields(); err != nil {
		return nil, err
	}
	return r.Data.Open(split)
}

// checkFields returns an error that names the field and its allowed range, before anything is read
// or compiled.
func (r Recipe) checkFields() error {
	if _, err := r.asValues(); err != nil {
		return err
	}
	switch {
	case r.Data == nil:
		return setting.Missing("kit.Recipe: Data", "a data.Source, such as data.Shapes{}")
	case r.Encoder == nil:
		return setting.Missing("kit.Recipe: Encoder", "an encoder.Encoder, such as encoder.ResNet{}")
	case r.Method == nil:
		return setting.Missing("kit.Recipe: Method", "an ssl.Method, such as ssl.SimCLR{}")
	case r.Epochs < 0 || r.Steps < 0:
		return fmt.Errorf("kit.Recipe: Epochs is %d and Steps is %d; they must not be negative", r.Epochs, r.Steps)
	case isAdopted(r.Method):
		if err := r.checkAdopted(); err != nil {
			return err
		}
	case r.Epochs == 0 && r.Steps == 0:
		return errors.New("kit.Recipe: Epochs and Steps are both 0; one of them must be at least 1")
	case r.Epochs > 0 && r.Steps > 0:
		return fmt.Errorf("kit.Recipe: Epochs is %d and Steps is %d; give one of them", r.Epochs, r.Steps)
	}
	return cmp.Or(
		setting.Steps(0, "kit.Recipe: Epochs", r.Epochs),
		setting.Steps(0, "kit.Recipe: Steps", r.Steps),
		setting.AtLeast(1, "kit.Recipe: Batch", r.Batch),
		setting.Must(r.Precision == Float32 || r.Precision == BFloat16, "kit.Recipe: Precision", int(r.Precision),
			"kit.Float32 or kit.BFloat16"),
		setting.Steps(0, "kit.Recipe: MonitorEvery", r.MonitorEvery, "a twentieth of the training"),
		setting.Steps(0, "kit.Recipe: CheckpointEvery", r.CheckpointEvery, "a twentieth of the training"),
		checkEMA(r.EMA),
		r.Mesh.Check(),
		setting.AtLeast(0, "kit.Recipe: MicroBatch", r.MicroBatch, "the whole batch"),
		r.StopEarly.Check(),
		r.OnlineProbe.Check(),
		r.checkTrack(),
	)
}
