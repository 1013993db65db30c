package segment

import (
	"cmp"
	"fmt"
	"image"

	"sslkit/data"
	"sslkit/kit/setting"
	"sslkit/plots"
)

// PatchColours shows n images of a split, spread evenly over it, above the patches that the encoder
// makes of them, like ones in like colours; see [plots.PatchColours]. The images need no masks.
// Errors: those of [Frozen.Patches] and of plots.PatchColours, and an n below 1.
func (f Frozen) PatchColours(source data.Source, split data.Split, n int) (*plots.Figure, error) {
	fail := func(err error) (*plots.Figure, error) { return nil, fmt.Errorf("colours of patches: %w", err) }
	set, shown, err := someImages(source, split, n)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	p, err := f.patches(set, shown)
	if err != nil {
		return fail(err)
	}
	colours, err := plots.PatchColours(p.X, p.N, p.Rows, p.Columns, p.Dim)
	if err != nil {
		return fail(err)
	}
	rows := make([][]image.Image, 2)
	for k, i := range shown {
		picture, err := overlaid(set, i, nil)
		if err != nil {
			return fail(err)
		}
		rows[0], rows[1] = append(rows[0], picture), append(rows[1], colours[k])
	}
	return plots.ImageGrid("Patches: principal components of the foreground as colours", rows, []string{"image", "patches"}, nil)
}

// Figure shows n images of a split, spread evenly over it, each with the mask of every head of the
// last block. The images need no masks of their own. Errors: those of [Frozen.Attention], an n
// below 1, and a Mass out of range.
func (m AttentionMasks) Figure(frozen Frozen, source data.Source, split data.Split, n int) (*plots.Figure, error) {
	m = m.WithDefaults()
	fail := func(err error) (*plots.Figure, error) { return nil, fmt.Errorf("figure of attention masks: %w", err) }
	set, shown, err := someImages(source, split, n)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	a, err := frozen.attention(set, shown)
	if err != nil {
		return fail(err)
	}
	height, width := set.Size()
	names := []string{"image"}
	for head := range a.Heads {
		names = append(names, fmt.Sprintf("head %d", head))
	}
	var rows [][]image.Image
	for k, i := range shown {
		masks, err := a.pixelMasks(k, m.Mass, height, width)
		if err != nil {
			return fail(err)
		}
		row := make([]image.Image, 1, 1+a.Heads)
		if row[0], err = overlaid(set, i, nil); err != nil {
			return fail(err)
		}
		for _, mask := range masks {
			picture, err := overlaid(set, i, mask)
			if err != nil {
				return fail(err)
			}
			row = append(row, picture)
		}
		rows = append(rows, row)
	}
	return plots.ImageGrid(fmt.Sprintf("What the class token reads: %g %% of it", 100*m.Mass), rows, nil, names)
}

// Side is an encoder in a comparison.
type Side struct {
	Name   string // In the figure.
	Frozen Frozen
}

// Compare shows n images of a split, spread evenly over it, with the true masks and below them those
// of each side, as Evaluate judges them: for each class that an image shows, the mask of the head that
// covers it best, in the class's colour. Errors: those of [AttentionMasks.Evaluate], and an n below 1.
func (m AttentionMasks) Compare(source data.Source, split data.Split, n int, sides ...Side) (*plots.Figure, error) {
	m = m.WithDefaults()
	fail := func(err error) (*plots.Figure, error) {
		return nil, fmt.Errorf("comparison of attention masks: %w", err)
	}
	if err := m.check(); err != nil {
		return fail(err)
	}
	set, err := open(source, split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	shown, err := evenly("n", n, set)
	if err != nil {
		return fail(err)
	}
	rows, names := make([][]image.Image, 2), []string{"image", "true"}
	for _, i := range shown {
		for k, mask := range [][]uint8{nil, set.masks[i]} {
			picture, err := overlaid(set, i, mask)
			if err != nil {
				return fail(err)
			}
			rows[k] = append(rows[k], picture)
		}
	}
	for _, side := range sides {
		a, err := side.Frozen.attention(set, shown)
		if err != nil {
			return fail(fmt.Errorf("%s: %w", side.Name, err))
		}
		var row []image.Image
		for k, i := range shown {
			masks, err := a.pixelMasks(k, m.Mass, set.height, set.width)
			if err != nil {
				return fail(err)
			}
			mask, err := bestMasks(set.masks[i], masks, len(set.MaskClasses()))
			if err != nil {
				return fail(err)
			}
			picture, err := overlaid(set, i, mask)
			if err != nil {
				return fail(err)
			}
			row = append(row, picture)
		}
		rows, names = append(rows, row), append(names, side.Name)
	}
	return plots.ImageGrid(fmt.Sprintf("What the class token reads: %g %% of it, best head", 100*m.Mass), rows, names, nil)
}

// bestMasks are, for each class of truth, the mask of the head that covers it best, as one mask of
// classes. Where they overlap, the last class shows.
func bestMasks(truth []uint8, masks [][]uint8, classes int) ([]uint8, error) {
	out := make([]uint8, len(truth))
	for class := 1; class < classes; class++ {
		object := objectOf(truth, uint8(class))
		if object == nil {
			continue
		}
		_, head, err := covers(object, masks)
		if err != nil {
			return nil, err
		}
		for p, inside := range masks[head] {
			if inside == 1 {
				out[p] = uint8(class)
			}
		}
	}
	return out, nil
}

// Figure shows n of the images that were judged, spread evenly over them, with the true and the
// predicted mask. source and split are those that they came from. Errors: an n below 1, a source without
// masks, and images that are not those of the result.
func (r Result) Figure(source data.Source, split data.Split, n int) (*plots.Figure, error) {
	fail := func(err error) (*plots.Figure, error) { return nil, fmt.Errorf("figure of masks: %w", err) }
	set, err := open(source, split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	if set.Name() != r.Set || set.Len() != len(r.Masks) {
		return fail(fmt.Errorf("the result is of %d images of %s, and these are %d of %s", len(r.Masks), r.Set, set.Len(), set.Name()))
	}
	shown, err := evenly("n", n, set)
	if err != nil {
		return fail(err)
	}
	rows := make([][]image.Image, 3)
	for _, i := range shown {
		for k, mask := range [][]uint8{nil, set.masks[i], r.Masks[i]} {
			picture, err := overlaid(set, i, mask)
			if err != nil {
				return fail(err)
			}
			rows[k] = append(rows[k], picture)
		}
	}
	return plots.ImageGrid(fmt.Sprintf("Masks: mean IoU %.1f %%", 100*r.MeanIoU.Value), rows, []string{"image", "true", "predicted"}, nil)
}

// someImages opens a split, which is to be closed, and chooses n images spread evenly over it.
func someImages(source data.Source, split data.Split, n int) (data.Set, []int, error) {
	set, err := openImages(source, split)
	if err != nil {
		return nil, nil, err
	}
	shown, err := evenly("n", n, set)
	if err != nil {
		return nil, nil, cmp.Or(err, set.Close())
	}
	return set, shown, nil
}

// evenly are n images spread over a set, or all of fewer.
func evenly(field string, n int, set data.Set) ([]int, error) {
	if err := setting.AtLeast(1, field, n); err != nil {
		return nil, err
	}
	return data.Spread(n, set.Len()), nil
}

// overlaid is image i of a set under a mask, if there is one.
func overlaid(set data.Set, i int, mask []uint8) (image.Image, error) {
	height, width := set.Size()
	pix := make([]uint8, height*width*3)
	if err := set.Read(i, pix); err != nil {
		return nil, fmt.Errorf("image %d of %s: %w", i, set.Name(), err)
	}
	if mask == nil {
		return plots.Picture(pix, height, width)
	}
	return plots.MaskPicture(pix, mask, height, width)
}
