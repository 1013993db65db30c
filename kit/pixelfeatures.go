package kit

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/eval"
)

// PixelFeatures are the pixels of a split as representations, normalised as an encoder's input
// (CIFAR-10's means and deviations of the channels): the other baseline to beat.
func PixelFeatures(source data.Source, split data.Split) (eval.Features, error) {
	fail := func(err error) (eval.Features, error) {
		return eval.Features{}, fmt.Errorf("pixels of %s's %s split: %w", source.Name(), split, err)
	}
	set, err := source.Open(split)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	sayLeftOut(set, false)
	indices := make([]int, set.Len())
	for i := range indices {
		indices[i] = i
	}
	pix, err := data.Pixels(set, indices)
	if err != nil {
		return fail(err)
	}
	height, width := set.Size()
	x := make([]float32, len(pix))
	for i, v := range pix {
		x[i] = (float32(v)/255 - float32(augment.CIFAR10.Mean[i%3])) / float32(augment.CIFAR10.Std[i%3])
	}
	features := describe(set)
	features.X, features.Dim = x, height*width*3
	return features, nil
}
