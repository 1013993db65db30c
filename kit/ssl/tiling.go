package ssl

import (
	"cmp"
	"fmt"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
)

// tiling is how a pretext task cuts a view: into grid × grid tiles, each of which loses a gap along its sides, at random
// places, so that what goes on across a border doesn't give the places away.
type tiling struct {
	method string           // As errors name it.
	view   augment.Pipeline // Nil for the default.
	grid   int
	gap    int // In pixels; 0 for the default.
	share  int // The default gap is this share of the tile: 7 for a seventh.
}

// views is one view. Default: a crop of at least half of the image, to a size that the grid divides, flip, and grey with
// probability 0.3.
func (t tiling) views(height, width int) []augment.Pipeline {
	if t.view != nil {
		return []augment.Pipeline{t.view}
	}
	size := min(height, width)
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: size - size%t.grid, Scale: [2]float64{.5, 1}},
		augment.Flip{}, augment.Grey{P: .3}, augment.Normalize{},
	}}
}

// left is the size of what is left of a tile, of views of height × width pixels.
func (t tiling) left(height, width int) (tileHeight, tileWidth int) {
	h, w := height/t.grid, width/t.grid
	gap := cmp.Or(t.gap, min(h, w)/t.share)
	return h - gap, w - gap
}

// check returns an error where the view of images of height × width pixels can't be cut.
func (t tiling) check(height, width int) error {
	height, width = t.views(height, width)[0].OutputSize(height, width)
	if err := augment.CheckTiles(height, width, t.grid, t.grid); err != nil {
		return fmt.Errorf("%s: View: %w", t.method, err)
	}
	if h, w := t.left(height, width); t.gap < 0 || h < 1 || w < 1 {
		return fmt.Errorf("%s: Gap is %d; it must be from 1 to %d pixels, less than a tile (0 means the default)",
			t.method, t.gap, min(height, width)/t.grid-1)
	}
	return nil
}

// checkEncoder returns an error where the encoder can't work on images as small as what is left of a tile.
func (t tiling) checkEncoder(e encoder.Encoder, height, width int) error {
	h, w := t.left(t.views(height, width)[0].OutputSize(height, width))
	if err := e.Check(h, w); err != nil {
		return fmt.Errorf("%s: tiles of %d×%d (take a larger View or a smaller Gap): %w", t.method, h, w, err)
	}
	return nil
}
