package kit

import (
	"fmt"
	"image"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
	"sslkit/plots"
)

// Reconstructions shows n images of a split of a source, spread evenly over it, whole and without
// augmentation, each above what the encoder is shown of it and what the method tells of the rest. The
// parts that are hidden are drawn as in training, by the recipe's seed: the same call always hides the
// same ones. ssl.MAE is not asked for the mean and the deviation of a patch, and each is drawn with its
// true ones. Of an ssl.Sum, the first term that tells pixels is shown. The weights are those of the last
// checkpoint that the run evaluates (see Run.By).
//
// Errors: that the method is no ssl.Reconstructs, such as ssl.MAE, ssl.SimMIM and ssl.Inpainting; an n
// below 1; what the source cannot open; images of a size that encoder or method do not take; that there is
// no checkpoint; weights that lack the method's decoder, such as a running mean: take those of
// Run.By(kit.Student).
func (r *Run) Reconstructions(source data.Source, split data.Split, n int) (*plots.Figure, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := setting.AtLeast(1, "kit.Run.Reconstructions: n", n); err != nil {
		return nil, err
	}
	pictures, height, width, err := r.reconstructions(source, split, n)
	if err != nil {
		return nil, fmt.Errorf("reconstructions of %s's %s split in %s: %w", source.Name(), split, r.Dir, err)
	}
	rows := make([][]image.Image, len(pictures))
	for row := range pictures {
		for _, pix := range pictures[row] {
			picture, err := plots.Picture(pix, height, width)
			if err != nil {
				return nil, err
			}
			rows[row] = append(rows[row], picture)
		}
	}
	return plots.ImageGrid(fmt.Sprintf("Hidden pixels of %s, told by %s", source.Name(), r.Recipe.Method.Name()), rows,
		[]string{"image", "shown", "told"}, nil)
}

// reconstructions are the pixels of n images, of what is shown of them and of what is told: three rows of
// n × [height × width × 3].
func (r *Run) reconstructions(source data.Source, split data.Split, n int) (rows [3][][]uint8, height, width int, err error) {
	method, ok := ssl.Find[ssl.Reconstructs](r.Recipe.Method)
	if !ok {
		return rows, 0, 0, fmt.Errorf("method %s tells no pixels; it must be an ssl.Reconstructs, such as ssl.MAE", r.Recipe.Method.Name())
	}
	err = r.onKept(source, split, data.Item{}, func(set data.Set, store *model.Store, w Weights, _ string) error {
		chosen := data.Spread(n, set.Len())
		height, width = set.Size()
		if err := r.hides(method, height, width); err != nil {
			return err
		}
		forward, err := forwardOf(store, w, data.Item{}, len(chosen), height, width, func(scope *model.Scope, images *Node) *Node {
			return r.Recipe.model().Reconstructions(scope, images, r.Recipe.Seed)
		})
		if err != nil {
			return err
		}
		defer forward.Close()
		pix, err := data.Pixels(set, chosen)
		if err != nil {
			return err
		}
		made, _, err := forward.OverImages(set, chosen) // [n, 2 × height × width × 3]
		if err != nil {
			return err
		}
		size := height * width * 3
		for k := range chosen {
			rows[0] = append(rows[0], pix[k*size:(k+1)*size])
			for part := range 2 {
				at := (2*k + part) * size
				rows[1+part] = append(rows[1+part], inBytes(made[at:at+size]))
			}
		}
		return nil
	})
	return rows, height, width, err
}

// hides returns an error where the method can't hide parts of whole images of this size, which its views
// need not have.
func (r *Run) hides(method ssl.Method, height, width int) error {
	whole := ssl.Batch{
		Images: r.Recipe.Batch, Height: height, Width: width, Views: make([]augment.Pipeline, len(method.Views(height, width))),
	}
	if err := method.Check(whole); err != nil {
		return err
	}
	if needs, ok := method.(ssl.NeedsEncoder); ok {
		return needs.CheckEncoder(r.Recipe.Encoder, whole)
	}
	return nil
}

// inBytes turns intensities in [0, 1] into the nearest of 0 to 255.
func inBytes(x []float32) []uint8 {
	pix := make([]uint8, len(x))
	for i, v := range x {
		pix[i] = uint8(v*255 + .5)
	}
	return pix
}
