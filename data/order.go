package data

import (
	"cmp"
	"fmt"

	"sslkit/kit/setting"
)

// Order is the data order of training: which images make up which step, as a
// pure function of (Seed, step). Each epoch visits a fresh random permutation
// of the images; the last, partial batch of an epoch is dropped, so that every
// step has the same shape. A run resumed at step s therefore continues exactly
// as if it had never stopped.
//
// Where few images have labels, each step may begin with a fixed number of
// those, which then come again more often than once an epoch:
//
//	data.Order{Len: 50_000, Batch: 512, Labelled: few, LabelledPart: 64}
type Order struct {
	Len   int    // images in the set, at least Batch
	Batch int    // images a step, at least 1
	Seed  uint64 // two orders of different seeds are independent

	// Labelled are the images that the first LabelledPart of a step are taken
	// from: fresh random permutations of them, one after another without end. The
	// other images of a step are from the whole set, as without a labelled part.
	Labelled     []int
	LabelledPart int // in [1, Batch-1]; 0: none, and Labelled does not matter
}

// Check returns an error that names the field and the allowed range where the
// order is not usable.
func (o Order) Check() error {
	if err := cmp.Or(
		setting.AtLeast(1, "data.Order: Len", o.Len),
		setting.Must(o.Batch >= 1 && o.Batch <= o.Len, "data.Order: Batch", o.Batch,
			fmt.Sprintf("from 1 to the %d images of the set", o.Len)),
		setting.Must(o.LabelledPart >= 0 && o.LabelledPart < o.Batch, "data.Order: LabelledPart", o.LabelledPart,
			fmt.Sprintf("in [1, %d], one less than the batch", o.Batch-1), "none"),
	); err != nil || o.LabelledPart == 0 {
		return err
	}
	if len(o.Labelled) == 0 {
		return fmt.Errorf("data.Order: LabelledPart is %d and Labelled is empty; it must hold images", o.LabelledPart)
	}
	for at, i := range o.Labelled {
		if err := setting.Must(i >= 0 && i < o.Len, fmt.Sprintf("data.Order: Labelled[%d]", at), i,
			fmt.Sprintf("in [0, %d)", o.Len)); err != nil {
			return err
		}
	}
	return nil
}

// StepsPerEpoch is the number of steps in which every image of the set comes
// once, the last, partial batch and labelled parts left out; 0 for an order that
// does not pass [Order.Check].
func (o Order) StepsPerEpoch() int {
	if o.Check() != nil {
		return 0
	}
	return o.stepsPerEpoch()
}

// stepsPerEpoch is the same for an order that passes.
func (o Order) stepsPerEpoch() int { return o.Len / (o.Batch - o.LabelledPart) }

// Indices returns the images of a step, for any step ≥ 0 (epoch
// step/StepsPerEpoch). It computes the epoch's permutation afresh, in O(Len);
// a [Loader] does so once an epoch. It panics on an order that does not pass
// [Order.Check] and on a negative step.
func (o Order) Indices(step int) []int {
	if err := o.Check(); err != nil {
		panic(err)
	}
	if step < 0 {
		panic(fmt.Errorf("data.Order.Indices: step is %d; it must be at least 0", step))
	}
	return o.slice(o.permutation(step/o.stepsPerEpoch()), step)
}

// permutation is the order of all images in one epoch.
func (o Order) permutation(epoch int) []int {
	r := newRNG(o.Seed, forOrder, uint64(o.Len), uint64(epoch))
	return r.permutation(o.Len)
}

// slice copies a step's images: its labelled part, and the others out of their
// epoch's permutation.
func (o Order) slice(permutation []int, step int) []int {
	rest := o.Batch - o.LabelledPart
	first := step % o.stepsPerEpoch() * rest
	return append(o.labelled(step), permutation[first:first+rest]...)
}

// forLabelled is the purpose of the permutations of labelled images, apart from
// all others.
const forLabelled uint64 = 1 << 32

// labelled is the labelled part of a step: places step·LabelledPart and on in
// the permutations of Labelled, laid end to end.
func (o Order) labelled(step int) []int {
	n := len(o.Labelled)
	indices := make([]int, 0, o.Batch)
	for place := step * o.LabelledPart; len(indices) < o.LabelledPart; {
		r := newRNG(o.Seed, forLabelled, uint64(n), uint64(place/n))
		round := r.permutation(n)[place%n:]
		round = round[:min(len(round), o.LabelledPart-len(indices))]
		for _, i := range round {
			indices = append(indices, o.Labelled[i])
		}
		place += len(round)
	}
	return indices
}
