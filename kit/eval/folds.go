package eval

import "math/rand/v2"

// How regularisation is chosen: five folds; with many labels one of them is
// held out and the others are not tried, since one is precise enough.
const (
	foldCount            = 5
	crossValidationLimit = 5_000 // labelled images from which on one fold is held out
)

// alwaysFitted marks an image that is in no fold.
const alwaysFitted = -1

// stratifiedFolds deals the images of each class out over the folds in an order
// drawn from seed, and returns the fold of each image and how many folds there
// are: five, or as many as the largest class has images. The only image of a
// class is in no fold: a model that never saw the class could not be blamed for
// missing it.
func stratifiedFolds(labels []int, classes int, seed uint64) (folds []int, count int) {
	byClass := make([][]int, classes)
	for i, label := range labels {
		byClass[label] = append(byClass[label], i)
	}
	for _, members := range byClass {
		count = max(count, min(foldCount, len(members)))
	}
	folds = make([]int, len(labels))
	dealt := 0 // goes on from class to class, so that the folds are equally large
	for class, members := range byClass {
		if len(members) == 1 {
			folds[members[0]] = alwaysFitted
			continue
		}
		random := rand.New(rand.NewPCG(seed, uint64(class)))
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		for _, i := range members {
			folds[i] = dealt % count
			dealt++
		}
	}
	return folds, count
}
