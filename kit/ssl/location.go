package ssl

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// RelativeLocation is the pretext task of telling where a piece of an image lies, seen from the
// piece in the middle: one of eight places around it. To tell that an ear is above and left of an
// eye is to know both.
//
// Doersch et al. 2015, "Unsupervised Visual Representation Learning by Context Prediction",
// arXiv:1505.05192. The task is the paper's, on a grid of 3 × 3 over the whole view. The authors'
// code (cdoersch/deepcontext) leaves one colour channel of each piece, shrinks a third of them,
// normalises each, and has two hidden layers over both.
type RelativeLocation struct {
	// Gap is what is cut off each piece along its sides, at random places, in pixels, so that lines
	// that go on across a border don't give the place away. Default: a third of the piece; the
	// paper has a gap of half a piece of 96 pixels, moved by up to 7.
	Gap int
	// Hidden is the number of features of the layer over both pieces. Default 512; the paper takes
	// 4096.
	Hidden int
}

var (
	_ Method       = RelativeLocation{}
	_ NeedsEncoder = RelativeLocation{}
)

const (
	locationGrid = 3
	places       = locationGrid*locationGrid - 1 // Around the middle.
)

// WithDefaults fills in the settings that were left at zero, but for Gap, which depends on the
// image.
func (m RelativeLocation) WithDefaults() Method {
	m.Hidden = cmp.Or(m.Hidden, 512)
	return m
}

// Name is "location".
func (m RelativeLocation) Name() string { return "location" }

// tiling is how views are cut.
func (m RelativeLocation) tiling() tiling {
	return tiling{method: "ssl.RelativeLocation", grid: locationGrid, gap: m.Gap, share: 3}
}

// Check returns an error where a field is out of range.
func (m RelativeLocation) Check(batch Batch) error {
	d := RelativeLocation{}.WithDefaults().(RelativeLocation)
	return cmp.Or(setting.Features(1, "ssl.RelativeLocation: Hidden", m.Hidden, d.Hidden),
		twoImages("ssl.RelativeLocation", batch, "for the norms over the batch"), m.tiling().check(batch))
}

// CheckEncoder returns an error where the encoder can't work on images as small as a piece.
func (m RelativeLocation) CheckEncoder(e encoder.Encoder, batch Batch) error {
	return m.tiling().checkEncoder(e, batch)
}

// Views is one view: a crop of at least half of the image, flip, and grey with probability 0.3,
// since colour (the lens's aberration) gives away too much.
func (m RelativeLocation) Views(height, width int) []augment.Pipeline {
	return m.tiling().views(height, width)
}

// Loss is the cross-entropy of telling the place from the two representations side by side (the
// paper's figure 3):
//
//	f(middle), f(piece at a random place around it);  the place from both, by a perceptron
func (m RelativeLocation) Loss(step *Step) *Node {
	images := step.Views[0]
	batch := images.Shape().Dim(0)
	label := ConvertDType(step.Random.Integers(places, batch), dtypes.Int32) // [batch]
	middle, around := m.Pieces(step.Random, images, label)
	features := step.Encode(middle, around).Pooled                   // [2 batch, dim]
	together := Reshape(features, batch, 2*features.Shape().Dim(-1)) // [batch, 2 dim]
	logits := encoder.MLP{Hidden: m.Hidden, Out: places, Layers: 2}.Apply(step.Scope.At("head"), together)
	return CrossEntropy(logits, label, 0)
}

// Pieces are the middle of each image and the piece at its place, each cut down by Gap at a random
// place of its own. Places are numbered row by row, the middle left out: 0 is above and left, 7
// below and right.
//
//	images: [batch, height, width, channels]; place: int32 [batch] -> 2 × [batch, piece height, piece width, channels]
func (m RelativeLocation) Pieces(r *augment.Random, images, place *Node) (middle, around *Node) {
	batch := images.Shape().Dim(0)
	h, w := m.tiling().left(images.Shape().Dim(1), images.Shape().Dim(2))
	tiles := augment.Tiles(images, locationGrid, locationGrid) // [batch, 9, h, w, channels]
	centre := Scalar(images.Graph(), dtypes.Int32, places/2)
	at := Where(LessThan(place, centre), place, OnePlus(place)) // [batch], of 9 tiles
	order := Stack([]*Node{BroadcastToDims(centre, batch), at}, 1)
	image := ConvertDType(Iota(images.Graph(), order.Shape(), 0), dtypes.Int32)
	chosen := augment.CropTiles(r, Gather(tiles, Stack([]*Node{image, order}, -1)), h, w) // [batch, 2, h', w', channels]
	return Squeeze(Slice(chosen, AxisRange(), AxisElem(0)), 1), Squeeze(Slice(chosen, AxisRange(), AxisElem(1)), 1)
}

// Embed returns the features as they are: the task compares no embeddings.
func (m RelativeLocation) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is that of Jigsaw, which came of this task. The authors' code has SGD without momentum
// and decay, at 1e-5 times the sum of the losses of a batch.
func (m RelativeLocation) Optimizer() optim.Optimizer { return Jigsaw{}.Optimizer() }
