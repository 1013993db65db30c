// Package augment makes views of images inside the GoMLX graph, so that a batch crosses to the
// device once, as uint8, and every view of it is cropped, flipped and coloured there, next to the
// loss that reads it.
//
// A Pipeline is a list of values, applied in order:
//
//	views := augment.Pipeline{
//		augment.RandomResizedCrop{Size: 32, Interpolation: augment.Bicubic},
//		augment.Flip{},
//		augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .4, Hue: .1, P: .8},
//		augment.Grey{},
//		augment.Normalize{},
//	}
//	if err := views.Check(32, 32); err != nil { ... }
//	...
//	random := augment.NewRandom(state)      // in the graph; state holds augment.State(seed, step)
//	first := views.Apply(random, images)    // uint8 [batch, 32, 32, 3] -> float32 [batch, 32, 32, 3]
//	second := views.Apply(random, images)   // another view of the same images
//
// The views of a step are a pure function of (seed, step), on one backend and machine: see State.
//
// Every Transform draws its parameters apart from applying them. The same parameters can therefore
// go to the graph and to the transform's host twin, which works on one 8-bit image with the imaging
// package or plain loops: that is how the graph is checked. A Geometric transform also gives its
// map from output to input coordinates, for what moves with the image: Pipeline.ApplyBoxes and
// ApplyMasks move boxes and masks by the same parameters, HostBoxes and HostMask do so on the host.
//
//	params := views.Draw(random, batch, 64, 64)
//	first := views.ApplyParams(images, params)
//	boxes, classes = views.ApplyBoxes(params, boxes, classes, 64, 64)
//	masks = views.ApplyMasks(params, masks)
//
// Beside the transforms are those that are none: Mixup and CutMix mix the images of a batch,
// RandomMask, BlockMask and MultiBlockMask draw which patches of an image are hidden, and Tiles,
// CropTiles, Shuffle and Assemble take images apart and put them together, in orders such as
// JigsawPermutations finds. They too draw from a Random.
//
// Conventions are torchvision's: pixel centres lie at half-integers, shrinking is antialiased as
// Pillow does it, grey is ITU-R 601 luma. Values stay in [0, 1] and are not rounded to 8 bits
// between transforms.
package augment
