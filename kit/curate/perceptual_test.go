package curate

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"sslkit/data"
)

// worlds are the sets that copies are planted in.
var worlds = []struct {
	name   string
	open   func(t *testing.T) data.Set
	copies int
}{
	{"shapes", func(t *testing.T) data.Set { return shapes(t, 2000/smaller) }, 400 / smaller},
	{"CIFAR-10", func(t *testing.T) data.Set { return cifar(t, 4000/smaller) }, 800 / smaller},
	{"X-rays", func(t *testing.T) data.Set { return xrays(t, 2000/smaller) }, 400 / smaller},
	{"COCO", coco, 128 / smaller},
}

// The sets' own duplicates that are bit for bit the same are not counted; near
// ones that they have (CIFAR-10 does) count as false.
func TestPerceptualFindsPlantedCopies(t *testing.T) {
	for _, world := range worlds {
		t.Run(world.name, func(t *testing.T) {
			set := world.open(t)
			own, err := Exact{}.Groups(set)
			if err != nil {
				t.Fatal(err)
			}
			p := plant(t, set, world.copies, copyings)
			groups, err := Perceptual{}.Groups(p)
			if err != nil {
				t.Fatal(err)
			}
			precision, recall := p.score(t, world.name, pairsOf(groups), pairsOf(own))
			if precision < 0.95 || recall < 0.95 {
				t.Errorf("precision %.4f, recall %.4f, want at least 0.95", precision, recall)
			}
			p = plant(t, set, world.copies/2, hard)
			if groups, err = (Perceptual{}).Groups(p); err != nil {
				t.Fatal(err)
			}
			p.score(t, world.name+", not promised", pairsOf(groups), pairsOf(own))
		})
	}
}

// TestPerceptualThresholds prints what the default was chosen by.
func TestPerceptualThresholds(t *testing.T) {
	p := plant(t, cifar(t, 2000/smaller), 400/smaller, copyings)
	looks, err := looksOf("set", p)
	if err != nil {
		t.Fatal(err)
	}
	for _, distance := range []int{6, 10, 14, 18} {
		for _, similarity := range []float64{0.95, 0.97, 0.99} {
			found := newForest(len(looks))
			Perceptual{Distance: distance, Similarity: similarity}.scan(looks, looks, found.joined,
				func(i, j int, _ float64) { found.join(i, j) })
			p.score(t, fmt.Sprintf("CIFAR-10, %d bits, %g", distance, similarity), pairsOf(found.groups()), nil)
		}
	}
}

func TestPerceptualLeaks(t *testing.T) {
	for _, world := range worlds {
		t.Run(world.name, func(t *testing.T) {
			set := world.open(t)
			own, err := Exact{}.Groups(set)
			if err != nil {
				t.Fatal(err)
			}
			// The training set is the set, the test set is only copies of some of
			// it: a pair of an image with the copy of another is wrong.
			p := plant(t, set, world.copies, copyings)
			leaks, err := Perceptual{}.Leaks(p.part(0, p.n), p.part(p.n, p.Len()))
			if err != nil {
				t.Fatal(err)
			}
			var pairs [][2]int
			for _, leak := range leaks {
				pairs = append(pairs, [2]int{leak.Train, p.n + leak.Test})
				if leak.Similarity < 0.97 || leak.Similarity > 1 {
					t.Errorf("similarity %g", leak.Similarity)
				}
			}
			precision, recall := p.score(t, world.name+" leaks", pairs, pairsOf(own))
			if precision < 0.95 || recall < 0.95 {
				t.Errorf("precision %.4f, recall %.4f, want at least 0.95", precision, recall)
			}
		})
	}
}

// An image of another size can be the same, and a set without copies has none.
func TestPerceptualLeaksAcrossSizes(t *testing.T) {
	large := opened(t, data.Shapes{Train: 40, Size: 64})
	height, width := 48, 48
	small := &pictures{height: height, width: width}
	for i := range 10 {
		pix := make([]uint8, 64*64*3)
		if err := large.Read(3*i, pix); err != nil {
			t.Fatal(err)
		}
		small.add(resized(nrgba(pix, 64, 64), width, height))
	}
	leaks, err := Perceptual{}.Leaks(large, small)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 3, 6, 9, 12, 15, 18, 21, 24, 27}; !slices.Equal(leaks.Train(), want) || len(leaks.Test()) != 10 {
		t.Errorf("training images %v leaked, want %v", leaks.Train(), want)
	}
	leaks, err = Perceptual{}.Leaks(shapes(t, 300), opened(t, data.Shapes{Train: 300, Seed: 5}))
	if err != nil || len(leaks) != 0 {
		t.Errorf("different worlds share %v, %v", leaks, err)
	}
}

// Blank images are no copies of each other, and many of them no burden.
func TestPerceptualBlankImages(t *testing.T) {
	p := &pictures{height: 32, width: 32}
	for i := range 50 {
		p.pix = append(p.pix, slices.Repeat([]uint8{uint8(i / 2)}, 32*32*3))
	}
	if groups, err := (Perceptual{}).Groups(p); err != nil || len(groups) != 0 {
		t.Errorf("groups %v, %v", groups, err)
	}
	if groups, err := (Exact{}).Groups(p); err != nil || len(groups) != 25 {
		t.Errorf("%d exact groups, %v, want 25", len(groups), err)
	}
}

func TestPerceptualDoesNotDependOnCores(t *testing.T) {
	p := plant(t, shapes(t, 600/smaller), 200/smaller, copyings)
	want, err := Perceptual{Similarity: 0.9}.Groups(p)
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	got, err := Perceptual{Similarity: 0.9}.Groups(p)
	if err != nil || !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%d groups on one core and %d on all, %v", len(got), len(want), err)
	}
}

func TestPerceptualBadInput(t *testing.T) {
	set, empty := shapes(t, 10), &pictures{height: 32, width: 32}
	for _, bad := range []struct {
		p     Perceptual
		parts string
	}{
		{Perceptual{Distance: -1}, "curate.Perceptual: Distance is -1"},
		{Perceptual{Distance: 64}, "curate.Perceptual: Distance is 64"},
		{Perceptual{Similarity: 1.5}, "curate.Perceptual: Similarity is 1.5"},
		{Perceptual{Similarity: -0.5}, "curate.Perceptual: Similarity is -0.5"},
	} {
		_, err := bad.p.Groups(set)
		wantError(t, err, bad.parts)
		_, err = bad.p.Leaks(set, set)
		wantError(t, err, bad.parts)
	}
	_, err := Perceptual{}.Groups(nil)
	wantError(t, err, "Perceptual", "set is empty")
	_, err = Perceptual{}.Leaks(empty, set)
	wantError(t, err, "Perceptual", "train is empty")
	_, err = Perceptual{}.Leaks(set, nil)
	wantError(t, err, "Perceptual", "test is empty")
	_, err = Exact{}.Groups(empty)
	wantError(t, err, "Exact", "set is empty")
	_, err = Exact{}.Leaks(nil, set)
	wantError(t, err, "Exact", "train is empty")
	_, err = Exact{}.Leaks(set, empty)
	wantError(t, err, "Exact", "test is empty")
	_, err = Exact{}.Groups(broken{set})
	wantError(t, err, "Exact: set", "image 7", "disk on fire")
}
