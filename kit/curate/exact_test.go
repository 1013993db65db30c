package curate

import (
	"errors"
	"image"
	"slices"
	"testing"

	"github.com/disintegration/imaging"

	"sslkit/data"
)

// broken is a set that one image of cannot be read.
type broken struct{ data.Set }

func (b broken) Read(i int, pix []uint8) error {
	if i == 7 {
		return errors.New("disk on fire")
	}
	return b.Set.Read(i, pix)
}

func resized(m image.Image, width, height int) image.Image {
	return imaging.Resize(m, width, height, imaging.Lanczos)
}

func TestExactFindsPlantedCopies(t *testing.T) {
	p := plant(t, shapes(t, 500), 100, copyings[:1])
	groups, err := Exact{}.Groups(p)
	if err != nil {
		t.Fatal(err)
	}
	precision, recall := p.score(t, "shapes, bit for bit", pairsOf(groups), nil)
	if precision != 1 || recall != 1 {
		t.Errorf("precision %g, recall %g, want 1", precision, recall)
	}
	leaks, err := Exact{}.Leaks(p.part(0, p.n), p.part(p.n, p.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for k, leak := range leaks {
		if leak.Test != k || leak.Train != p.of[k] || leak.Similarity != 1 {
			t.Errorf("leak %+v, want image %d of image %d", leak, p.of[k], k)
		}
	}
	if len(leaks) != 100 {
		t.Errorf("%d leaks, want 100", len(leaks))
	}
	// A copy with one pixel of another level is another image.
	p.pix[p.n][5] ^= 1
	if groups, err = (Exact{}).Groups(p); err != nil || len(groups) != 99 {
		t.Errorf("%d groups, %v, want 99", len(groups), err)
	}
	if leaks, err := (Exact{}).Leaks(p, opened(t, data.Shapes{Train: 10, Size: 64})); err != nil || len(leaks) != 0 {
		t.Errorf("sets of different sizes share %v, %v", leaks, err)
	}
}

func TestGroups(t *testing.T) {
	f := newForest(9)
	for _, pair := range [][2]int{{8, 3}, {3, 5}, {1, 0}, {5, 8}} {
		f.join(pair[0], pair[1])
	}
	groups := f.groups()
	if !slices.EqualFunc(groups, Groups{{0, 1}, {3, 5, 8}}, slices.Equal) {
		t.Fatalf("groups %v", groups)
	}
	if !slices.Equal(groups.Drop(), []int{1, 5, 8}) || !slices.Equal(groups.Keep(9), []int{0, 2, 3, 4, 6, 7}) {
		t.Errorf("drop %v, keep %v", groups.Drop(), groups.Keep(9))
	}
	labels := []int{1, 1, 0, -1, 0, 2, 0, 0, 2}
	if conflicts, err := groups.Conflicts(labels); err != nil || len(conflicts) != 0 {
		t.Errorf("conflicts %v, %v, want none: -1 is no label", conflicts, err)
	}
	labels[8] = 0
	if conflicts, err := groups.Conflicts(labels); err != nil || len(conflicts) != 1 || conflicts[0][0] != 3 {
		t.Errorf("conflicts %v, %v, want the second group", conflicts, err)
	}
	_, err := groups.Conflicts(labels[:8])
	wantError(t, err, "labels holds 8 values", "image 8")
	if keep := (Groups)(nil).Keep(3); !slices.Equal(keep, []int{0, 1, 2}) {
		t.Errorf("without duplicates, keep %v", keep)
	}
}

func TestLeaks(t *testing.T) {
	leaks := Leaks{{4, 1, 0.98}, {2, 1, 0.99}, {4, 0, 1}, {4, 1, 0.97}}.sorted()
	if !slices.Equal(leaks, Leaks{{4, 0, 1}, {2, 1, 0.99}, {4, 1, 0.98}}) {
		t.Errorf("sorted %v", leaks)
	}
	if !slices.Equal(leaks.Train(), []int{2, 4}) || !slices.Equal(leaks.Test(), []int{0, 1}) {
		t.Errorf("train %v, test %v", leaks.Train(), leaks.Test())
	}
}
