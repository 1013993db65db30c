package compress

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"sslkit/kit/encoder"
	"sslkit/kit/setting"
)

// Magnitude sets the smallest of an encoder's weights to zero, those of its kernels and matrices;
// norms, biases and positions stay as they are.
//
// Han et al. 2015, "Learning both Weights and Connections for Efficient Neural Networks",
// arXiv:1506.02626. What has been pruned already is the smallest, so pruning again to a higher
// sparsity keeps all zeros.
type Magnitude struct {
	// Sparsity is the fraction in (0, 1) of these weights that are zero afterwards. Required.
	Sparsity float64
	// LayerWise takes that fraction of every layer. Default: of all layers together, by one
	// threshold, so that layers with large weights keep more.
	LayerWise bool
}

// Masks tell for each kernel and matrix, by its name in timm, which of its weights stay, in the
// order of encoder.Tensor.Data.
type Masks map[string][]bool

// Prunable tells whether a tensor of that many axes is pruned: kernels of convolutions have 4,
// matrices 2.
func Prunable(axes int) bool { return axes == 2 || axes == 4 }

// Check returns an error where Sparsity is out of range.
func (m Magnitude) Check() error { return setting.Fraction("compress.Magnitude: Sparsity", m.Sparsity) }

// Masks chooses the weights that stay. Of n weights exactly n × Sparsity go, rounded; of equal ones
// the first in the order of names and places. It is an error where there is nothing to prune.
func (m Magnitude) Masks(weights map[string]encoder.Tensor) (Masks, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	type place struct {
		magnitude float32
		mask      []bool
		at        int
	}
	masks, all := Masks{}, []place(nil)
	prune := func(places []place) {
		slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.magnitude, b.magnitude) })
		for _, p := range places[:int(math.Round(m.Sparsity*float64(len(places))))] {
			p.mask[p.at] = false
		}
	}
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		w := weights[name]
		if !Prunable(len(w.Shape)) {
			continue
		}
		mask := make([]bool, len(w.Data))
		layer := make([]place, len(w.Data))
		for i, v := range w.Data {
			mask[i], layer[i] = true, place{float32(math.Abs(float64(v))), mask, i}
		}
		masks[name] = mask
		if m.LayerWise {
			prune(layer)
		} else {
			all = append(all, layer...)
		}
	}
	if len(masks) == 0 {
		return nil, errors.New("compress.Magnitude: the weights hold no kernel and no matrix")
	}
	prune(all)
	return masks, nil
}

// Apply is a copy of the weights with zero in place of those that go. A mask without its weights,
// or of another size, is an error.
func (m Masks) Apply(weights map[string]encoder.Tensor) (map[string]encoder.Tensor, error) {
	pruned := maps.Clone(weights)
	for name, mask := range m {
		w, ok := weights[name]
		if !ok || len(w.Data) != len(mask) {
			return nil, fmt.Errorf("compress: the mask of %s is for %d weights; there are %d", name, len(mask), len(w.Data))
		}
		w.Data = slices.Clone(w.Data)
		for i, stays := range mask {
			if !stays {
				w.Data[i] = 0
			}
		}
		pruned[name] = w
	}
	return pruned, nil
}

// Sparsity is the fraction of the masked weights that go.
func (m Masks) Sparsity() float64 {
	var gone, all int
	for _, mask := range m {
		all += len(mask)
		for _, stays := range mask {
			if !stays {
				gone++
			}
		}
	}
	return float64(gone) / float64(max(all, 1))
}

// PruneFile reads a file of weights, such as a run's encoder.safetensors, and writes them pruned to
// another, for Recipe.Start. One that holds them already is left as it is.
func (m Magnitude) PruneFile(from, to string) error {
	weights, metadata, err := encoder.ReadSafetensors(from)
	if err != nil {
		return err
	}
	masks, err := m.Masks(weights)
	if err != nil {
		return fmt.Errorf("pruning %s: %w", from, err)
	}
	pruned, err := masks.Apply(weights)
	if err != nil {
		return fmt.Errorf("pruning %s: %w", from, err)
	}
	return writeOnce(from, to, slices.Collect(maps.Values(pruned)), metadata)
}

// writeOnce writes weights that were made of those in another file to one that does not hold them yet:
// what was made once is only read from then on, also where only reading is allowed. They want the
// images that the others want, by their file or by what lies beside it.
func writeOnce(from, to string, weights []encoder.Tensor, metadata map[string]string) error {
	metadata = maps.Clone(metadata)
	wanted, _, known, err := encoder.PreprocessingOf(from)
	if err != nil {
		return err
	}
	if known {
		if metadata == nil {
			metadata = map[string]string{}
		}
		if err := wanted.Metadata(metadata); err != nil {
			return err
		}
	}
	there, told, err := encoder.ReadOwnSafetensors(to)
	if err == nil && maps.Equal(told, metadata) && encoder.Hash(slices.Collect(maps.Values(there))) == encoder.Hash(weights) {
		return nil
	}
	return encoder.WriteSafetensors(to, weights, metadata)
}
