package kit

import (
	"fmt"
	"os"
	"path/filepath"

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
	return r.features(encoderFile, split)
}

// InitialFeatures are those of the same encoder before training, with the random weights that the run began with: the
// baseline to beat.
func (r *Run) InitialFeatures(split data.Split) (eval.Features, error) {
	return r.features(initialFile, split)
}

// features represents a split with the encoder whose weights are in the named file.
func (r *Run) features(weightsFile string, split data.Split) (eval.Features, error) {
	fail := func(err error) (eval.Features, error) {
		return eval.Features{}, fmt.Errorf("features of %s's %s split in %s: %w", r.Recipe.Data.Name(), split, r.Dir, err)
	}
	weightsPath := filepath.Join(r.Dir, weightsFile)
	weights, hash, err := readWeights(weightsPath)
	if err != nil {
		return fail(err)
	}
	set, err := r.Recipe.Data.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	features := eval.Features{
		N: set.Len(), Dim: r.Recipe.Encoder.Dim(), Labels: labels(set), Classes: set.Classes(), Name: set.Name(), Encoder: hash,
		Rehash: func() (string, error) { _, hash, err := readWeights(weightsPath); return hash, err },
	}
	cache := filepath.Join(r.Dir, featuresDir, fmt.Sprintf("%s-%.12s-%.12s.safetensors", split, hash, set.Fingerprint()))
	if stored, _, err := encoder.ReadSafetensors(cache); err == nil && len(stored["features"].Data) == features.N*features.Dim {
		features.X = stored["features"].Data
		return features, nil
	}
	caught := exceptions.TryCatch[error](func() {
		if features.X, err = represent(r.Recipe, weights, set); err != nil {
			panic(err)
		}
	})
	if caught != nil {
		return fail(caught)
	}
	if err := os.MkdirAll(filepath.Dir(cache), directoryPerms); err != nil {
		return fail(err)
	}
	stored := encoder.Tensor{Name: "features", Shape: []int{features.N, features.Dim}, Data: features.X}
	if err := encoder.WriteSafetensors(cache, []encoder.Tensor{stored}, nil); err != nil {
		return fail(err)
	}
	return features, nil
}

// represent computes the representations of a set with given weights: [set.Len(), dim].
func represent(recipe Recipe, weights map[string]encoder.Tensor, set data.Set) ([]float32, error) {
	store := model.NewStore()
	exec, err := forward(store, recipe, set, func(_ *model.Scope, features *Node) *Node { return features })
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	if err := encoder.SetWeights(store.Scope("/"+encoderScope), weights); err != nil {
		return nil, err
	}
	x, _, err := overSet(exec, set)
	return x, err
}

// Embeddings are what the method's loss compares, for every image of a split, without augmentation: projections for SimCLR,
// the classes' logits for Supervised, and for CLIP the space that it shares with TextEmbeddings. They are computed from the
// last checkpoint, which holds the heads.
func (r *Run) Embeddings(split data.Split) (eval.Features, error) {
	fail := func(err error) (eval.Features, error) {
		return eval.Features{}, fmt.Errorf("embeddings of %s's %s split in %s: %w", r.Recipe.Data.Name(), split, r.Dir, err)
	}
	set, err := r.Recipe.Data.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	store, hash, err := r.checkpoint()
	if err != nil {
		return fail(err)
	}
	embeddings := eval.Features{
		N: set.Len(), Labels: labels(set), Classes: set.Classes(), Name: set.Name(), Encoder: hash, Rehash: r.checkpointHash,
	}
	caught := exceptions.TryCatch[error](func() {
		exec, err := forward(store, r.Recipe, set, func(scope *model.Scope, features *Node) *Node {
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
func forward(store *model.Store, recipe Recipe, set data.Set, then func(scope *model.Scope, features *Node) *Node) (*model.Exec, error) {
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	height, width := set.Size()
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
	return eval.Features{
		X: x, N: set.Len(), Dim: height * width * 3, Labels: labels(set), Classes: set.Classes(), Name: set.Name(),
	}, nil
}

// labels are the classes of all images, or nil where none has one.
func labels(set data.Set) []int {
	if set.Classes() == nil {
		return nil
	}
	return data.Labels(set)
}
