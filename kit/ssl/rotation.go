package ssl

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

// Rotation is the pretext task of telling by how many quarter turns an image was turned: who knows
// which way is up has recognised what is there. It fails where images have no up, such as those
// from above or of round things.
//
// Gidaris et al. 2018, "Unsupervised Representation Learning by Predicting Image Rotations",
// arXiv:1803.07728. As in the authors' code every image is seen in all four turns in every step.
type Rotation struct{}

var _ Method = Rotation{}

// turns is the number of classes: 0, 1, 2 and 3 quarter turns.
const turns = 4

// WithDefaults is the method itself, which has no defaults.
func (m Rotation) WithDefaults() Method { return m }

// Name is "rotation".
func (m Rotation) Name() string { return "rotation" }

// Check returns an error where the views are not square.
func (m Rotation) Check(batch Batch) error {
	if h, w := batch.ViewSize(0); h != w {
		return fmt.Errorf("ssl.Rotation: the view is of %d×%d pixels; it must be square, so that all four turns have one size",
			h, w)
	}
	return nil
}

// Views is one view, which is square: a crop of at least half of the image, and flip. The authors'
// code shifts images of CIFAR-10 by up to 4 pixels instead, and on ImageNet crops 0.08 or more.
func (m Rotation) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.5, 1}}, augment.Flip{}, augment.Normalize{},
	}}
}

// Loss is equation 2 of the paper: the mean over the four turns of the cross-entropy of telling
// them.
func (m Rotation) Loss(step *Step) *Node {
	images, labels := AllTurns(step.Views[0])
	logits := encoder.MLP{Out: turns, Layers: 1}.Apply(step.Scope.At("head"), step.Encode(images).Pooled) // [4 batch, 4]
	return CrossEntropy(logits, labels, 0)
}

// AllTurns are the images in all four turns, with the number of counter-clockwise quarter turns of
// each.
//
//	images: [batch, size, size, channels] -> [4 batch, size, size, channels] and int32 [4 batch]; row 4i + t is image i
//	turned t times
func AllTurns(images *Node) (turned, labels *Node) {
	var all []*Node
	for t := range turns {
		all = append(all, augment.Rotate90(images, t))
	}
	batch := images.Shape().Dim(0)
	labels = Iota(images.Graph(), shapes.Make(dtypes.Int32, batch, turns), 1)
	return MergeViews(all...), Reshape(labels, batch*turns)
}

// Embed returns the features as they are: the task compares no embeddings.
func (m Rotation) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is the paper's SGD for CIFAR-10: a rate of 0.1 for 128 images, with Nesterov's momentum
// and, as in the authors' code, weight decay on norms and biases too.
func (m Rotation) Optimizer() optim.Optimizer {
	return optim.SGD{LR: .2, Momentum: .9, Nesterov: true, WeightDecay: 5e-4, Exclude: optim.Nothing{}}
}
