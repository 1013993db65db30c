package kit

import (
	"cmp"
	"crypto/sha256"
	"fmt"

	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/kit/rundir"
	"sslkit/kit/train"
)

// Embeddings are what the method's loss compares, [images, dimensions of the embedding], for every
// image of a split, without augmentation: projections for SimCLR, the classes' logits for
// Supervised, and for CLIP the space that it shares with TextEmbeddings. They are not normalised.
// They are computed from the last checkpoint, which holds the heads, with the weights that the run
// evaluates (see Run.By). Errors: that there is no such split, or no checkpoint.
func (r *Run) Embeddings(split data.Split) (eval.Features, error) {
	return r.EmbeddingsOf(r.Recipe.Data, split)
}

// EmbeddingsOf are the Embeddings of a split of another source, [images, dimensions of the
// embedding], such as the logits of a classifier for images whose labels its training was not
// given. Errors: what the source cannot open, images of a size that the encoder does not take, that
// there is no checkpoint.
func (r *Run) EmbeddingsOf(source data.Source, split data.Split) (eval.Features, error) {
	if err := r.check(); err != nil {
		return eval.Features{}, err
	}
	fail := func(err error) (eval.Features, error) {
		return eval.Features{}, fmt.Errorf("embeddings of %s's %s split in %s: %w", source.Name(), split, r.Dir, err)
	}
	set, err := source.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	sayLeftOut(set, false)
	height, width := set.Size()
	if err := r.Recipe.Encoder.Check(height, width); err != nil {
		return fail(err)
	}
	model := r.Recipe.model()
	w, err := r.weights()
	if err := cmp.Or(err, model.CheckHead(w)); err != nil {
		return fail(err)
	}
	store, hash, err := rundir.Dir(r.Dir).Kept()
	if err != nil {
		return fail(err)
	}
	defer release(store)
	embeddings := describe(set)
	embeddings.Encoder, embeddings.Weights = hashOf(w, hash), w.String()
	embeddings.Rehash = func() (string, error) {
		hash, err := rundir.Dir(r.Dir).KeptHash()
		return hashOf(w, hash), err
	}
	err = train.Catch(func() error {
		forward, err := train.NewForward(store, set.Len(), height, width, w.Of(model.Embeddings))
		if err != nil {
			return err
		}
		defer forward.Close()
		embeddings.X, embeddings.Dim, err = forward.Over(set)
		return err
	})
	if err != nil {
		return fail(err)
	}
	return embeddings, nil
}

// hashOf names weights by their hash, where that of all in a checkpoint is given.
func hashOf(w Weights, checkpoint string) string {
	if w == Student {
		return checkpoint
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(w.String()+" of "+checkpoint)))
}

// TextEmbeddings are texts in the space of the images' Embeddings, one row a text in their order,
// of a method that reads captions, such as ssl.CLIP. They have no labels. Like Embeddings they are
// computed from the last checkpoint.
//
//	stars, err := run.TextEmbeddings("a red star", "a blue star")
//
// It is an error where the method reads no text, and where a text is too long or holds a word that
// no training caption has.
func (r *Run) TextEmbeddings(texts ...string) (eval.Features, error) {
	if err := r.check(); err != nil {
		return eval.Features{}, err
	}
	fail := func(err error) (eval.Features, error) {
		return eval.Features{}, fmt.Errorf("text embeddings in %s: %w", r.Dir, err)
	}
	if len(texts) == 0 {
		return fail(fmt.Errorf("no text is given; there must be at least 1"))
	}
	model := r.Recipe.model()
	if _, err := model.Tokens(texts); err != nil { // All of them, before anything is compiled.
		return fail(err)
	}
	store, hash, err := rundir.Dir(r.Dir).Kept()
	if err != nil {
		return fail(err)
	}
	defer release(store)
	embeddings := eval.Features{N: len(texts), Name: "texts", Encoder: hash, Rehash: rundir.Dir(r.Dir).KeptHash}
	err = train.Catch(func() error {
		embeddings.X, embeddings.Dim, err = model.EmbedTexts(store, texts)
		return err
	})
	if err != nil {
		return fail(err)
	}
	return embeddings, nil
}
