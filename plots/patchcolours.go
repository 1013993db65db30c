package plots

import (
	"errors"
	"fmt"
	"image"
)

// PatchColours shows what the patches of images are to an encoder, as in DINOv2's figure 1 (Oquab et
// al. 2023, arXiv:2304.07193): equal colours are like patches, also across images. x is [images, rows,
// columns, dim]. All patches are projected on their first principal axis, whose two sides are
// foreground and background; those of the foreground are projected anew, and their first three axes,
// each from its least to its greatest value, are red, green and blue. Background is black.
//
// An axis does not say which side is the foreground; here it is the one that fewer of the patches at
// the images' borders are on. Each image is [rows, columns] pixels, for ImageGrid. Errors: numbers that
// do not fit or are not finite, fewer than 3 patches in the foreground or numbers of a patch, and
// [ErrEqual] where the patches or those of the foreground do not differ.
func PatchColours(x []float32, images, rows, columns, dim int) ([]image.Image, error) {
	if images < 1 || rows < 1 || columns < 1 {
		return nil, fmt.Errorf("plots.PatchColours: images, rows and columns are %d, %d and %d; they must be at least 1", images, rows, columns)
	}
	fail := func(err error) ([]image.Image, error) { return nil, fmt.Errorf("plots.PatchColours: %w", err) }
	size := rows * columns
	first, _, err := PCA(x, images*size, dim, 1)
	if err != nil {
		return fail(err)
	}
	border := 0 // Of patches on the positive side, less those on the other.
	for i, v := range first {
		row, column := i%size/columns, i%columns
		if row == 0 || row == rows-1 || column == 0 || column == columns-1 {
			if v > 0 {
				border++
			} else {
				border--
			}
		}
	}
	var foreground []int
	var chosen []float32
	for i, v := range first {
		if v > 0 == (border <= 0) {
			foreground, chosen = append(foreground, i), append(chosen, x[i*dim:(i+1)*dim]...)
		}
	}
	if len(foreground) < 3 || dim < 3 {
		return fail(errors.New("there must be at least 3 patches in the foreground, of at least 3 numbers each"))
	}
	colours, _, err := PCA(chosen, len(foreground), dim, 3)
	if err != nil {
		return fail(fmt.Errorf("the foreground: %w", err))
	}
	out := make([]image.Image, images)
	for i := range out {
		img := image.NewNRGBA(image.Rect(0, 0, columns, rows))
		for p := 3; p < len(img.Pix); p += 4 {
			img.Pix[p] = 255
		}
		out[i] = img
	}
	for axis := range 3 {
		least, greatest := colours[axis], colours[axis]
		for i := axis; i < len(colours); i += 3 {
			least, greatest = min(least, colours[i]), max(greatest, colours[i])
		}
		for i, patch := range foreground {
			if greatest > least {
				img := out[patch/size].(*image.NRGBA)
				img.Pix[patch%size*4+axis] = uint8(255*(colours[3*i+axis]-least)/(greatest-least) + .5)
			}
		}
	}
	return out, nil
}
