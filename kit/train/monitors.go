package train

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/device"
	"sslkit/kit/metric"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// monitorImages is the number of held-out images that the monitors look at.
const monitorImages = 256

// Monitors measures an encoder, while it is trained or after, on one fixed batch of images.
type Monitors struct {
	exec  *model.Exec
	items []uint8
	dims  []int // Of items, see itemDims.
	equal bool  // All images are the same.
	state [3]uint64
}

// HeldOutMonitors look at images of the validation split, or of the test split where the
// source has no validation split; their labels are not read.
func (p Plan) HeldOutMonitors(store *model.Store) (*Monitors, error) {
	set, err := p.heldOut()
	if err != nil {
		return nil, err
	}
	defer set.Close()
	return p.Monitors(store, set)
}

// heldOut opens the images that the monitors look at.
func (p Plan) heldOut() (data.Set, error) {
	set, err := p.Data.Open(data.Validation)
	if errors.Is(err, data.ErrNoSplit) {
		set, err = p.Data.Open(data.Test)
	}
	if err != nil {
		return nil, fmt.Errorf("opening held-out images for the collapse monitors: %w", err)
	}
	return set, nil
}

// CheckHeldOut returns an error where the images that are not trained on, which the monitors and
// StopEarly look at, are missing or don't fit. Nothing is compiled.
func (p Plan) CheckHeldOut() error {
	set, err := p.heldOut()
	if err != nil {
		return err
	}
	defer set.Close()
	if _, err := p.monitored(set); err != nil {
		return err
	}
	return cmp.Or(p.checkValidation(), p.checkProbe())
}

// monitored is what the monitors read of each image of a set. It is an error where the set does not
// suit them.
func (p Plan) monitored(set data.Set) (data.Item, error) {
	item := p.Item
	item.Captions, item.Objects = false, 0 // The monitors look at images alone.
	var err error
	switch height, width := set.Size(); {
	case set.Len() < 2:
		err = fmt.Errorf("%s holds %d image; there must be at least 2 that are not trained on", set.Name(), set.Len())
	default:
		err = cmp.Or(p.Views[0].Check(height, width), item.Check(set))
	}
	if err != nil {
		return item, fmt.Errorf("images for the collapse monitors: %w", err)
	}
	return item, nil
}

// Monitors look at images evenly over a set.
func (p Plan) Monitors(store *model.Store, set data.Set) (*Monitors, error) {
	item, err := p.monitored(set)
	if err != nil {
		return nil, err
	}
	indices := data.Spread(monitorImages, set.Len())
	items, err := item.Pixels(set, indices, p.Seed)
	if err != nil {
		return nil, fmt.Errorf("images for the collapse monitors: %w", err)
	}
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, items, randomState *Node) (z, zPrime *Node) {
		scope.Store().SetTraining(items.Graph(), false)
		random, network := augment.NewRandom(randomState), p.network(scope)
		view := func(image int) *Node { return p.Views[0].Apply(random, itemImage(items, image)) }
		features := network.Encode(view(0), view(min(1, item.Images()-1))).Pooled // [images × 2, dim]
		both := ssl.SplitViews(p.Method.Embed(network.Scope, features), 2)
		return both[0], both[1]
	})
	if err != nil {
		return nil, fmt.Errorf("building the collapse monitors: %w", err)
	}
	height, width := set.Size()
	m := &Monitors{
		exec: exec, items: items, dims: itemDims(len(indices), item.Images(), height, width), state: augment.State(p.Seed, 0),
		equal: allEqual(items, len(indices)),
	}
	// Compiling brings the variables into being.
	if _, err = exec.Compile(shapes.Make(dtypes.Uint8, m.dims...), randomShape); err == nil {
		err = Initialise(store)
	}
	if err != nil {
		exec.Finalize()
		return nil, fmt.Errorf("building the collapse monitors: %w", err)
	}
	return m, nil
}

// allEqual tells whether all of n items are the same.
func allEqual(items []uint8, n int) bool {
	size := len(items) / n
	for i := size; i < len(items); i += size {
		if !bytes.Equal(items[:size], items[i:i+size]) {
			return false
		}
	}
	return true
}

// Close gives the memory of the compiled program back. The variables stay with their store.
func (m *Monitors) Close() { m.exec.Finalize() }

// errNotFinite is the error of looking at weights that are not numbers.
var errNotFinite = errors.New("the embeddings are not numbers")

// smallestNorm is the smallest squared norm of the rows of x, [n, dim], or not a number where one
// of them is not.
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
func (m *Monitors) embed() (z, zPrime []float32, dim int, err error) {
	items := tensors.FromFlatDataAndDimensions(m.items, m.dims...)
	defer items.MustFinalizeAll()
	outputs, err := m.exec.Call(items, tensors.FromFlatDataAndDimensions(m.state[:], len(m.state)))
	if err != nil {
		return nil, nil, 0, err
	}
	defer outputs[0].MustFinalizeAll()
	defer outputs[1].MustFinalizeAll()
	if z, err = tensors.CopyFlatData[float32](outputs[0]); err != nil {
		return nil, nil, 0, err
	}
	zPrime, err = tensors.CopyFlatData[float32](outputs[1])
	return z, zPrime, outputs[0].Shape().Dim(1), err
}

// look measures the encoder as it is now.
func (m *Monitors) look() (*rundir.Monitor, error) {
	z, zPrime, dim, err := m.embed()
	if err != nil {
		return nil, fmt.Errorf("looking at the collapse monitors: %w", err)
	}
	n := m.dims[0]
	monitor := &rundir.Monitor{EmbeddingDim: dim, RankMe: 1}
	switch smallest := min(smallestNorm(z, dim), smallestNorm(zPrime, dim)); {
	case !finite(smallest):
		return nil, errNotFinite
	case smallest == 0: // An embedding at the origin has no direction: that is collapse, as the zero values here say.
		return monitor, nil
	case m.equal: // So is the same embedding for all: what differs is what the augmentation drew.
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

// Distances are the squared distances between the directions of two views' embeddings, one an
// image: their mean is the alignment.
func (m *Monitors) Distances() ([]float64, error) {
	z, zPrime, dim, err := m.embed()
	if err != nil {
		return nil, err
	}
	distances := make([]float64, m.dims[0])
	for i := range distances {
		var dot, a, b float64
		for j := i * dim; j < (i+1)*dim; j++ {
			dot += float64(z[j]) * float64(zPrime[j])
			a += float64(z[j]) * float64(z[j])
			b += float64(zPrime[j]) * float64(zPrime[j])
		}
		if distances[i] = 2 - 2*dot/math.Sqrt(a*b); !finite(distances[i]) {
			return nil, fmt.Errorf("an embedding is at the origin or not a number")
		}
	}
	return distances, nil
}
