package data

import (
	"fmt"
	"slices"
)

// Relabelled is a source whose training images have other labels than they came with: what a model
// says of them, what a second annotator says. Its other splits are the other source's.
//
//	data.Relabelled{From: data.Shapes{}, Labels: predicted}
//
// To train on those images alone that have a label, put it into a [Labelled].
type Relabelled struct {
	From Source // whose training images get other labels; the classes stay
	// Labels of all training images, in order: a class, or -1 for none.
	Labels []int
}

// Name is the other source's, with "-relabelled".
func (r Relabelled) Name() string { return r.From.Name() + "-relabelled" }

// Open opens a split. Errors are the other source's, and labels that are not one for each image, -1
// or in [0, len(Classes())).
func (r Relabelled) Open(split Split) (Set, error) {
	set, err := r.From.Open(split)
	if err != nil || split != Train {
		return set, err
	}
	if len(r.Labels) != set.Len() {
		set.Close()
		return nil, fmt.Errorf("data.Relabelled: Labels holds %d labels; it must hold one for each of the %d images of %s",
			len(r.Labels), set.Len(), set.Name())
	}
	if _, err := groupByClass(r.Labels, len(set.Classes())); err != nil {
		set.Close()
		return nil, fmt.Errorf("opening %s: %w", r.Name(), err)
	}
	return relabel(set, r.Name()+"/"+split.String(), slices.Clone(r.Labels)), nil
}

// relabelled is a set with other labels. It is [Instances] whether the set is or not, since an
// object without other images is shown by one, and [Captioned], [ObjectMasks] and [Masks] as well,
// without captions, objects and masks then; it is [Clips] where the set is.
type relabelled struct {
	Set
	DenseOf
	name   string
	labels []int
}

func relabel(set Set, name string, labels []int) Set {
	other := &relabelled{set, DenseOf{set}, name, labels}
	if clips, ok := set.(Clips); ok {
		return &relabelledClips{other, clips}
	}
	return other
}

func (r *relabelled) Name() string            { return r.name }
func (r *relabelled) Label(i int) int         { return r.labels[i] }
func (r *relabelled) Captions(i int) []string { return ifCaptioned(r.Set, i) }
func (r *relabelled) Fingerprint() string     { return r.Set.Fingerprint() + "-labels-" + Hash(r.labels) }

// Unwrap is the set with the labels that it came with.
func (r *relabelled) Unwrap() Set { return r.Set }

func (r *relabelled) ReadInstances(i, n int, draw uint64, pix []uint8) error {
	if instances, ok := r.Set.(Instances); ok {
		return instances.ReadInstances(i, n, draw, pix)
	}
	if err := checkInstances(r.Set, i, n, pix); err != nil {
		return err
	}
	return repeated(r.Set, i, n, pix)
}

// relabelledClips is the same of a set with clips.
type relabelledClips struct {
	*relabelled
	clips Clips
}

func (r *relabelledClips) ReadClip(i, frames int, pix []uint8) error {
	return r.clips.ReadClip(i, frames, pix)
}
