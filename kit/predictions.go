package kit

import (
	"cmp"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
	"sslkit/kit/train"
)

// Predictions hands to use, image after image, what the method says of a split of a source, without
// augmentation: one row of numbers, which the method knows how to read, such as the boxes of a
// detector. row is not to be kept. They are computed from the last checkpoint, with the weights that
// the run evaluates (see Run.By). Errors: that the method is no ssl.Predicts, what the source cannot
// open, images of a size that method or encoder do not take, that there is no checkpoint, and those
// of use.
func (r *Run) Predictions(source data.Source, split data.Split, use func(set data.Set, image int, row []float32) error) error {
	if err := r.check(); err != nil {
		return err
	}
	fail := func(err error) error {
		return fmt.Errorf("predictions for %s's %s split in %s: %w", source.Name(), split, r.Dir, err)
	}
	if _, ok := ssl.Find[ssl.Predicts](r.Recipe.Method); !ok {
		return fail(fmt.Errorf("method %s predicts nothing; it must be an ssl.Predicts, such as fcos.FCOS", r.Recipe.Method.Name()))
	}
	if err := r.onKept(source, split, data.Item{}, func(set data.Set, store *model.Store, w Weights, _ string) error {
		height, width := set.Size()
		forward, err := forwardOf(store, w, data.Item{}, set.Len(), height, width, r.Recipe.model().Predictions)
		if err != nil {
			return err
		}
		defer forward.Close()
		return forward.ByPass(set, nil, func(pass []int, x []float32, dim int) error {
			for k, image := range pass {
				if err := use(set, image, x[k*dim:(k+1)*dim]); err != nil {
					return err
				}
			}
			return nil
		})
	}); err != nil {
		return fail(err)
	}
	return nil
}

// onKept opens a split of a source, of which items are read, and the last checkpoint, whose variables
// are in store and whose hash is given, and lets do work with both.
func (r *Run) onKept(source data.Source, split data.Split, item data.Item,
	do func(set data.Set, store *model.Store, w Weights, hash string) error,
) error {
	set, err := source.Open(split)
	if err != nil {
		return err
	}
	defer set.Close()
	sayLeftOut(set, false)
	height, width := set.Size()
	batch := ssl.Batch{Images: r.Recipe.Batch, Height: height, Width: width, Views: r.Recipe.Augment}
	if err := cmp.Or(item.Check(set), r.Recipe.Encoder.Check(height, width), r.Recipe.Method.Check(batch)); err != nil {
		return err
	}
	w, err := r.weights()
	if err != nil {
		return err
	}
	store, hash, err := rundir.Dir(r.Dir).Kept()
	if err != nil {
		return err
	}
	defer release(store)
	return train.Catch(func() error { return do(set, store, w, hash) })
}

// forwardOf compiles what of makes of items with some weights of a checkpoint. It is an error where these
// lack a variable, which would be a random one. The teacher and the running mean are of what makes the
// embedding, and lack what methods such as ssl.MAE have besides.
func forwardOf(store *model.Store, w Weights, item data.Item, images, height, width int,
	of func(scope *model.Scope, items *Node) *Node,
) (*train.Forward, error) {
	forward, err := train.NewItemForward(store, item, images, height, width, w.Of(of))
	if err != nil {
		return nil, fmt.Errorf("images of %d×%d: %w", height, width, err)
	}
	for v := range store.IterVariables() {
		if v.HasValue() {
			continue
		}
		forward.Close()
		if w == Student {
			return nil, fmt.Errorf("the checkpoint has no variable %s", v.Path())
		}
		which := map[Weights]string{Teacher: "those of the teacher", Average: "the running mean"}[w]
		return nil, fmt.Errorf("weights are %s, which are of what makes the embedding alone and lack %s; take kit.Student", which, v.Path())
	}
	return forward, nil
}
