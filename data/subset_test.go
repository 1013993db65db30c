package data

import (
	"math"
	"slices"
	"testing"
)

// unbalanced is 3 classes of 10, 20 and 40 images, and 5 unlabelled ones,
// interleaved.
func unbalanced() []int {
	var labels []int
	for i := range 40 {
		labels = append(labels, 2)
		if i%2 == 0 {
			labels = append(labels, 1)
		}
		if i%4 == 0 {
			labels = append(labels, 0)
		}
		if i%8 == 0 {
			labels = append(labels, -1)
		}
	}
	return labels
}

func counts(labels, indices []int) [3]int {
	var n [3]int
	for _, i := range indices {
		n[labels[i]]++
	}
	return n
}

func TestSubsetCounts(t *testing.T) {
	labels := unbalanced()
	for _, c := range []struct {
		subset Subset
		want   [3]int
	}{
		{Subset{}, [3]int{10, 20, 40}},
		{Subset{PerClass: 4}, [3]int{4, 4, 4}},
		{Subset{PerClass: 10, Seed: 3}, [3]int{10, 10, 10}},
		{Subset{Fraction: 0.1}, [3]int{1, 2, 4}},
		{Subset{Fraction: 0.01}, [3]int{1, 1, 1}}, // at least one
		{Subset{Fraction: 1}, [3]int{10, 20, 40}},
	} {
		got, err := c.subset.Indices(labels, 3)
		if err != nil {
			t.Fatal(err)
		}
		if counts(labels, got) != c.want {
			t.Errorf("%+v chose %v a class, want %v", c.subset, counts(labels, got), c.want)
		}
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%+v: %v is not sorted, or repeats", c.subset, got)
		}
	}
}

func TestSubsetSeedAndNesting(t *testing.T) {
	labels := unbalanced()
	choose := func(s Subset) []int {
		t.Helper()
		got, err := s.Indices(labels, 3)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	four := choose(Subset{PerClass: 4, Seed: 1})
	if !slices.Equal(four, choose(Subset{PerClass: 4, Seed: 1})) {
		t.Error("the same seed gives other images")
	}
	if slices.Equal(four, choose(Subset{PerClass: 4, Seed: 2})) {
		t.Error("another seed gives the same images")
	}
	nine := choose(Subset{PerClass: 9, Seed: 1})
	for _, i := range four {
		if !slices.Contains(nine, i) {
			t.Errorf("image %d is among 4 a class but not among 9", i)
		}
	}
}

func TestSubsetErrors(t *testing.T) {
	labels := unbalanced()
	try := func(s Subset, labels []int, classes int) error {
		_, err := s.Indices(labels, classes)
		return err
	}
	wantError(t, try(Subset{PerClass: 11}, labels, 3), "data.Subset: PerClass is 11", "class 0 has 10 labelled images", "at most 10")
	wantError(t, try(Subset{PerClass: 1}, labels, 4), "class 3 has no labelled image")
	wantError(t, try(Subset{}, labels, 4), "class 3 has no labelled image")
	wantError(t, try(Subset{PerClass: -1}, labels, 3), "data.Subset: PerClass", "-1")
	wantError(t, try(Subset{Fraction: 1.5}, labels, 3), "data.Subset: Fraction", "1.5")
	wantError(t, try(Subset{Fraction: math.NaN()}, labels, 3), "data.Subset: Fraction")
	wantError(t, try(Subset{Fraction: 0.5, PerClass: 3}, labels, 3), "PerClass", "Fraction")
	wantError(t, try(Subset{}, labels, 2), "label 2", "[0, 2)")
	wantError(t, try(Subset{}, []int{-1, -1}, 0), "unlabelled")
}

func TestHash(t *testing.T) {
	// python3 -c "import
	// hashlib,struct;print(hashlib.sha256(struct.pack('<3q',1,2,300)).hexdigest()[:16])"
	if got, want := Hash([]int{1, 2, 300}), "a1671a506c4c89d0"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
	if Hash([]int{1, 2}) == Hash([]int{2, 1}) {
		t.Error("the hash does not see the order")
	}
}

func TestLimitIsEvenAndNested(t *testing.T) {
	labels := unbalanced()
	thirty := limit(labels, 30)
	var n [4]int
	for _, i := range thirty {
		n[labels[i]+1]++
	}
	if n != [4]int{5, 9, 8, 8} && n != [4]int{5, 8, 9, 8} && n != [4]int{5, 8, 8, 9} {
		t.Errorf("30 of 75 are %v by label, want all 5 unlabelled and 25 shared evenly", n)
	}
	for _, i := range limit(labels, 10) {
		if !slices.Contains(thirty, i) {
			t.Errorf("image %d is among 10 but not among 30", i)
		}
	}
	if got := len(limit(labels, 1000)); got != len(labels) {
		t.Errorf("a limit beyond the set gives %d of %d", got, len(labels))
	}
}
