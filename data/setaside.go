package data

import (
	"fmt"
	"math"

	"sslkit/kit/setting"
)

// SetAside is a source whose validation split is a part of another's labelled training images,
// which it trains on no longer: so that whatever is chosen by validation images, as when to stop,
// costs labels of the same budget. Its test split is the other source's.
//
//	few := data.Labelled{From: data.Shapes{}, Subset: data.Subset{PerClass: 10, Seed: 1}}
//	data.SetAside{From: few, Fraction: .2} // Eight images of each class to train on, two to stop by.
//
// Of a source whose images have no classes, such as one with boxes, all images are divided alike.
type SetAside struct {
	From     Source  // whose training images are divided
	Fraction float64 // of each class's training images, in (0, 1), rounded to nearest; at least one image is set aside and one is left
	Seed     uint64  // which ones
}

// Name is the other source's, with what is set aside: "shapes-10-per-class-less-0.2".
func (s SetAside) Name() string { return fmt.Sprintf("%s-less-%g", s.From.Name(), s.Fraction) }

// Open opens a split. It is an error where Fraction is out of range or a class has fewer than two
// labelled images; the others are the other source's. Images without a label stay among those
// trained on.
func (s SetAside) Open(split Split) (Set, error) {
	if err := setting.Fraction("data.SetAside: Fraction", s.Fraction); err != nil {
		return nil, err
	}
	if split == Test {
		return s.From.Open(split)
	}
	set, err := s.From.Open(Train)
	if err != nil {
		return nil, err
	}
	labels, classes := Labels(set), len(set.Classes())
	if classes == 0 { // All alike.
		labels, classes = make([]int, set.Len()), 1
	}
	indices, err := s.part(split, labels, classes)
	if err != nil {
		set.Close()
		return nil, fmt.Errorf("opening %s: %w", s.Name(), err)
	}
	return partOf(set, s.Name()+"/"+split.String(), indices), nil
}

// part are the images of a split, sorted.
func (s SetAside) part(split Split, labels []int, classes int) ([]int, error) {
	byClass, err := groupByClass(labels, classes)
	if err != nil {
		return nil, err
	}
	held := make([]bool, len(labels))
	for class, members := range byClass {
		if len(members) < 2 {
			return nil, fmt.Errorf("data: class %d has %d labelled images; one to train on and one to set aside are needed", class, len(members))
		}
		count := min(max(int(math.Round(s.Fraction*float64(len(members)))), 1), len(members)-1)
		r := newRNG(s.Seed, forSetAside, uint64(class), 0)
		r.shuffle(members)
		for _, i := range members[:count] {
			held[i] = true
		}
	}
	var indices []int
	for i := range labels {
		if held[i] == (split == Validation) {
			indices = append(indices, i)
		}
	}
	return indices, nil
}
