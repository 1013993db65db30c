package data

import (
	"slices"
	"testing"
)

func TestLabelledPartComesFirstAndWithoutEnd(t *testing.T) {
	labelled := []int{4, 8, 15, 16, 23, 42, 50}
	o := Order{Len: 103, Batch: 10, Seed: 7, Labelled: labelled, LabelledPart: 3}
	if got := o.StepsPerEpoch(); got != 14 {
		t.Fatalf("%d steps an epoch of 103 images in sevens, want 14", got)
	}
	var first []int
	for epoch := range 2 {
		seen := map[int]bool{}
		for step := 14 * epoch; step < 14*epoch+14; step++ {
			indices := o.Indices(step)
			if len(indices) != 10 {
				t.Fatalf("step %d has %d images, want 10", step, len(indices))
			}
			first = append(first, indices[:3]...)
			for _, i := range indices[3:] {
				if seen[i] {
					t.Fatalf("epoch %d: image %d comes twice outside of the labelled part", epoch, i)
				}
				seen[i] = true
			}
		}
	}
	// 84 places are 12 rounds of the 7 images.
	var rounds [][]int
	for round := range slices.Chunk(first, 7) {
		rounds = append(rounds, slices.Clone(round))
		slices.Sort(round)
		if !slices.Equal(round, labelled) {
			t.Fatalf("a round of the labelled images holds %v", round)
		}
	}
	if slices.Equal(rounds[0], rounds[1]) {
		t.Error("two rounds have the same order")
	}
}

func TestLabelledPartIsAFunctionOfSeedAndStep(t *testing.T) {
	o := Order{Len: 50, Batch: 8, Seed: 1, Labelled: []int{3, 1, 4}, LabelledPart: 7} // Each step has more than two rounds.
	for _, step := range []int{0, 1, 5, 600} {
		if !slices.Equal(o.Indices(step), o.Indices(step)) {
			t.Errorf("step %d differs from itself", step)
		}
	}
	// A data order is part of a run: a change of this list breaks resuming.
	got, want := Order{Len: 10, Batch: 5, Seed: 1, Labelled: []int{7, 2}, LabelledPart: 2}.Indices(3), []int{7, 2, 1, 6, 9}
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v as in every earlier version", got, want)
	}
	other := o
	other.Seed = 2
	if slices.Equal(o.Indices(0), other.Indices(0)) {
		t.Error("two seeds give the same order")
	}
}

// TestOtherImagesHaveTheOrdinaryOrder: what is not labelled is read as by an order of smaller
// batches.
func TestOtherImagesHaveTheOrdinaryOrder(t *testing.T) {
	with := Order{Len: 50, Batch: 8, Seed: 1, Labelled: []int{3, 1, 4}, LabelledPart: 3}
	without := Order{Len: 50, Batch: 5, Seed: 1}
	for step := range 30 {
		if !slices.Equal(with.Indices(step)[3:], without.Indices(step)) {
			t.Fatalf("step %d: %v, want %v behind the labelled part", step, with.Indices(step), without.Indices(step))
		}
	}
}

func TestLoaderYieldsLabelledPartsFromAnyStep(t *testing.T) {
	order := Order{Len: 40, Batch: 9, Seed: 3, Labelled: []int{5, 6, 7, 30}, LabelledPart: 2}
	for _, start := range []int{0, 4, 13} {
		loader := NewLoader(&countingSet{n: 40}, order, start, 20)
		for step := start; step < 20; step++ {
			batch, err := loader.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(batch.Indices, order.Indices(step)) {
				t.Errorf("from step %d on, step %d is %v, want %v", start, step, batch.Indices, order.Indices(step))
			}
		}
		loader.Close()
	}
}

func TestLabelledPartCheck(t *testing.T) {
	few := []int{1, 2}
	for _, part := range []int{-1, 10, 11} {
		wantError(t, Order{Len: 20, Batch: 10, Labelled: few, LabelledPart: part}.Check(), "data.Order: LabelledPart", "must be in [1, 9]")
	}
	wantError(t, Order{Len: 20, Batch: 10, LabelledPart: 3}.Check(), "data.Order: LabelledPart is 3 and Labelled is empty")
	wantError(t, Order{Len: 20, Batch: 10, LabelledPart: 3, Labelled: []int{1, 20}}.Check(), "20; it must be in [0, 20)", "[0, 20)")
	if err := (Order{Len: 20, Batch: 10, LabelledPart: 9, Labelled: few}).Check(); err != nil {
		t.Error(err)
	}
}
