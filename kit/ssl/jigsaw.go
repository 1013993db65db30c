package ssl

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// Jigsaw is the pretext task of telling in which of some orders the tiles of an image were put. The
// encoder sees each tile by itself, so that it has to tell parts of things.
//
// Noroozi & Favaro 2016, "Unsupervised Learning of Visual Representations by Solving Jigsaw
// Puzzles", arXiv:1603.09246. The zero value has the paper's grid and optimiser, and is for images
// whose sides 3 divides; on images of 32 pixels take a Grid of 2.
type Jigsaw struct {
	// Grid is the number of tiles along each side, at least 2; it divides the image. Default 3.
	Grid int
	// Orders is the number of orders to choose from, at least 2, far from each other: see
	// augment.JigsawPermutations. Default 100, or all 24 where there are 4 tiles.
	Orders int
	// Gap is what is cut off each tile along its sides, at random places, in pixels, so that lines
	// and colours that go on across a border don't give the order away. Default: a seventh of the
	// tile (11 of 75 pixels in the paper).
	Gap int
	// Hidden is the number of features of the layer over all tiles. Default 512; the paper takes
	// 4096 on ImageNet.
	Hidden int
}

var (
	_ Method       = Jigsaw{}
	_ NeedsEncoder = Jigsaw{}
)

// WithDefaults fills in the settings that were left at zero, but for Gap, which depends on the
// image.
func (m Jigsaw) WithDefaults() Method {
	m.Grid = cmp.Or(m.Grid, 3)
	if m.Orders == 0 {
		m.Orders = 100
		if m.Grid == 2 {
			m.Orders = 24
		}
	}
	m.Hidden = cmp.Or(m.Hidden, 512)
	return m
}

// Name is "jigsaw".
func (m Jigsaw) Name() string { return "jigsaw" }

// tiling is how views are cut.
func (m Jigsaw) tiling() tiling {
	return tiling{method: "ssl.Jigsaw", grid: m.Grid, gap: m.Gap, share: 7}
}

// Check returns an error where a field is out of range.
func (m Jigsaw) Check(batch Batch) error {
	d := Jigsaw{}.WithDefaults().(Jigsaw)
	if err := cmp.Or(
		setting.Repeats(2, "ssl.Jigsaw: Grid", m.Grid, d.Grid),
		setting.Features(2, "ssl.Jigsaw: Orders", m.Orders, Jigsaw{Grid: m.Grid}.WithDefaults().(Jigsaw).Orders),
		setting.Features(1, "ssl.Jigsaw: Hidden", m.Hidden, d.Hidden),
		twoImages("ssl.Jigsaw", batch, "for the norms over the batch"),
		m.tiling().check(batch),
	); err != nil {
		return err
	}
	if err := augment.CheckPermutations(m.Grid*m.Grid, m.Orders); err != nil {
		return fmt.Errorf("ssl.Jigsaw: Orders is %d: %w", m.Orders, err)
	}
	return nil
}

// CheckEncoder returns an error where the encoder can't work on images as small as a tile.
func (m Jigsaw) CheckEncoder(e encoder.Encoder, batch Batch) error {
	return m.tiling().checkEncoder(e, batch)
}

// Views is one view: a crop of at least half of the image, flip, which the authors' code lacks, and
// grey with probability 0.3, since colour gives away too much.
func (m Jigsaw) Views(height, width int) []augment.Pipeline { return m.tiling().views(height, width) }

// Loss is the cross-entropy of telling the order from the tiles' representations side by side (the
// paper's figure 3):
//
//	tiles of x, in the order of permutation p;  f of each tile;  p from all of them, by a perceptron
//
// Each tile is brought to mean 0 and deviation 1 over all of its values, so that brightness and
// contrast, which neighbours share, don't tell what lies beside what. A PyTorch version
// (bbrattoli/JigsawPuzzlePytorch) does so with each channel, the authors' Caffe code not at all.
func (m Jigsaw) Loss(step *Step) *Node {
	images := step.Views[0]
	batch := images.Shape().Dim(0)
	label := ConvertDType(step.Random.Integers(m.Orders, batch), dtypes.Int32) // [batch]
	tiles := m.Puzzle(step.Random, images, label)                              // [batch × Grid², h, w, channels]
	alike := Reshape(withoutScale(Reshape(tiles, tiles.Shape().Dim(0), 1, -1)), tiles.Shape().Dimensions...)
	features := step.Encode(alike).Pooled                                        // [batch × Grid², dim]
	together := Reshape(features, batch, m.Grid*m.Grid*features.Shape().Dim(-1)) // [batch, Grid² × dim]
	logits := encoder.MLP{Hidden: m.Hidden, Out: m.Orders, Layers: 2}.Apply(step.Scope.At("head"), together)
	return CrossEntropy(logits, label, 0)
}

// Puzzle are the tiles of each image in the order that its label names, each cut down by Gap at a
// random place of its own: place i of the order shows tile order[i], the tiles being numbered row
// by row.
//
//	images: [batch, height, width, channels]; label: int32 [batch], in [0, Orders)
//	-> [batch × Grid², tile height, tile width, channels]
func (m Jigsaw) Puzzle(r *augment.Random, images, label *Node) *Node {
	h, w := m.tiling().left(images.Shape().Dim(1), images.Shape().Dim(2))
	var orders [][]int32
	for _, order := range augment.JigsawPermutations(m.Grid*m.Grid, m.Orders, 0) {
		row := make([]int32, len(order))
		for i, tile := range order {
			row[i] = int32(tile)
		}
		orders = append(orders, row)
	}
	order := Gather(Const(images.Graph(), orders), InsertAxes(label, -1)) // [batch, Grid²]
	tiles := augment.Shuffle(augment.CropTiles(r, augment.Tiles(images, m.Grid, m.Grid), h, w), order)
	return Reshape(tiles, -1, h, w, images.Shape().Dim(3))
}

// Embed returns the features as they are: the task compares no embeddings.
func (m Jigsaw) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is the paper's SGD: a rate of 0.01 for 256 images.
func (m Jigsaw) Optimizer() optim.Optimizer {
	return optim.SGD{LR: .01, Momentum: .9, WeightDecay: 5e-4}
}
