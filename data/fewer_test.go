package data

import (
	"slices"
	"testing"
)

// Choices of one seed are nested, those of two seeds differ, and what a set knows of its images goes
// with them.
func TestFewer(t *testing.T) {
	t.Parallel()
	from := Scenes{Train: 50, Test: 7}
	whole, err := from.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	open := func(images int, seed uint64, split Split) Set {
		set, err := Fewer{From: from, Images: images, Seed: seed}.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	few := open(10, 1, Train)
	chosen := few.(interface{ Indices() []int }).Indices()
	if few.Len() != 10 || !slices.IsSorted(chosen) || len(slices.Compact(slices.Clone(chosen))) != 10 {
		t.Fatalf("%d images, %v", few.Len(), chosen)
	}
	for _, i := range chosen {
		if !slices.Contains(open(30, 1, Train).(interface{ Indices() []int }).Indices(), i) {
			t.Errorf("image %d is among 10, and not among 30", i)
		}
	}
	if slices.Equal(chosen, open(10, 2, Train).(interface{ Indices() []int }).Indices()) {
		t.Error("two seeds choose the same")
	}
	for k, i := range chosen {
		if got, want := few.(Objects).ObjectsOf(k), whole.(Objects).ObjectsOf(i); !slices.Equal(got, want) {
			t.Errorf("image %d: objects %v, want %v", k, got, want)
		}
	}
	if got := few.Name(); got != "scenes-10-images/train" {
		t.Errorf("the name is %s", got)
	}
	if got := open(10, 1, Test); got.Len() != 7 || got.Name() != "scenes/test" {
		t.Errorf("the test split is %s of %d images", got.Name(), got.Len())
	}
	for images, want := range map[int]string{
		0:  "data.Fewer: Images is 0; it must be at least 1",
		51: "data.Fewer: Images is 51; scenes/train has 50 images, so it must be from 1 to 50",
	} {
		_, err := Fewer{From: from, Images: images}.Open(Train)
		wantError(t, err, want)
	}
}
