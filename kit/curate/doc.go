// Package curate finds what is wrong with a set of images before anything is trained on it:
// duplicates, images of the test set that are in the training set, labels that are probably wrong.
// And it chooses small subsets that are worth having.
//
//	same, err := curate.Exact{}.Groups(set)             // bit for bit
//	near, err := curate.Perceptual{}.Groups(set)        // re-encoded, scaled, brightened, slightly cropped
//	alike, err := curate.Cosine{}.Groups(x, n, dim)     // near in an encoder's features
//	keep := near.Keep(set.Len())                        // one image of each group, and all others
//
//	leaks, err := curate.Perceptual{}.Leaks(train, test)
//
//	found, err := curate.ConfidentLearning{}.Find(probabilities, n, labels, classes)
//	suspects, err := curate.NeighborVotes{}.Suspects(x, n, dim, labels, classes)
//
//	few, radius, err := curate.KCenter{Seed: 1}.Choose(x, n, dim, 100)
//	even, err := curate.Balanced{Seed: 1}.Choose(x, n, dim, 100)
//
// A row is an image; matrices are row-major float32 slices, as the field X of the features of
// package eval. Everything is a pure function of its input and seed, whatever the number of cores,
// and input that cannot be judged (empty, mismatched, not finite, out of range) is an error that
// names the argument. Nothing here removes an image: what is found is to be looked at.
package curate
