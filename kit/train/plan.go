// Package train turns a resolved plan into trained weights in a run directory: the compiled step,
// the loop over it, teachers, collapse monitors, early stopping, and the forward passes that use
// what was trained.
//
// Package kit makes the plan out of a recipe; nothing here knows recipes.
package train

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
	"sslkit/kit/track"
)

// Where the variables of a training live in its store.
const (
	encoderScope = "encoder"
	methodScope  = "method"
	teacherScope = "teacher" // Holds twins of both under the same names.
	averageScope = "average" // Holds running means of both under the same names.
	frozenScope  = "frozen"  // Holds the encoder and the head of a network that a method learns from.
)

// Model is what is trained: enough to run it forward.
type Model struct {
	Method    ssl.Method // With its defaults filled in.
	Encoder   encoder.Encoder
	Precision dtypes.DType       // Of the encoder's arithmetic.
	Views     []augment.Pipeline // That training makes of each image, in the order of Method.Views.
	EMA       float64            // How much of the running mean of the weights stays in one step; 0 where none is kept.
}

// Plan is a training in which everything is decided.
type Plan struct {
	Model

	Data          data.Source // Whose Train split is trained on, and whose held-out splits are looked at.
	Images        int         // In the Train split.
	Height, Width int         // Of an image, in pixels.
	Item          data.Item   // What is read for each image: itself, a clip or an object's images, a caption.
	Sources       []int       // For each view, which of the item's images it is made from.
	Order         data.Order  // In which the images are read; its Batch and LabelledPart make up a batch.

	Optimizer optim.Optimizer
	Schedule  optim.Schedule
	Steps     int    // Batches in the whole training; 0 where the weights of Start are taken as they are.
	Seed      uint64 // Of initial weights and augmentation; Order has its own.
	Start     string // File of weights that the encoder starts from; "" for random ones.

	MonitorEvery, CheckpointEvery int // Steps between two looks at the monitors, and between two checkpoints.
	StopOnCollapse                bool
	StopEarly                     StopEarly
	OnlineProbe                   OnlineProbe
	ResumeElsewhere               bool // Go on also under other conditions than the run began under.
	Mesh                          Mesh // Devices that the steps are spread over.
	MicroBatch                    int  // Images whose activations are held at once; 0 for all of a batch.
	Rematerialize                 bool // Compute the insides of the blocks again in the backward pass.

	Trackers []track.Tracker // That show the training.
	Shown    track.Run       // What they are told of it besides its metrics.
}

// EncoderScope holds the encoder's variables in a store.
func EncoderScope(store *model.Store) *model.Scope { return store.Scope("/" + encoderScope) }

// MethodScope holds the variables of the method's own in a store.
func MethodScope(store *model.Store) *model.Scope { return store.Scope("/" + methodScope) }

// network is the encoder, with its variables and the method's own under scope.
func (m Model) network(scope *model.Scope) ssl.Network {
	return ssl.Network{
		Encoder: m.Encoder, EncoderScope: scope.At(encoderScope), Scope: scope.At(methodScope), Precision: m.Precision,
	}
}

// wholeImage is how an image is shown to the trained encoder: whole, and normalised as in the first
// view.
func (m Model) wholeImage() augment.Pipeline {
	for _, transform := range m.Views[0] {
		if normalize, ok := transform.(augment.Normalize); ok {
			return augment.Pipeline{normalize}
		}
	}
	return augment.Pipeline{}
}

// shown is how whole images are made for the trained encoder: where nothing is trained, as the file
// Start says.
func (p Plan) shown() (encoder.Preprocessing, error) {
	if p.Steps == 0 {
		if wanted, _, known, err := encoder.PreprocessingOf(p.Start); known || err != nil {
			return wanted, err
		}
	}
	shown := preprocessing(p.wholeImage())
	if p.Height == p.Width {
		shown.Size, shown.CropShare = p.Height, 1
	}
	return shown, nil
}

// Features are the representations of whole images.
//
//	[batch, height, width, 3], 0 to 255 of uint8 or 0 to 1 of a float -> [batch, dim]
func (m Model) Features(scope *model.Scope, images *Node) *Node {
	return m.network(scope).Encode(m.wholeImage().Apply(nil, images)).Pooled
}

// Encode is all that the encoder gives of whole images, in float32 whatever Precision is. Pooled is made of
// the very nodes beside it, so that there is a gradient from one to the other.
//
//	images: as Features
func (m Model) Encode(scope *model.Scope, images *Node) encoder.Output {
	return m.Encoder.Encode(scope.At(encoderScope), ConvertDType(m.wholeImage().Apply(nil, images), dtypes.Float32))
}

// Embeddings are what the method's loss compares, of whole images.
//
//	as Features -> [batch, dimensions of the embedding]
func (m Model) Embeddings(scope *model.Scope, images *Node) *Node {
	return m.Method.Embed(scope.At(methodScope), m.Features(scope, images))
}

// Predictions are what the method says of whole images; the method is an ssl.Predicts.
//
//	as Features -> [batch, any]
func (m Model) Predictions(scope *model.Scope, images *Node) *Node {
	method, own, _ := ssl.FindIn[ssl.Predicts](m.Method, scope.At(methodScope))
	network := m.network(scope)
	network.Scope = own
	return method.Predict(network, m.wholeImage().Apply(nil, images))
}

// Forecasts are the last frames of clips as the method predicts them from those before, with values
// in [0, 1]; the method is an ssl.ForecastsFrames.
//
//	clips: uint8 [batch, frames, height, width, 3] -> float32 [batch, height × width × 3]
func (m Model) Forecasts(scope *model.Scope, clips *Node) *Node {
	method, network, seen := m.forecaster(scope, clips)
	predicted := m.pixels(method.Forecast(network, seen))
	return Reshape(ClipScalar(ConvertDType(predicted, dtypes.Float32), 0, 1), predicted.Shape().Dim(0), -1)
}

// Reconstructions are what the method is shown of whole images and what it makes of them, one behind the
// other; it is an ssl.Reconstructs. What is hidden is a function of the seed and of an image's place in
// the batch.
//
//	as Features -> [batch, 2 × height × width × 3], with values in [0, 1]
func (m Model) Reconstructions(scope *model.Scope, images *Node, seed uint64) *Node {
	method, own, _ := ssl.FindIn[ssl.Reconstructs](m.Method, scope.At(methodScope))
	network := m.network(scope)
	network.Scope = own
	state := augment.State(seed, 0)
	made := method.Reconstruct(network, augment.NewRandom(Const(images.Graph(), state[:])), m.wholeImage().Apply(nil, images))
	both := make([]*Node, 2)
	for i, x := range []*Node{made.Shown, made.Told} {
		both[i] = Reshape(ClipScalar(m.pixels(ConvertDType(x, dtypes.Float32)), 0, 1), x.Shape().Dim(0), -1)
	}
	return Concatenate(both, -1)
}

// Motion is what the method knows of all frames of clips but the last, by which it forecasts that; it
// is an ssl.ForecastsFrames.
//
//	clips: as for Forecasts -> float32 [batch, any]
func (m Model) Motion(scope *model.Scope, clips *Node) *Node {
	method, network, seen := m.forecaster(scope, clips)
	return ConvertDType(method.Motion(network, seen), dtypes.Float32)
}

// forecaster is the method that forecasts, its network, and the frames that it sees.
func (m Model) forecaster(scope *model.Scope, clips *Node) (ssl.ForecastsFrames, ssl.Network, []*Node) {
	method, own, _ := ssl.FindIn[ssl.ForecastsFrames](m.Method, scope.At(methodScope))
	network := m.network(scope)
	network.Scope = own
	seen := make([]*Node, method.Frames()-1)
	for f := range seen {
		seen[f] = m.wholeImage().Apply(nil, itemImage(clips, f))
	}
	return method, network, seen
}

// pixels undoes wholeImage: what the encoder takes becomes intensities in [0, 1] again.
//
//	[batch, height, width, 3] -> the same shape
func (m Model) pixels(x *Node) *Node {
	for _, transform := range m.wholeImage() {
		if normalize, ok := transform.(augment.Normalize); ok {
			normalize = normalize.WithDefaults()
			perChannel := func(v [3]float64) *Node { // [1, 1, 1, 3]
				return Reshape(ConvertDType(Const(x.Graph(), v[:]), x.DType()), 1, 1, 1, 3)
			}
			x = Add(Mul(x, perChannel(normalize.Std)), perChannel(normalize.Mean))
		}
	}
	return x
}

// epochs is the number of passes over the images in that many steps. The labelled part of a batch
// does not count.
func (p Plan) epochs(steps int) float64 {
	return float64(steps) * float64(p.Order.Batch-p.Order.LabelledPart) / float64(p.Images)
}

// itemImage is one image of each item.
//
//	items: [batch, height, width, 3], or [batch, images, height, width, 3] -> [batch, height, width, 3]
func itemImage(items *Node, image int) *Node {
	if items.Rank() == 4 {
		return items
	}
	return Squeeze(SliceAxis(items, 1, AxisElem(image)), 1)
}

// itemDims is the shape of a batch of items, without the axis of images where there is one of each.
func itemDims(batch, images, height, width int) []int {
	if images == 1 {
		return []int{batch, height, width, 3}
	}
	return []int{batch, images, height, width, 3}
}

// mostParameters is more than any device can train.
const mostParameters = 1e11

// Check returns an error where encoder, optimiser, the file Start, or the network that the method
// learns from do not fit the images. Nothing is compiled.
func (p Plan) Check() error {
	for i, view := range p.Views {
		err := view.Check(p.Height, p.Width)
		if err == nil {
			err = p.Encoder.Check(view.OutputSize(p.Height, p.Width))
		}
		if err != nil {
			return fmt.Errorf("view %d of %s: %w", i, p.Method.Name(), err)
		}
	}
	if err := p.Encoder.Check(p.Height, p.Width); err != nil {
		return err
	}
	if parameters := p.Encoder.Cost(p.Height, p.Width).Params; parameters > mostParameters {
		return fmt.Errorf("encoder %s has %d parameters; it must have at most %d", p.Encoder.Name(), parameters, int64(mostParameters))
	}
	if p.Steps == 0 {
		return p.checkStart()
	}
	if p.normsOverBatch() && p.Order.Batch < 2 {
		return fmt.Errorf("kit.Recipe: Batch is %d; it must be at least 2 with encoder %s, whose norms are over the batch",
			p.Order.Batch, p.Encoder.Name())
	}
	if err := p.StopEarly.checkMethod(p.Method); err != nil {
		return err
	}
	if err := p.Optimizer.Check(); err != nil {
		return err
	}
	if _, err := p.update(); err != nil { // Knows whether the schedule fits.
		return err
	}
	if _, ok := ssl.Find[ssl.ReadsCaptions](p.Method); ok && p.EMA > 0 {
		return fmt.Errorf("kit.Recipe: EMA is %g, and method %s has a text encoder, of which no running mean is kept; leave EMA out",
			p.EMA, p.Method.Name())
	}
	if err := p.checkMesh(); err != nil {
		return err
	}
	if err := p.checkMicroBatch(); err != nil {
		return err
	}
	if err := p.checkFrozen(); err != nil {
		return err
	}
	return p.checkStart()
}
