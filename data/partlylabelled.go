package data

import "fmt"

// PartlyLabelled is a source with all training images of another, of which only a chosen few keep
// their labels: what semi-supervised methods learn from. All the others have label -1. Its other
// splits are the other source's.
//
//	data.PartlyLabelled{From: data.Shapes{}, Subset: data.Subset{PerClass: 10, Seed: 1}}
//
// [Labelled] with the same From and Subset has those few images alone.
type PartlyLabelled struct {
	From   Source // whose training images they are
	Subset Subset // which of them keep their labels
}

// Name is the other source's, with the number of labels: "shapes-10-labels-per-class".
func (p PartlyLabelled) Name() string {
	switch {
	case p.Subset.Fraction > 0:
		return fmt.Sprintf("%s-%g-of-labels", p.From.Name(), p.Subset.Fraction)
	case p.Subset.PerClass > 0:
		return fmt.Sprintf("%s-%d-labels-per-class", p.From.Name(), p.Subset.PerClass)
	}
	return p.From.Name() + "-all-labels"
}

// Open opens a split. Errors are the other source's, and those of Subset.Indices.
func (p PartlyLabelled) Open(split Split) (Set, error) {
	set, err := p.From.Open(split)
	if err != nil || split != Train {
		return set, err
	}
	chosen, err := p.Subset.Indices(Labels(set), len(set.Classes()))
	if err != nil {
		set.Close()
		return nil, fmt.Errorf("opening %s: %w", p.Name(), err)
	}
	labels := make([]int, set.Len())
	for i := range labels {
		labels[i] = -1
	}
	for _, i := range chosen {
		labels[i] = set.Label(i)
	}
	return relabel(set, p.Name()+"/"+split.String(), labels), nil
}
