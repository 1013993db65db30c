package data

import (
	"fmt"
	"slices"
)

// Labelled is a source whose training images are a labelled subset of another source's, for a
// baseline that is trained on those labels alone. Its other splits are the other source's.
//
//	few := data.Labelled{From: data.Shapes{}, Subset: data.Subset{PerClass: 10, Seed: 1}}
type Labelled struct {
	From   Source // whose training split is cut down
	Subset Subset // which of its images are left
}

// Name is the other source's, with the number of labels: "shapes-10-per-class".
func (l Labelled) Name() string {
	if l.Subset.Fraction > 0 {
		return fmt.Sprintf("%s-%g-of-each-class", l.From.Name(), l.Subset.Fraction)
	}
	return fmt.Sprintf("%s-%d-per-class", l.From.Name(), l.Subset.PerClass)
}

// Open opens a split. Errors are the other source's, and those of Subset.Indices.
func (l Labelled) Open(split Split) (Set, error) {
	set, err := l.From.Open(split)
	if err != nil || split != Train {
		return set, err
	}
	labels := make([]int, set.Len())
	for i := range labels {
		labels[i] = set.Label(i)
	}
	indices, err := l.Subset.Indices(labels, len(set.Classes()))
	if err != nil {
		set.Close()
		return nil, fmt.Errorf("opening %s: %w", l.Name(), err)
	}
	return partOf(set, l.Name()+"/"+split.String(), indices), nil
}

// partOf is the part of a set with the images of the given places.
func partOf(set Set, name string, indices []int) Set {
	p := &part{Set: set, DenseOf: DenseOf{set}, name: name, indices: indices}
	if clips, ok := set.(Clips); ok {
		return &clipsPart{p, clips}
	}
	return p
}

// part is a choice of a set's images. It is no [Instances]: the other images of an
// object are not among those that were chosen. It is [Captioned], [ObjectMasks] and
// [Masks] whether the set is or not, without captions, objects and masks then.
type part struct {
	Set
	DenseOf
	name    string
	indices []int
}

func (p *part) Name() string                  { return p.name }
func (p *part) Len() int                      { return len(p.indices) }
func (p *part) Label(i int) int               { return p.Set.Label(p.indices[i]) }
func (p *part) Read(i int, pix []uint8) error { return p.Set.Read(p.indices[i], pix) }
func (p *part) Captions(i int) []string       { return ifCaptioned(p.Set, p.indices[i]) }
func (p *part) Fingerprint() string           { return p.Set.Fingerprint() + "-" + Hash(p.indices) }

func (p *part) ObjectsOf(i int) []Object { return p.DenseOf.ObjectsOf(p.indices[i]) }

func (p *part) ReadObjectMask(i, k int, mask []uint8) (bool, error) {
	return p.DenseOf.ReadObjectMask(p.indices[i], k, mask)
}

func (p *part) ReadMask(i int, mask []uint8) error { return p.DenseOf.ReadMask(p.indices[i], mask) }

// Unwrap is the set that the images were chosen from.
func (p *part) Unwrap() Set { return p.Set }

// Indices are the images' places in the set that they were chosen from, in order.
func (p *part) Indices() []int { return slices.Clone(p.indices) }

// clipsPart is a part of a set with clips, those of the images that were chosen.
type clipsPart struct {
	*part
	clips Clips
}

func (p *clipsPart) ReadClip(i, frames int, pix []uint8) error {
	return p.clips.ReadClip(p.indices[i], frames, pix)
}
