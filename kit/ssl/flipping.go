package ssl

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

// Flipping is the pretext task of telling whether an image was flipped: left to right, top to
// bottom, both, or not at all. Like Rotation, of whose family it is, it wants images that have a
// right way round. Things that are as often seen either way round, as most are, only have the
// vertical part to tell: take Vertical then.
type Flipping struct {
	// Vertical asks only whether the image is upside down: two classes instead of four.
	Vertical bool
}

var _ Method = Flipping{}

// WithDefaults is the method itself, which has no defaults.
func (m Flipping) WithDefaults() Method { return m }

// Name is "flipping".
func (m Flipping) Name() string { return "flipping" }

// Check accepts all settings.
func (m Flipping) Check(batch Batch) error { return nil }

// Views is one view, which is never flipped: a crop of at least half of the image.
func (m Flipping) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.5, 1}}, augment.Normalize{},
	}}
}

// Loss is the mean cross-entropy of telling the flips, over every image in all of them.
func (m Flipping) Loss(step *Step) *Node {
	images, labels := m.AllFlips(step.Views[0])
	logits := encoder.MLP{Out: m.classes(), Layers: 1}.Apply(step.Scope.At("head"), step.Encode(images).Pooled)
	return CrossEntropy(logits, labels, 0)
}

func (m Flipping) classes() int {
	if m.Vertical {
		return 2
	}
	return 4
}

// AllFlips are the images in all flips, with the class of each: 0 as they are, 1 top to bottom, 2
// left to right, 3 both. With Vertical there are the first two.
//
//	images: [batch, height, width, channels] -> [n batch, height, width, channels] and int32 [n batch], n being 4 or 2; row
//	n × i + c is image i in class c
func (m Flipping) AllFlips(images *Node) (flipped, labels *Node) {
	all := []*Node{images, Reverse(images, 1)}
	if !m.Vertical {
		all = append(all, Reverse(images, 2), Reverse(images, 1, 2))
	}
	batch := images.Shape().Dim(0)
	labels = Iota(images.Graph(), shapes.Make(dtypes.Int32, batch, len(all)), 1)
	return MergeViews(all...), Reshape(labels, batch*len(all))
}

// Embed returns the features as they are: the task compares no embeddings.
func (m Flipping) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is that of Rotation.
func (m Flipping) Optimizer() optim.Optimizer { return Rotation{}.Optimizer() }
