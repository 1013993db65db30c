package kit

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/data"
	"sslkit/kit/device"
	"sslkit/kit/eval"
	"sslkit/kit/ssl"
)

// forCaptions fills in what the method takes from the captions of the training set, where it reads them: it is the same recipe
// for the same images. It is an error where the method can't read a caption.
func (r Recipe) forCaptions(set data.Set) (Recipe, error) {
	height, width := set.Size()
	if !ssl.ReadsOf(r.Method, height, width).Captions {
		return r, nil
	}
	captions, err := data.Captions(set)
	if err != nil {
		return r, fmt.Errorf("kit.Recipe: Method %s reads captions, so Data must have one of every image: %w", r.Method.Name(), err)
	}
	var all []string
	for _, ofImage := range captions {
		all = append(all, ofImage...)
	}
	r.Method, err = r.Method.(ssl.ReadsCaptions).ForCaptions(all)
	return r, err
}

// tokens are texts as the method reads them: int32 [len(texts), length].
func (r Recipe) tokens(texts []string) (*tensors.Tensor, error) {
	reader, ok := r.Method.(ssl.ReadsCaptions)
	if !ok {
		return nil, fmt.Errorf("method %s reads no text; it must be an ssl.ReadsCaptions, as ssl.CLIP", r.Method.Name())
	}
	tokens, length, err := reader.Tokens(texts)
	if err != nil {
		return nil, err
	}
	return tensors.FromFlatDataAndDimensions(tokens, len(texts), length), nil
}

// TextEmbeddings are texts in the space of the images' Embeddings, one row a text in their order, of a method that reads
// captions, as ssl.CLIP. They have no labels. Like Embeddings they are computed from the last checkpoint.
//
//	stars, err := run.TextEmbeddings("a red star", "a blue star")
//
// It is an error where the method reads no text, and where a text is too long or holds a word that no training caption has.
func (r *Run) TextEmbeddings(texts ...string) (eval.Features, error) {
	fail := func(err error) (eval.Features, error) {
		return eval.Features{}, fmt.Errorf("text embeddings in %s: %w", r.Dir, err)
	}
	if len(texts) == 0 {
		return fail(fmt.Errorf("there is no text; there must be at least 1"))
	}
	if _, err := r.Recipe.tokens(texts); err != nil { // All of them, before anything is compiled.
		return fail(err)
	}
	store, hash, err := r.checkpoint()
	if err != nil {
		return fail(err)
	}
	embeddings := eval.Features{N: len(texts), Name: "texts", Encoder: hash, Rehash: r.checkpointHash}
	caught := exceptions.TryCatch[error](func() {
		if embeddings.X, embeddings.Dim, err = r.embedTexts(store, texts); err != nil {
			panic(err)
		}
	})
	if caught != nil {
		return fail(caught)
	}
	return embeddings, nil
}

// embedTexts runs the method's text encoder with the weights in a store: [len(texts), dim].
func (r *Run) embedTexts(store *model.Store, texts []string) (x []float32, dim int, err error) {
	backend, err := device.Open()
	if err != nil {
		return nil, 0, err
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, tokens *Node) *Node {
		scope.Store().SetTraining(tokens.Graph(), false)
		return r.Recipe.Method.(ssl.ReadsCaptions).EmbedText(scope.At(methodScope), tokens)
	})
	if err != nil {
		return nil, 0, err
	}
	defer exec.Finalize()
	pass := make([]string, min(forwardBatch, len(texts)))
	for start := 0; start < len(texts); start += len(pass) {
		for i := range pass {
			pass[i] = texts[min(start+i, len(texts)-1)] // The last pass is filled up, so that all have one shape.
		}
		tokens, err := r.Recipe.tokens(pass)
		if err != nil {
			return nil, 0, err
		}
		output, err := exec.Call(tokens)
		if err != nil {
			return nil, 0, err
		}
		rows, err := tensors.CopyFlatData[float32](output[0])
		if err != nil {
			return nil, 0, err
		}
		dim = output[0].Shape().Dim(-1)
		x = append(x, rows[:min(len(pass), len(texts)-start)*dim]...)
	}
	return x, dim, nil
}
