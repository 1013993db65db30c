package curate

import (
	"cmp"
	"slices"
)

// Leak is a test image that is in the training set too.
type Leak struct {
	Train, Test int     // the two images
	Similarity  float64 // how alike they are, on the scale of what found them; 1: the same
}

// Leaks are all such pairs, sorted by Test, then by Train.
type Leaks []Leak

// Train lists the training images of all pairs once, sorted: without them the
// test is sound.
func (l Leaks) Train() []int { return l.distinct(func(k Leak) int { return k.Train }) }

// Test lists the test images of all pairs once, sorted.
func (l Leaks) Test() []int { return l.distinct(func(k Leak) int { return k.Test }) }

func (l Leaks) distinct(of func(Leak) int) []int {
	images := make([]int, len(l))
	for k, leak := range l {
		images[k] = of(leak)
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// sorted puts pairs into order. Of one that was found twice, once from each
// side, the higher similarity stays.
func (l Leaks) sorted() Leaks {
	slices.SortFunc(l, func(a, b Leak) int {
		return cmp.Or(cmp.Compare(a.Test, b.Test), cmp.Compare(a.Train, b.Train), cmp.Compare(b.Similarity, a.Similarity))
	})
	return slices.CompactFunc(l, func(a, b Leak) bool { return a.Train == b.Train && a.Test == b.Test })
}
