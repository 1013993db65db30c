// Package ssl holds the self-supervised methods, one file each, written as their papers write them.
//
// A method is a plain value whose zero value is its paper's recipe. It says which views of an image
// it wants and builds its loss on them; all else (data, encoder, optimiser, schedule, checkpoints)
// is the trainer's:
//
//	recipe := kit.Recipe{
//		Data:    data.CIFAR10{},
//		Encoder: encoder.ResNet{Depth: 18, Width: 16},
//		Method:  ssl.SimCLR{Temperature: 0.2},
//		Epochs:  20, Batch: 128, Seed: 1,
//	}
//
// To add a method, write a file with a struct that has the methods of [Method]. A method with a
// teacher is a [HasTeacher] too, one whose embeddings may collapse a [CanCollapse]. simclr.go and
// byol.go are the patterns, and their tests show what is expected: the loss against a slow
// reference of the formula, a case by hand, invariances, bad settings, and in
// <method>_lesson_test.go a training of a few seconds in which the method must learn.
package ssl

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

// Method is a way to learn representations from images without labels.
type Method interface {
	// Name is the method's short name, such as "simclr".
	Name() string

	// WithDefaults is the same method with its defaults filled in, but for those that depend on the
	// images (see FollowsBatches) or on the encoder. It is called once, where a training is set up:
	// all other methods read the fields as they then are.
	//
	// A type that embeds another method must have one of its own, since that of the embedded method
	// returns only that.
	WithDefaults() Method

	// Check returns an error that names the field and its allowed range when a setting is out of
	// range for such batches.
	Check(batch Batch) error

	// Views lists the method's own augmentations of an image of height × width pixels: the trainer
	// makes one view of every image with each pipeline. A recipe may replace them by as many
	// others; see ViewsOf.
	Views(height, width int) []augment.Pipeline

	// Loss builds the loss of one step, a scalar.
	Loss(step *Step) *Node

	// Embed maps representations to the space in which the loss compares images, for the collapse
	// monitors. A method that compares nothing returns them as they are.
	//
	//	scope: as Step.Scope; features: [batch, dim] -> [batch, any]
	Embed(scope *model.Scope, features *Node) *Node

	// Optimizer is the optimiser of the paper's recipe, used where the recipe names none.
	Optimizer() optim.Optimizer
}

// NeedsLabels is a Method that learns from labels too.
type NeedsLabels interface {
	Method

	// CheckLabels returns an error where the method does not fit the classes of the training
	// images; nil classes are images without labels.
	CheckLabels(classes []string) error
}

// SemiSupervised is a Method that learns from few labels and many images. Its batches begin with
// images that have a label: in the first LabelledOf(batch) rows of Step.Views and Step.Labels all
// labelled images come one after another without end, in the other rows all training images, once
// an epoch, with whatever labels they have. See package semi.
type SemiSupervised interface {
	NeedsLabels

	// LabelledOf is how many images of a batch must be labelled: from 1 to batch-1, where Check
	// finds nothing wrong.
	LabelledOf(batch int) int
}

// NeedsEncoder is a Method that does not work with every encoder.
type NeedsEncoder interface {
	Method

	// CheckEncoder returns an error that says what is needed where the method can't use the encoder
	// on such batches.
	CheckEncoder(e encoder.Encoder, batch Batch) error
}

// LearnsOnPatches is a Method whose loss is on Output.Map or Output.Tokens alone. It trains no
// class token, so Check refuses an encoder whose representation is one, unless another term of a
// Sum trains it.
type LearnsOnPatches interface {
	Method

	// LossOnPatches does nothing: it marks the type.
	LossOnPatches()
}

// needsMasked is the error of an encoder without patches; nil where e is an encoder.Masked.
func needsMasked(method string, e encoder.Encoder) error {
	if _, ok := e.(encoder.Masked); !ok {
		return fmt.Errorf("%s hides patches, and encoder %s has none; take an encoder.Masked, such as encoder.ViT", method, e.Name())
	}
	if vit, ok := e.(encoder.ViT); ok && vit.Projection > 0 {
		return fmt.Errorf("%s compares patches as it does representations, and encoder %s projects the latter to %d features; encoder.ViT: Projection must be 0",
			method, e.Name(), vit.Projection)
	}
	return nil
}

// HasTeacher is a Method that learns from a teacher: a network of the same shape whose weights
// follow the student's slowly. The trainer keeps its variables, starts them at the student's, and
// moves them after each update.
type HasTeacher interface {
	Method

	// TeacherHead is what the teacher makes of representations. Its variables, and those of the
	// encoder, are what the teacher has twins of: the trainer builds it on the student first.
	//
	//	scope: as Step.Scope; features: [batch, dim] -> [batch, any]
	TeacherHead(scope *model.Scope, features *Node) *Node

	// Momentum is how much of the teacher stays in one step, a scalar in [0, 1]: its weights become
	// momentum × teacher + (1 - momentum) × student.
	//
	//	progress: as Step.Progress
	Momentum(progress *Node) *Node
}

// EvaluatesTeacher is a HasTeacher whose authors evaluate the teacher, and not the student. What
// represents images is then the teacher, unless a Run is asked for other weights.
type EvaluatesTeacher interface {
	HasTeacher

	// TeacherIsEvaluated does nothing: it marks the type.
	TeacherIsEvaluated()
}

// ReadsClips is a Method that learns from video: every image of the data is the first frame of a
// clip. View v of Method.Views is made from frame v, modulo Frames.
type ReadsClips interface {
	Method

	// Frames is the number of frames of a clip, at least 1.
	Frames() int
}

// ForecastsFrames is a ReadsClips that tells the last frame of a clip from those before it.
type ForecastsFrames interface {
	ReadsClips

	// Forecast is that frame, as the network predicts it.
	//
	//	seen: Frames() - 1 × [batch, height, width, 3] as the encoder takes them, in order of time ->
	//	[batch, height, width, 3], in the same units
	Forecast(network Network, seen []*Node) *Node

	// Motion is what the network knows of the frames together, and forecasts by, as a vector.
	//
	//	seen: as for Forecast -> [batch, any]
	Motion(network Network, seen []*Node) *Node
}

// ReadsInstances is a Method that learns from several images of one object. View v of Method.Views
// is made from image v, modulo Instances; image 0 is the one that an epoch has in its order, the
// others are drawn anew each time. Where an object has one image only, all are that one.
type ReadsInstances interface {
	Method

	// Instances is the number of images of an object, at least 1.
	Instances() int
}

// ReadsCaptions is a Method that learns from what is written about images: every image of the data
// comes with one of its captions, drawn anew each time where it has several.
type ReadsCaptions interface {
	Method

	// ForCaptions is the method with what it takes from the captions of all training images, such
	// as its vocabulary, filled in where its settings leave that open. It is an error where it
	// can't read one of them.
	ForCaptions(captions []string) (Method, error)

	// Tokens are texts as the numbers that Step.Captions and EmbedText take, [len(texts), length]
	// row by row, of a method that ForCaptions gave. It is an error where the method can't read one
	// of the texts.
	Tokens(texts []string) (tokens []int32, length int, err error)

	// EmbedText maps texts to the space that Embed maps images to.
	//
	//	scope: as Step.Scope; tokens: int32 [batch, length] -> [batch, any]
	EmbedText(scope *model.Scope, tokens *Node) *Node
}

// ReadsObjects is a Method that learns from the objects of images, which have boxes and classes.
// Every image of the data then comes with all of its objects; their boxes move with the views.
type ReadsObjects interface {
	Method

	// CheckObjects returns an error where the method does not fit the classes of the objects of the
	// training images.
	CheckObjects(classes []string) error
}

// Predicts is a Method that says more of an image than its embedding does, such as where objects
// are.
type Predicts interface {
	Method

	// Predict is what the trained network says of whole images.
	//
	//	images: [batch, height, width, 3] as the encoder takes them -> float32 [batch, any]
	Predict(network Network, images *Node) *Node
}

// FollowsBatches is a Method with a default that follows the batches and the number of images, such
// as the length of a queue, which few images do not fill.
type FollowsBatches interface {
	Method

	// ForBatch is the method, after WithDefaults, with that default filled in. It is called once,
	// where a training is set up, before Check. What was set stays as it is.
	ForBatch(batch Batch) Method
}

// ReadsIndices is a Method that keeps something of each image of the data, and so must know which
// of them a row of a batch is.
type ReadsIndices interface {
	Method

	// ReadIndices does nothing: it marks the type.
	ReadIndices()
}

// Step is what the trainer hands a method to build the loss of one training step. The Network in it
// is the student: the one that is trained.
type Step struct {
	Network

	// Teacher is the slow twin of the student, for a method that HasTeacher. No gradient flows into
	// its variables; stop it at what the teacher says, too. Its Scope holds the twins of the
	// variables of HasTeacher.TeacherHead.
	Teacher Network
	// Frozen is the network that a method LearnsFromFrozen from; see Frozen.Features and
	// Frozen.Embedding.
	Frozen Network
	// Views holds a view of every image for each pipeline of Augment: float [batch, height, width,
	// 3]. See ReadsClips and ReadsInstances for views of several images.
	Views []*Node
	// Augment are the pipelines that the Views were made with, each at the place of its view.
	Augment []augment.Pipeline
	// Height and Width are the size in pixels of the images that the views were made from.
	Height, Width int
	// Labels of the images: int32 [batch], -1 where an image has none.
	Labels *Node
	// Indices tell which image of the data each row is, for a method that ReadsIndices: int32
	// [batch], in [0, Images). Nil for others.
	Indices *Node
	// Images is the number of training images of the data.
	Images int
	// Labelled are the images of the data that the first rows of a batch are taken from, as Indices
	// name them, for a method that is SemiSupervised. Nil for others.
	Labelled []int
	// Captions of the images as tokens, for a method that ReadsCaptions: int32 [batch, length]. Nil
	// for others.
	Captions *Node
	// Boxes are those of the images' objects in each of the Views, for a method that ReadsObjects:
	// float32 [batch, most, 4] with x0, y0, x1, y1 in pixels of the view. BoxClasses are their
	// classes, int32 [batch, most]: data.NoObject where there is none, or where too little of it is
	// left in the view (see augment.Pipeline.ApplyBoxes), data.IgnoredObject for the box of a crowd.
	// Both are nil for others.
	Boxes, BoxClasses []*Node
	// Progress is the fraction of training done, a float32 scalar in [0, 1), for settings that
	// follow a schedule.
	Progress *Node
	// Random draws random numbers that are a function of the seed and the step.
	Random *augment.Random
}
