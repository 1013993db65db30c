package compress

import (
	"fmt"
	"slices"

	"sslkit/kit/encoder"
)

// place is where channels can be removed: between one convolution of a block and the next. Names
// are timm's.
type place struct {
	made string // The convolution that makes the channels.
	norm string // Its norm.
	read string // The convolution that reads them.
}

// part is an axis of a tensor that the channels of a place run along.
type part struct {
	name string
	axis int
}

// parts are all that belong to the place: kernels are [out, in, height, width].
func (p place) parts() []part {
	parts := []part{{p.made + ".weight", 0}, {p.read + ".weight", 1}}
	for _, vector := range []string{"weight", "bias", "running_mean", "running_var"} {
		parts = append(parts, part{p.norm + "." + vector, 0})
	}
	return parts
}

// innerPlaces are the places of a ResNet in the order of its InnerWidths, or an error where the
// weights are not its own.
func innerPlaces(r encoder.ResNet, weights map[string]encoder.Tensor) ([]place, error) {
	widths, per := r.InnerWidths(), r.InnerPerBlock()
	var places []place
	for stage := 1; len(places) < len(widths); stage++ {
		if stage > 4 {
			return nil, fmt.Errorf("compress: the weights have %d of the %d places of %s: they are those of another network",
				len(places), len(widths), r.Name())
		}
		for block := 0; len(places) < len(widths); block++ {
			name := fmt.Sprintf("layer%d.%d.", stage, block)
			if _, ok := weights[name+"conv1.weight"]; !ok {
				break
			}
			for k := 1; k <= per; k++ {
				made, norm, read := fmt.Sprintf("conv%d", k), fmt.Sprintf("bn%d", k), fmt.Sprintf("conv%d", k+1)
				places = append(places, place{name + made, name + norm, name + read})
			}
		}
	}
	for i, p := range places {
		for _, part := range p.parts() {
			w, ok := weights[part.name]
			if !ok {
				return nil, fmt.Errorf("compress: the weights hold no %s, which %s has", part.name, r.Name())
			}
			if len(w.Shape) <= part.axis || w.Shape[part.axis] != widths[i] {
				return nil, fmt.Errorf("compress: %s has shape %v; axis %d is to have the %d channels of %s",
					part.name, w.Shape, part.axis, widths[i], r.Name())
			}
		}
	}
	return places, nil
}

// take is the tensor with only the given numbers along an axis.
func take(t encoder.Tensor, axis int, numbers []int) encoder.Tensor {
	outer, inner := 1, 1
	for i, dim := range t.Shape {
		switch {
		case i < axis:
			outer *= dim
		case i > axis:
			inner *= dim
		}
	}
	out := encoder.Tensor{Name: t.Name, Shape: slices.Clone(t.Shape)}
	out.Shape[axis] = len(numbers)
	for o := range outer {
		for _, n := range numbers {
			at := (o*t.Shape[axis] + n) * inner
			out.Data = append(out.Data, t.Data[at:at+inner]...)
		}
	}
	return out
}
