// Package corrupt makes test images worse in the fifteen ways and five severities of the common
// corruptions of Hendrycks and Dietterich ("Benchmarking Neural Network Robustness to Common
// Corruptions and Perturbations", ICLR 2019, arXiv:1903.12261), and sums up what a classifier loses
// by it.
//
//	bad, err := corrupt.Apply(corrupt.MotionBlur, 3, pix, 32, 32, seed)  // one image
//	source := corrupt.Source{From: data.CIFAR10{}, Corruption: corrupt.Fog, Severity: 5}
//	test, err := source.Open(data.Test)                                  // all of them, corrupted when read
//	each, mean, err := corrupt.MeanCorruptionError(errors, baseline)     // the paper's CE and mCE
//
// Definitions and strengths are those of the authors' published code. It has one set of strengths
// for the 32×32 images of CIFAR-10-C and one for the 224×224 images of ImageNet-C; here an image
// whose shorter side is at most 64 pixels gets the former, a larger one the latter. Lengths in
// pixels stay as they are, whatever the size, except those of the elastic transform, which the
// authors give relative to the side. (The authors' Tiny-ImageNet-C has a third set, for 64×64
// images, which is not offered.) As theirs do, results are cut off to whole levels, not rounded,
// unless said otherwise.
//
// What is not the authors': the random numbers; the frost, which they blend in from photographs and
// which is drawn here; and the JPEG codec, which is Go's. So these are not the published CIFAR-10-C
// and ImageNet-C images but others of the same kind, and figures on them should be compared with
// each other.
//
// Corruptions are for testing: a model that was trained on them is not measured by them.
package corrupt
