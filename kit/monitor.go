package kit

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/metric"
)

// Monitor is a look at whether the representation collapses, on images that are not trained on, with the encoder as it is
// used (running statistics). See package metric for the definitions.
type Monitor struct {
	// EmbeddingStd is the mean over dimensions of the standard deviation of the l2-normalised embeddings: 1/√dim when they
	// spread over the sphere, 0 when all are the same.
	EmbeddingStd float64 `json:"embedding_std"`
	// EmbeddingDim is the number of dimensions of the embedding, for that comparison.
	EmbeddingDim int `json:"embedding_dim"`
	// RankMe is the effective rank of the embeddings: from 1 to the smaller of images and dimensions.
	RankMe float64 `json:"rank_me"`
	// Alignment is the mean squared distance of two views of an image in the embedding, or, for a method that reads several
	// images of an object or a clip, of views of two of these: from 0 to 4, lower is closer.
	Alignment float64 `json:"alignment"`
	// Uniformity is the logarithm of the mean Gaussian potential of pairs of images: at most 0, which is collapse.
	Uniformity float64 `json:"uniformity"`
}

// monitorImages is the number of held-out images that the monitors look at.
const monitorImages = 256

// monitors measures an encoder in training on one fixed batch of held-out images.
type monitors struct {
	exec  *model.Exec
	items []uint8
	dims  []int // Of items, see itemDims.
	state [3]uint64
}

// newMonitors takes the first images of the validation split, or of the test split where the source has no validation split;
// their labels are not read.
func newMonitors(backend compute.Backend, store *model.Store, recipe Recipe) (*monitors, error) {
	set, err := recipe.Data.Open(data.Validation)
	if errors.Is(err, data.ErrNoSplit) {
		set, err = recipe.Data.Open(data.Test)
	}
	if err != nil {
		return nil, fmt.Errorf("opening held-out images for the collapse monitors: %w", err)
	}
	defer set.Close()
	return monitorsOf(backend, store, recipe, set)
}

// monitorsOf takes the first images of a set.
func monitorsOf(backend compute.Backend, store *model.Store, recipe Recipe, set data.Set) (*monitors, error) {
	if set.Len() < 2 {
		return nil, fmt.Errorf("%s holds %d image; the collapse monitors need at least 2 that are not trained on", set.Name(), set.Len())
	}
	indices := make([]int, min(monitorImages, set.Len()))
	for i := range indices {
		indices[i] = i
	}
	item, err := recipe.item(set)
	if err != nil {
		return nil, fmt.Errorf("held-out images for the collapse monitors: %w", err)
	}
	item.Captions = false // The monitors look at images alone.
	items, err := item.Pixels(set, indices, recipe.Seed)
	if err != nil {
		return nil, fmt.Errorf("reading held-out images for the collapse monitors: %w", err)
	}
	height, width := set.Size()
	view := recipe.Method.Views(height, width)[0]
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, items, randomState *Node) (z, zPrime *Node) {
		scope.Store().SetTraining(items.Graph(), false)
		random := augment.NewRandom(randomState)
		embed := func(image int) *Node {
			network := recipe.network(scope)
			return recipe.Method.Embed(network.Scope, network.Encode(view.Apply(random, itemImage(items, image))).Pooled)
		}
		return embed(0), embed(min(1, item.Images()-1))
	})
	if err != nil {
		return nil, fmt.Errorf("building the collapse monitors: %w", err)
	}
	return &monitors{exec, items, itemDims(len(indices), item.Images(), height, width), augment.State(recipe.Seed, 0)}, nil
}

// errNotFinite is the error of looking at weights that are not numbers.
var errNotFinite = errors.New("the embeddings are not numbers")

// smallestNorm is the smallest squared norm of the rows of x, [n, dim], or not a number where one of them is not.
func smallestNorm(x []float32, dim int) float64 {
	smallest := math.Inf(1)
	for len(x) > 0 {
		var norm float64
		for _, v := range x[:dim] {
			norm += float64(v) * float64(v)
		}
		if !finite(norm) {
			return math.NaN()
		}
		smallest, x = min(smallest, norm), x[dim:]
	}
	return smallest
}

// embed gives the embeddings of two views of every image as the encoder is now, [images, dim] each.
func (m *monitors) embed() (z, zPrime []float32, dim int, err error) {
	outputs, err := m.exec.Call(
		tensors.FromFlatDataAndDimensions(m.items, m.dims...), tensors.FromFlatDataAndDimensions(m.state[:], len(m.state)))
	if err != nil {
		return nil, nil, 0, err
	}
	if z, err = tensors.CopyFlatData[float32](outputs[0]); err != nil {
		return nil, nil, 0, err
	}
	zPrime, err = tensors.CopyFlatData[float32](outputs[1])
	return z, zPrime, outputs[0].Shape().Dim(1), err
}

// look measures the encoder as it is now.
func (m *monitors) look() (*Monitor, error) {
	z, zPrime, dim, err := m.embed()
	if err != nil {
		return nil, fmt.Errorf("looking at the collapse monitors: %w", err)
	}
	n := m.dims[0]
	monitor := &Monitor{EmbeddingDim: dim, RankMe: 1}
	switch smallest := min(smallestNorm(z, dim), smallestNorm(zPrime, dim)); {
	case !finite(smallest):
		return nil, errNotFinite
	case smallest == 0: // An embedding at the origin has no direction: that is collapse, as the zero values here say.
		return monitor, nil
	}
	measures := []struct {
		to *float64
		of func() (float64, error)
	}{
		{&monitor.EmbeddingStd, func() (float64, error) { return metric.EmbeddingStd(z, n, dim) }},
		{&monitor.RankMe, func() (float64, error) { return metric.RankMe(z, n, dim) }},
		{&monitor.Alignment, func() (float64, error) { return metric.Alignment(z, zPrime, n, dim) }},
		{&monitor.Uniformity, func() (float64, error) { return metric.Uniformity(z, n, dim) }},
	}
	for _, measure := range measures {
		if *measure.to, err = measure.of(); err != nil {
			return nil, fmt.Errorf("looking at the collapse monitors: %w", err)
		}
	}
	return monitor, nil
}
