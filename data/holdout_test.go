package data

import (
	"errors"
	"fmt"
	"regexp"
	"testing"
)

// perClass counts the images of a split by class; nil where there is none.
func perClass(t *testing.T, source ImageFolder, split Split) []int {
	t.Helper()
	set, err := source.Open(split)
	if errors.Is(err, ErrNoSplit) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	counts := make([]int, max(1, len(set.Classes())))
	for _, label := range Labels(set) {
		counts[max(label, 0)]++
	}
	return counts
}

func TestImageFolderHoldsOutOfEveryClass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		images           []int // of each class; one number: unlabelled
		test, validation float64
		want             [3][]int
	}{
		{"20 of one class", []int{20, 20}, 0, 0, [3][]int{Train: {16, 16}, Test: {4, 4}}},
		{"rounded", []int{7, 8}, 0, 0, [3][]int{Train: {6, 6}, Test: {1, 2}}},
		{"at least one", []int{2, 3}, .01, 0, [3][]int{Train: {1, 2}, Test: {1, 1}}},
		{"one is left", []int{2, 4}, .9, 0, [3][]int{Train: {1, 1}, Test: {1, 3}}},
		{"one image is to train on", []int{1, 5}, 0, 0, [3][]int{Train: {1, 4}, Test: {0, 1}}},
		{"both", []int{10, 20}, .2, .1, [3][]int{Train: {7, 14}, Validation: {1, 2}, Test: {2, 4}}},
		{"too few for both", []int{2, 3}, .2, .2, [3][]int{Train: {1, 1}, Validation: {0, 1}, Test: {1, 1}}},
		{"unlabelled", []int{16}, 0, .25, [3][]int{Train: {9}, Validation: {4}, Test: {3}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := tree{}
			for class, n := range c.images {
				for i := range n {
					name := fmt.Sprintf("%c/%d.png", 'a'+class, i)
					if len(c.images) == 1 {
						name = fmt.Sprintf("%d.png", i)
					}
					files[name] = photo(t, i)
				}
			}
			source := ImageFolder{Path: files.folder(t), Size: 4, TestFraction: c.test, ValidationFraction: c.validation, Cache: t.TempDir()}
			for split, want := range c.want {
				if got := perClass(t, source, Split(split)); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s holds %v of each class, want %v", Split(split), got, want)
				}
			}
		})
	}
	one := tree{"a/1.png": photo(t, 1), "b/1.png": photo(t, 2)}.folder(t)
	wantError(t, openError(t, ImageFolder{Path: one}, Test), "none of 2 images is held out for test")
}

// TestImageFolderHoldsOutWholeObjects, also those with images of two classes, and
// leaves every class something to train on.
func TestImageFolderHoldsOutWholeObjects(t *testing.T) {
	t.Parallel()
	files := tree{}
	for patient := range 10 {
		for i := range 3 {
			files[fmt.Sprintf("a/p%d_%d.png", patient, i)] = photo(t, 3*patient+i)
		}
	}
	files["b/p0_9.png"], files["b/p1_9.png"] = photo(t, 90), photo(t, 91)
	object := regexp.MustCompile(`(p\d)_`)
	for _, fraction := range []float64{.2, .5, .9} {
		source := ImageFolder{Path: files.folder(t), Size: 4, Object: `(p\d)_`, TestFraction: fraction, Cache: t.TempDir()}
		where := map[string]Split{}
		for _, split := range []Split{Train, Test} {
			set := openFolder(t, source, split)
			for i := range set.Len() {
				of := object.FindString(set.Path(i))
				if before, seen := where[of]; seen && before != split {
					t.Errorf("fraction %g: images of %s are in %s and %s", fraction, of, before, split)
				}
				where[of] = split
			}
		}
		if counts := perClass(t, source, Train); counts[0] == 0 || counts[1] == 0 {
			t.Errorf("fraction %g: %v images of each class are left to train on", fraction, counts)
		}
		if tested := perClass(t, source, Test)[0]; fraction == .2 && tested != 2*3 {
			t.Errorf("%d images of class a to test on, want those of 2 patients of 10", tested)
		}
	}
}
