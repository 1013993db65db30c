package semi

import "sslkit/kit/augment"

// WeakView is the weak augmentation of FixMatch (section 2.3): flip with probability 1/2, and shift
// by whole pixels up to an eighth of the image along each axis, with the image mirrored outside of
// it.
func WeakView() augment.Pipeline {
	return append(weak(), augment.Normalize{})
}

// StrongView is the strong augmentation of FixMatch with RandAugment (section 2.3) as its code has
// it for CIFAR-10 (google-research/fixmatch, ablation/ab_fixmatch_ra.py; fixmatch.py has
// CTAugment): the weak one, then two operations of RandAugment, each carried out in half of the
// images and with a strength drawn at random, then Cutout of half the image's side, in grey.
// Posterise keeps 8 to 4 bits, as in torchvision and in USB (microsoft/Semi-supervised-learning);
// the code keeps 4 to 1, which leaves little of an image.
func StrongView() augment.Pipeline {
	return append(weak(), randAugment, augment.Cutout{Fill: .5}, augment.Normalize{})
}

// weak is what both begin with.
func weak() augment.Pipeline {
	return augment.Pipeline{augment.Flip{}, augment.Translate{}}
}

// randAugment is that of FixMatch's code, which translates by up to 10 of 32 pixels.
var randAugment = augment.RandAugment{P: .5, Vary: true, Translation: 10. / 32}
