package compress

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"sslkit/kit/encoder"
	"sslkit/kit/setting"
)

// Channels removes whole channels from a ResNet, which makes it smaller and quicker on any
// hardware: those between the convolutions of its residual blocks, with the filters that make them
// and the parts of filters that read them. What a block adds to stays as wide as it is, so that the
// representation does (Li et al. 2016, section 3.3, whose networks are pruned in the same place).
type Channels struct {
	// Remove is the fraction in (0, 1) of the channels to remove, rounded; each place keeps at
	// least one. Required.
	Remove float64
	// By says which channels matter least. Default FilterNorm.
	By Importance
	// Global takes the least important of all places together. Default: the same fraction of the
	// channels of every place.
	Global bool
}

// Importance is a measure of how much a channel matters.
type Importance int

const (
	// FilterNorm is the sum of the absolute weights of the filter that makes the channel (Li et al.
	// 2016, "Pruning Filters for Efficient ConvNets", arXiv:1608.08710).
	FilterNorm Importance = iota
	// NormScale is the absolute scale of the channel's batch-norm (Liu et al. 2017, "Learning
	// Efficient Convolutional Networks through Network Slimming", arXiv:1708.06519, which trains
	// with a penalty on the scales that drives many of them to zero; without it they tell less).
	NormScale
)

// String is the measure's name.
func (i Importance) String() string {
	switch i {
	case FilterNorm:
		return "FilterNorm"
	case NormScale:
		return "NormScale"
	}
	return fmt.Sprintf("Importance(%d)", int(i))
}

// MarshalText writes the measure's name.
func (i Importance) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// Check returns an error where a field is out of range.
func (c Channels) Check() error {
	return cmp.Or(
		setting.Must(c.By == FilterNorm || c.By == NormScale, "compress.Channels: By", int(c.By), "FilterNorm or NormScale"),
		setting.Fraction("compress.Channels: Remove", c.Remove),
	)
}

// Prune is the smaller network and its weights, which are copied from those given, of network r.
// The network computes what r would with zeros in place of the removed channels. Weights that are
// not r's are an error that names the first.
func (c Channels) Prune(
	r encoder.ResNet, weights map[string]encoder.Tensor,
) (small encoder.ResNet, pruned map[string]encoder.Tensor, err error) {
	if err := c.Check(); err != nil {
		return r, nil, err
	}
	places, err := innerPlaces(r, weights)
	if err != nil {
		return r, nil, err
	}
	importance := make([][]float64, len(places))
	for i, p := range places {
		importance[i] = c.By.of(p, weights)
	}
	kept := c.kept(importance)
	small = r
	small.Inner = nil
	pruned = maps.Clone(weights)
	for i, p := range places {
		small.Inner = append(small.Inner, len(kept[i]))
		for _, part := range p.parts() {
			pruned[part.name] = take(pruned[part.name], part.axis, kept[i])
		}
	}
	return small, pruned, nil
}

// PruneFile reads a file of r's weights, such as a run's encoder.safetensors, and writes those of
// the smaller network, which it returns, to another, for Recipe.Encoder and Recipe.Start. One that
// holds them already is left as it is.
func (c Channels) PruneFile(r encoder.ResNet, from, to string) (encoder.ResNet, error) {
	weights, _, err := encoder.ReadSafetensors(from)
	if err != nil {
		return r, err
	}
	small, pruned, err := c.Prune(r, weights)
	if err != nil {
		return r, fmt.Errorf("pruning %s: %w", from, err)
	}
	return small, writeOnce(from, to, slices.Collect(maps.Values(pruned)), map[string]string{"architecture": small.Name()})
}

// kept are the numbers of the channels that stay in each place, in order, from their importance
// there.
func (c Channels) kept(importance [][]float64) [][]int {
	type channel struct {
		place, number int
		importance    float64
	}
	var candidates []channel
	kept := make([][]int, len(importance))
	leave := func(channels []channel, remove int) {
		slices.SortStableFunc(channels, func(a, b channel) int { return cmp.Compare(a.importance, b.importance) })
		for _, ch := range channels[remove:] {
			kept[ch.place] = append(kept[ch.place], ch.number)
		}
	}
	total := 0
	for p, of := range importance {
		channels := make([]channel, len(of))
		for n, v := range of {
			channels[n] = channel{p, n, v}
		}
		if !c.Global {
			leave(channels, min(int(math.Round(c.Remove*float64(len(of)))), len(of)-1))
			continue
		}
		total += len(of)
		best := 0 // Stays in any case.
		for n := range of {
			if of[n] > of[best] {
				best = n
			}
		}
		kept[p] = []int{best}
		candidates = append(candidates, slices.Delete(channels, best, best+1)...)
	}
	leave(candidates, min(int(math.Round(c.Remove*float64(total))), len(candidates)))
	for _, numbers := range kept {
		slices.Sort(numbers)
	}
	return kept
}

// of is the importance of each channel of a place.
func (i Importance) of(p place, weights map[string]encoder.Tensor) []float64 {
	name := p.made + ".weight"
	if i == NormScale {
		name = p.norm + ".weight"
	}
	w := weights[name]
	channels := w.Shape[0]
	sums, size := make([]float64, channels), len(w.Data)/channels // A channel's filter is one stretch of the data.
	for j, v := range w.Data {
		sums[j/size] += math.Abs(float64(v))
	}
	return sums
}
