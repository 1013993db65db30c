package ssl

import (
	"cmp"
	"fmt"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/setting"
)

// tiling is how a pretext task cuts a view: into grid × grid tiles, each of which loses a gap along
// its sides, at random places, so that what goes on across a border doesn't give the places away.
type tiling struct {
	method string // As errors name it.
	grid   int
	gap    int // In pixels; 0 for the default.
	share  int // The default gap is this share of the tile: 7 for a seventh.
}

// views is one view: a crop of at least half of the image, to a size that the grid divides, flip,
// and grey with probability 0.3.
func (t tiling) views(height, width int) []augment.Pipeline {
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

// check returns an error where the view can't be cut.
func (t tiling) check(batch Batch) error {
	height, width := batch.ViewSize(0)
	if err := augment.CheckTiles(height, width, t.grid, t.grid); err != nil {
		return fmt.Errorf("%s: the view can't be cut into tiles: %w", t.method, err)
	}
	h, w := t.left(height, width)
	return setting.Must(t.gap >= 0 && h >= 1 && w >= 1, t.method+": Gap", t.gap,
		fmt.Sprintf("from 1 to %d pixels, less than a tile", min(height, width)/t.grid-1), fmt.Sprintf("1/%d of the tile", t.share))
}

// checkEncoder returns an error where the encoder can't work on images as small as what is left of
// a tile.
func (t tiling) checkEncoder(e encoder.Encoder, batch Batch) error {
	h, w := t.left(batch.ViewSize(0))
	if err := e.Check(h, w); err != nil {
		return fmt.Errorf("%s: tiles of %d×%d (take larger views or a smaller Gap): %w", t.method, h, w, err)
	}
	return nil
}
