package semi

import "sslkit/kit/augment"

// WeakView is the weak augmentation of FixMatch (section 2.3): flip with probability 1/2, and shift
// by whole pixels up to an eighth of the image along each axis, with the image mirrored outside of it.
func WeakView() augment.Pipeline {
	return append(weak(), augment.Normalize{})
}

// StrongView is the strong augmentation of FixMatch (section 2.3): the weak one, then RandAugment
// with magnitudes drawn at random, then Cutout of a square of half the image's side at most, in
// grey.
func StrongView() augment.Pipeline {
	return append(weak(), augment.RandAugment{Vary: true}, cutout, augment.Normalize{})
}

// weak is what both begin with.
func weak() augment.Pipeline {
	return augment.Pipeline{augment.Flip{}, augment.Translate{}}
}

// cutout paints a grey square (DeVries and Taylor 2017, arXiv:1708.04552), with a side drawn up to
// half the image's.
var cutout = augment.RandomErasing{P: 1, Scale: [2]float64{.01, .25}, Ratio: [2]float64{1, 1}, Fill: .5}
