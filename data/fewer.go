package data

import (
	"fmt"
	"slices"

	"sslkit/kit/setting"
)

// Fewer is a source whose training images are some of another source's, drawn alike whatever their
// labels, if they have any. Its other splits are the other source's. For as many images of each
// class take [Labelled].
//
//	few := data.Fewer{From: data.Scenes{}, Images: 100, Seed: 1}
//
// Choices of one seed are nested: the images of 100 are among those of 500.
type Fewer struct {
	From   Source // whose training split is cut down
	Images int    // how many are left, from 1 to as many as there are
	Seed   uint64 // which ones
}

// Name is the other source's, with the number of images: "scenes-100-images".
func (f Fewer) Name() string { return fmt.Sprintf("%s-%d-images", f.From.Name(), f.Images) }

// Open opens a split. Errors are the other source's, and Images out of range.
func (f Fewer) Open(split Split) (Set, error) {
	if err := setting.AtLeast(1, "data.Fewer: Images", f.Images); err != nil {
		return nil, err
	}
	set, err := f.From.Open(split)
	if err != nil || split != Train {
		return set, err
	}
	if f.Images > set.Len() {
		set.Close()
		return nil, fmt.Errorf("data.Fewer: Images is %d; %s has %d images, so it must be from 1 to %[3]d", f.Images, set.Name(), set.Len())
	}
	r := newRNG(f.Seed, forFewer, 0, 0)
	indices := r.permutation(set.Len())[:f.Images]
	slices.Sort(indices)
	return partOf(set, f.Name()+"/"+split.String(), indices), nil
}
