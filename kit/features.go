package kit

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/device"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
)

// Features are the trained encoder's representations of a split: of whole images, without augmentation. They are computed
// once and kept in the run directory.
func (r *Run) Features(split data.Split) (eval.Features, error) {
	return r.features(encoderFile, r.Recipe.Data, split)
}

// InitialFeatures are those of the same encoder before training, with the random weights that the run began with: the
// baseline to beat.
func (r *Run) InitialFeatures(split data.Split) (eval.Features, error) {
	return r.features(initialFile, r.Recipe.Data, split)
}

// features represents a split with the encoder whose weights are in the named file.
func (r *Run) features(weightsFile string, source data.Source, split data.Split) (eval.Features, error) {
	encoder, err := r.frozen(weightsFile)
	if err != nil {
		return eval.Features{}, err
	}
	defer encoder.close()
	return encoder.features(source, split)
}

// Embeddings are what the method's loss compares, [images, dimensions of the embedding], for every image of a split, without
// augmentation: projections for SimCLR, the classes' logits for Supervised, and for CLIP the space that it shares with
// TextEmbeddings. They are not normalised. They are computed from the last checkpoint, which holds the heads. Errors: that there
// is no such split, or no checkpoint.
func (r *Run) Embeddings(split data.Split) (eval.Features, error) {
	return r.EmbeddingsOf(r.Recipe.Data, split)
}

// EmbeddingsOf are the Embeddings of a split of another source, [images, dimensions of the embedding], as the logits of a
// classifier for images whose labels its training was not given. Errors: what the source cannot open, images of a size that
// the encoder does not take, that there is no checkpoint.
func (r *Run) EmbeddingsOf(source data.Source, split data.Split) (eval.Features, error) {
	fail := func(err error) (eval.Features, error) {
		return eval.Features{}, fmt.Errorf("embeddings of %s's %s split in %s: %w", source.Name(), split, r.Dir, err)
	}
	set, err := source.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	height, width := set.Size()
	if err := r.Recipe.Encoder.Check(height, width); err != nil {
		return fail(err)
	}
	store, hash, err := r.checkpoint()
	if err != nil {
		return fail(err)
	}
	embeddings := blankFeatures(set)
	embeddings.Encoder, embeddings.Rehash = hash, r.checkpointHash
	caught := exceptions.TryCatch[error](func() {
		exec, err := forward(store, r.Recipe, height, width, func(scope *model.Scope, features *Node) *Node {
			return r.Recipe.Method.Embed(scope.At(methodScope), features)
		})
		if err != nil {
			panic(err)
		}
		defer exec.Finalize()
		if embeddings.X, embeddings.Dim, err = overSet(exec, set); err != nil {
			panic(err)
		}
	})
	if caught != nil {
		return fail(caught)
	}
	return embeddings, nil
}

// forwardBatch is the number of images a pass.
const forwardBatch = 250

// forward compiles the encoder, as it is used after training, and what is made of its representations:
// uint8 [forwardBatch, height, width, 3] -> [forwardBatch, dim].
func forward(store *model.Store, recipe Recipe, height, width int, then func(scope *model.Scope,
	features *Node) *Node) (*model.Exec, error) {
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	view := recipe.evaluationView(height, width)
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, images *Node) *Node {
		scope.Store().SetTraining(images.Graph(), false)
		return then(scope, recipe.network(scope).Encode(view.Apply(nil, images)).Pooled)
	})
	if err != nil {
		return nil, err
	}
	// Compiling brings the variables into being; only then can they be set.
	_, err = exec.Compile(shapes.Make(dtypes.Uint8, forwardBatch, height, width, 3))
	return exec, err
}

// overSet runs a compiled forward pass over all images of a set: [set.Len(), dim].
func overSet(exec *model.Exec, set data.Set) (x []float32, dim int, err error) {
	height, width := set.Size()
	indices := make([]int, forwardBatch)
	for start := 0; start < set.Len(); start += forwardBatch {
		for i := range indices {
			indices[i] = min(start+i, set.Len()-1) // The last pass is filled up, so that all have one shape.
		}
		pix, err := data.Pixels(set, indices)
		if err != nil {
			return nil, 0, err
		}
		outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(pix, forwardBatch, height, width, 3))
		if err != nil {
			return nil, 0, err
		}
		rows, err := tensors.CopyFlatData[float32](outputs[0])
		if err != nil {
			return nil, 0, err
		}
		dim = outputs[0].Shape().Dim(-1)
		x = append(x, rows[:min(forwardBatch, set.Len()-start)*dim]...)
	}
	return x, dim, nil
}

// readWeights reads the weights of an encoder and names them by their hash.
func readWeights(path string) (map[string]encoder.Tensor, string, error) {
	weights, _, err := encoder.ReadSafetensors(path)
	if err != nil {
		return nil, "", err
	}
	list := make([]encoder.Tensor, 0, len(weights))
	for _, w := range weights {
		list = append(list, w)
	}
	return weights, encoder.Hash(list), nil
}

// PixelFeatures are the pixels of a split as representations, normalised as an encoder's input (CIFAR-10's means and
// deviations of the channels): the other baseline to beat.
func PixelFeatures(source data.Source, split data.Split) (eval.Features, error) {
	set, err := source.Open(split)
	if err != nil {
		return eval.Features{}, fmt.Errorf("pixels of %s's %s split: %w", source.Name(), split, err)
	}
	defer set.Close()
	indices := make([]int, set.Len())
	for i := range indices {
		indices[i] = i
	}
	pix, err := data.Pixels(set, indices)
	if err != nil {
		return eval.Features{}, fmt.Errorf("pixels of %s's %s split: %w", source.Name(), split, err)
	}
	height, width := set.Size()
	x := make([]float32, len(pix))
	for i, v := range pix {
		x[i] = (float32(v)/255 - float32(augment.CIFAR10.Mean[i%3])) / float32(augment.CIFAR10.Std[i%3])
	}
	features := blankFeatures(set)
	features.X, features.Dim = x, height*width*3
	return features, nil
}

// blankFeatures is what features of a set are known to be of; the features themselves are left to the caller.
func blankFeatures(set data.Set) eval.Features {
	features := eval.Features{N: set.Len(), Labels: labels(set), Classes: set.Classes(), Name: set.Name()}
	if grouped, ok := set.(data.Grouped); ok {
		features.GroupNames, features.Groups = grouped.Groups(), make([]int, set.Len())
		for i := range features.Groups {
			features.Groups[i] = grouped.Group(i)
		}
	}
	return features
}

// labels are the classes of all images, or nil where none has one.
func labels(set data.Set) []int {
	if set.Classes() == nil {
		return nil
	}
	return data.Labels(set)
}
