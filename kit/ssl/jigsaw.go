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
)

// Jigsaw is the pretext task of telling in which of some orders the tiles of an image were put. The encoder sees each tile by
// itself, so that it has to tell parts of things.
//
// Noroozi & Favaro 2016, "Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles", arXiv:1603.09246. The zero
// value is the paper's recipe on images whose sides 3 divides; on images of 32 pixels take a Grid of 2.
type Jigsaw struct {
	// Grid is the number of tiles along each side, at least 2; it divides the image. Default 3.
	Grid int
	// Orders is the number of orders to choose from, at least 2, far from each other: see augment.JigsawPermutations. Default
	// 100, or all 24 where there are 4 tiles.
	Orders int
	// Gap is what is cut off each tile along its sides, at random places, in pixels, so that lines and colours that go on across a
	// border don't give the order away. Default: a seventh of the tile (11 of 75 pixels in the paper).
	Gap int
	// Hidden is the number of features of the layer over all tiles. Default 512; the paper takes 4096 on ImageNet.
	Hidden int
	// View replaces the augmentation of the whole image. Default: a crop of at least half of it, flip, and grey with
	// probability 0.3, since colour gives away too much.
	View augment.Pipeline
}

var (
	_ Method       = Jigsaw{}
	_ NeedsEncoder = Jigsaw{}
)

// WithDefaults fills in the settings that were left at zero, but for Gap, which depends on the image.
func (m Jigsaw) WithDefaults() Jigsaw {
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

// tile is the side of what is left of a tile, of views of height × width pixels.
func (m Jigsaw) tile(height, width int) (tileHeight, tileWidth int) {
	m = m.WithDefaults()
	h, w := height/m.Grid, width/m.Grid
	gap := cmp.Or(m.Gap, min(h, w)/7)
	return h - gap, w - gap
}

// Check returns an error where a field is out of range.
func (m Jigsaw) Check(batch, height, width int) error {
	m = m.WithDefaults()
	if m.Grid < 2 {
		return fmt.Errorf("ssl.Jigsaw: Grid is %d; it must be at least 2 (0 means the default, 3)", m.Grid)
	}
	height, width = m.Views(height, width)[0].OutputSize(height, width)
	if err := augment.CheckTiles(height, width, m.Grid, m.Grid); err != nil {
		return fmt.Errorf("ssl.Jigsaw: Grid is %d: %w", m.Grid, err)
	}
	if m.Orders < 2 {
		return fmt.Errorf("ssl.Jigsaw: Orders is %d; it must be at least 2 (0 means the default)", m.Orders)
	}
	if err := augment.CheckPermutations(m.Grid*m.Grid, m.Orders); err != nil {
		return fmt.Errorf("ssl.Jigsaw: Orders is %d: %w", m.Orders, err)
	}
	if h, w := m.tile(height, width); m.Gap < 0 || h < 1 || w < 1 {
		return fmt.Errorf("ssl.Jigsaw: Gap is %d; it must be from 1 to %d pixels, less than a tile (0 means the default)",
			m.Gap, min(height, width)/m.Grid-1)
	}
	if m.Hidden < 1 {
		return fmt.Errorf("ssl.Jigsaw: Hidden is %d; it must be at least 1 (0 means the default, 512)", m.Hidden)
	}
	return nil
}

// CheckEncoder returns an error where the encoder can't work on images as small as a tile.
func (m Jigsaw) CheckEncoder(e encoder.Encoder, height, width int) error {
	height, width = m.Views(height, width)[0].OutputSize(height, width)
	h, w := m.tile(height, width)
	if err := e.Check(h, w); err != nil {
		return fmt.Errorf("ssl.Jigsaw: tiles of %d×%d (see Grid and Gap): %w", h, w, err)
	}
	return nil
}

// Views is one view.
func (m Jigsaw) Views(height, width int) []augment.Pipeline {
	if m.View != nil {
		return []augment.Pipeline{m.View}
	}
	size := min(height, width)
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: size - size%m.WithDefaults().Grid, Scale: [2]float64{.5, 1}},
		augment.Flip{}, augment.Grey{P: .3}, augment.Normalize{},
	}}
}

// Loss is the cross-entropy of telling the order from the tiles' representations side by side (the paper's figure 3):
//
//	tiles of x, in the order of permutation p;  f of each tile;  p from all of them, by a perceptron
func (m Jigsaw) Loss(step *Step) *Node {
	m = m.WithDefaults()
	images := step.Views[0]
	g, batch, n := images.Graph(), images.Shape().Dim(0), m.Grid*m.Grid
	h, w := m.tile(images.Shape().Dim(1), images.Shape().Dim(2))

	label := ConvertDType(step.Random.Integers(m.Orders, batch), dtypes.Int32)                              // [batch]
	order := Gather(Const(g, int32Rows(augment.JigsawPermutations(n, m.Orders, 0))), InsertAxes(label, -1)) // [batch, n]
	tiles := augment.Shuffle(augment.CropTiles(step.Random, augment.Tiles(images, m.Grid, m.Grid), h, w), order)
	features := step.Encode(Reshape(tiles, batch*n, h, w, images.Shape().Dim(3))).Pooled // [batch × n, dim]
	together := Reshape(features, batch, n*features.Shape().Dim(-1))                     // [batch, n × dim]
	logits := encoder.MLP{Hidden: m.Hidden, Out: m.Orders, Layers: 2}.Apply(step.Scope.At("head"), together)
	return CrossEntropy(logits, label, 0)
}

// int32Rows are the same numbers as a graph takes them.
func int32Rows(rows [][]int) [][]int32 {
	out := make([][]int32, len(rows))
	for i, row := range rows {
		for _, v := range row {
			out[i] = append(out[i], int32(v))
		}
	}
	return out
}

// Embed returns the features as they are: the task compares no embeddings.
func (m Jigsaw) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is the paper's SGD: a rate of 0.01 for 256 images.
func (m Jigsaw) Optimizer() optim.Optimizer {
	return optim.SGD{LR: .01, Momentum: .9, WeightDecay: 5e-4}
}
