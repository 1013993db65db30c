package data

import "fmt"

// Order is the data order of training: which images make up which step, as a
// pure function of (Seed, step). Each epoch visits a fresh random permutation
// of the images; the last, partial batch of an epoch is dropped, so that every
// step has the same shape. A run resumed at step s therefore continues exactly
// as if it had never stopped.
type Order struct {
	Len   int    // images in the set, at least Batch
	Batch int    // images a step, at least 1
	Seed  uint64 // two orders of different seeds are independent
}

// Check returns an error that names the field and the allowed range where the
// order is not usable.
func (o Order) Check() error {
	if o.Len < 1 {
		return fmt.Errorf("data: Order.Len is %d, want at least 1", o.Len)
	}
	if o.Batch < 1 || o.Batch > o.Len {
		return fmt.Errorf("data: Order.Batch is %d, want between 1 and the %d images of the set", o.Batch, o.Len)
	}
	return nil
}

// StepsPerEpoch is the number of whole batches in the set; 0 for an order that
// does not pass [Order.Check].
func (o Order) StepsPerEpoch() int {
	if o.Check() != nil {
		return 0
	}
	return o.Len / o.Batch
}

// Indices returns the images of a step, for any step ≥ 0 (epoch
// step/StepsPerEpoch). It computes the epoch's permutation afresh, in O(Len);
// a [Loader] does so once an epoch. It panics on an order that does not pass
// [Order.Check] and on a negative step.
func (o Order) Indices(step int) []int {
	if err := o.Check(); err != nil {
		panic(err)
	}
	if step < 0 {
		panic(fmt.Errorf("data: Order.Indices of step %d, want at least 0", step))
	}
	return o.slice(o.permutation(step/o.StepsPerEpoch()), step)
}

// permutation is the order of all images in one epoch.
func (o Order) permutation(epoch int) []int {
	r := newRNG(o.Seed, forOrder, uint64(o.Len), uint64(epoch))
	return r.permutation(o.Len)
}

// slice copies a step's images out of its epoch's permutation.
func (o Order) slice(permutation []int, step int) []int {
	first := step % o.StepsPerEpoch() * o.Batch
	return append([]int(nil), permutation[first:first+o.Batch]...)
}
