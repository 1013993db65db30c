package data

import (
	"slices"
	"testing"
)

func TestSpreadIsEvenInOrderAndOfAllClasses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, images int }{{0, 5}, {3, 0}, {-1, 4}, {5, 5}, {9, 5}, {4, 2000}, {2000, 10_000}, {1000, 2000}, {7, 10}} {
		got := Spread(c.n, c.images)
		if want := max(min(c.n, c.images), 0); len(got) != want {
			t.Fatalf("%d of %d images are %d, want %d", c.n, c.images, len(got), want)
		}
		for k, i := range got {
			if i < k*c.images/len(got) || i >= (k+1)*c.images/len(got) {
				t.Errorf("%d of %d images: number %d is %d, outside of its part", c.n, c.images, k, i)
			}
		}
		if !slices.Equal(got, Spread(c.n, c.images)) {
			t.Errorf("%d of %d images are others when asked again", c.n, c.images)
		}
	}
	// Classes in turn, of which steps of a fixed length would meet the same again and again.
	for _, c := range []struct{ n, images, classes, least int }{{2000, 10_000, 10, 150}, {1000, 2000, 10, 70}, {1000, 10_000, 10, 70}, {4, 2000, 10, 0}} {
		of := make([]int, c.classes)
		met := 0
		for _, i := range Spread(c.n, c.images) {
			if of[i%c.classes]++; of[i%c.classes] == 1 {
				met++
			}
		}
		if slices.Min(of) < c.least || met < min(c.n, c.classes)-1 {
			t.Errorf("%d of %d images in turn: %v of the classes, want %d of each at least", c.n, c.images, of, c.least)
		}
	}
}
