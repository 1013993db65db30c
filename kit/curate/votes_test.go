package curate

import (
	"math"
	"runtime"
	"slices"
	"testing"
)

func TestNeighborVotesByHand(t *testing.T) {
	// Directions at these angles; two groups, with one wrong label in each.
	var x []float32
	for _, degrees := range []float64{0, 1, 2, 3, 4, 90, 91, 92, 93, 94, 2.5} {
		x = append(x, float32(math.Cos(degrees*math.Pi/180)), float32(math.Sin(degrees*math.Pi/180)))
	}
	labels := []int{0, 0, 1, 0, 0, 1, 1, 1, 0, 1, -1}
	votes := NeighborVotes{K: 3}
	suspects, err := votes.Suspects(x, 11, 2, labels, 2)
	if err != nil {
		t.Fatal(err)
	}
	if want := []Suspect{{2, 1, 0, 0}, {8, 0, 1, 0}}; !slices.Equal(suspects, want) {
		t.Errorf("suspects %v, want %v", suspects, want)
	}
	p, err := votes.Probabilities(x, 11, 2, labels, 2)
	if err != nil {
		t.Fatal(err)
	}
	// The unlabelled image at 2.5° is nearest to 2°, 3° and 1°: 1, 0, 0.
	if !slices.Equal(p[20:], []float32{2.5 / 4, 1.5 / 4}) {
		t.Errorf("probabilities %v of the unlabelled image", p[20:])
	}
}

func TestNeighborVotesDoNotDependOnCores(t *testing.T) {
	const n, dim = productTile + 200, 8
	x, labels := blobs(n, dim, 4, 1, 3)
	want, err := NeighborVotes{}.Suspects(x, n, dim, labels, 4)
	if err != nil || len(want) == 0 {
		t.Fatalf("%d suspects, %v", len(want), err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	got, err := NeighborVotes{}.Suspects(x, n, dim, labels, 4)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%d suspects on one core and %d on all, %v", len(got), len(want), err)
	}
}

func TestNeighborVotesBadInput(t *testing.T) {
	x, labels := blobs(20, 2, 2, 3, 1)
	spoiled := slices.Clone(x)
	spoiled[7] = float32(math.Inf(-1))
	for _, bad := range []struct {
		v      NeighborVotes
		x      []float32
		n      int
		labels []int
		part   string
	}{
		{NeighborVotes{K: -1}, x, 20, labels, "curate.NeighborVotes: K is -1"},
		{NeighborVotes{K: 20}, x, 20, labels, "curate.NeighborVotes: K is 20; it must be less than the 20"},
		{NeighborVotes{Majority: 1}, x, 20, labels, "curate.NeighborVotes: Majority is 1"},
		{NeighborVotes{Majority: math.NaN()}, x, 20, labels, "curate.NeighborVotes: Majority is NaN"},
		{NeighborVotes{}, spoiled, 20, labels, "x row 3 column 1 is -Inf"},
		{NeighborVotes{}, x, 21, labels, "x holds 40 values"},
		{NeighborVotes{}, x, 20, labels[:19], "labels holds 19 values"},
		{NeighborVotes{}, x, 20, append(slices.Clone(labels[:19]), 2), "labels[19] is 2"},
	} {
		_, err := bad.v.Suspects(bad.x, bad.n, 2, bad.labels, 2)
		wantError(t, err, bad.part)
		_, err = bad.v.Probabilities(bad.x, bad.n, 2, bad.labels, 2)
		wantError(t, err, bad.part)
	}
}
