package data

import "fmt"

// ValidationAsTest is a source whose test split is another's validation split: for sets whose test labels
// are kept from the public, such as ImageNet's, where the validation images are what is reported on. Images
// to choose by are then held out of the training images, by [SetAside].
//
//	data.SetAside{From: data.ValidationAsTest{From: data.ImageNet{...}}, Fraction: .01}
type ValidationAsTest struct {
	From Source // whose validation images are to be tested on
}

// Name is the other source's.
func (v ValidationAsTest) Name() string { return v.From.Name() }

// Open opens a split. It is an error to ask for validation images: what is chosen by the images that are
// tested on tests nothing.
func (v ValidationAsTest) Open(split Split) (Set, error) {
	switch split {
	case Test:
		return v.From.Open(Validation)
	case Validation:
		return nil, fmt.Errorf("opening %s: its validation images are tested on; data.SetAside holds some of the training images out", v.Name())
	}
	return v.From.Open(split)
}
