package data

import (
	"slices"
	"testing"
)

func TestOrderVisitsEachImageOnceAnEpoch(t *testing.T) {
	o := Order{Len: 103, Batch: 10, Seed: 7}
	if got := o.StepsPerEpoch(); got != 10 {
		t.Fatalf("%d steps an epoch of 103 images in tens, want 10: the partial batch is dropped", got)
	}
	for epoch := range 3 {
		seen := map[int]bool{}
		for step := epoch * 10; step < epoch*10+10; step++ {
			indices := o.Indices(step)
			if len(indices) != 10 {
				t.Fatalf("step %d has %d images", step, len(indices))
			}
			for _, i := range indices {
				if i < 0 || i >= 103 || seen[i] {
					t.Fatalf("epoch %d: image %d is out of range or comes twice", epoch, i)
				}
				seen[i] = true
			}
		}
		if len(seen) != 100 {
			t.Errorf("epoch %d visits %d images, want 100", epoch, len(seen))
		}
	}
}

func TestOrderIsAFunctionOfSeedAndStep(t *testing.T) {
	o := Order{Len: 50, Batch: 8, Seed: 1}
	for _, step := range []int{0, 5, 6, 7, 600} {
		if !slices.Equal(o.Indices(step), o.Indices(step)) {
			t.Errorf("step %d differs from itself", step)
		}
	}
	// A data order is part of a run: a change of this list breaks resuming.
	if got, want := (Order{Len: 10, Batch: 5, Seed: 1}).Indices(0), []int{1, 3, 4, 0, 8}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v as in every earlier version", got, want)
	}
	other := o
	other.Seed = 2
	if slices.Equal(o.Indices(0), other.Indices(0)) {
		t.Error("two seeds give the same order")
	}
	if slices.Equal(o.Indices(0), o.Indices(o.StepsPerEpoch())) {
		t.Error("two epochs give the same order")
	}
}

// TestPermutationIsUniform checks that every image comes first about as often
// (chi-square with 9 degrees of freedom, 27.9 at p = 0.001).
func TestPermutationIsUniform(t *testing.T) {
	const trials = 10_000
	var first [10]float64
	for seed := range uint64(trials) {
		first[Order{Len: 10, Batch: 1, Seed: seed}.Indices(0)[0]]++
	}
	chi := 0.0
	for _, n := range first {
		chi += (n - trials/10) * (n - trials/10) / (trials / 10)
	}
	if chi > 27.9 {
		t.Errorf("chi-square %.1f of the first image, counts %v", chi, first)
	}
}

func TestOrderCheck(t *testing.T) {
	wantError(t, Order{Len: 0, Batch: 1}.Check(), "data.Order: Len", "at least 1")
	wantError(t, Order{Len: 10, Batch: 0}.Check(), "data.Order: Batch", "from 1 to the 10 images")
	wantError(t, Order{Len: 10, Batch: 11}.Check(), "data.Order: Batch", "11", "from 1 to the 10 images")
	if err := (Order{Len: 10, Batch: 10}).Check(); err != nil {
		t.Error(err)
	}
	if got := (Order{Len: 10, Batch: 11}).StepsPerEpoch(); got != 0 {
		t.Errorf("%d steps of an impossible order", got)
	}
}
