package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/disintegration/imaging"
)

func TestShapesClipsBeginWithTheirImage(t *testing.T) {
	world := Shapes{Train: 40, Seed: 3}
	set, err := world.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	const size = 32 * 32 * 3
	image, clip := make([]uint8, size), make([]uint8, 4*size)
	alone := 0
	for i := range set.Len() {
		if err := set.Read(i, image); err != nil {
			t.Fatal(err)
		}
		if err := set.(Clips).ReadClip(i, 4, clip); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(clip[:size], image) {
			t.Fatalf("frame 0 of clip %d is not its image", i)
		}
		if bytes.Equal(clip[size:2*size], image) {
			t.Errorf("nothing moves in clip %d", i)
		}
		video := world.Video(Train, i, 4)
		if len(video.Classes) > 1 {
			continue
		}
		alone++
		for f, frame := range video.Frames { // Without companions it is the video.
			if !bytes.Equal(frame.Pix, clip[f*size:(f+1)*size]) {
				t.Errorf("frame %d of clip %d is not that of the video", f, i)
			}
		}
	}
	if alone == 0 {
		t.Error("no video of one object to compare with")
	}
	wantError(t, set.(Clips).ReadClip(40, 4, clip), "image 40")
	wantError(t, set.(Clips).ReadClip(0, 3, clip), "3 images")
}

func TestShapesInstancesAreViewsOfOneObject(t *testing.T) {
	const size = 32 * 32 * 3
	world := Shapes{Train: 20, Seed: 3}
	set, err := world.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	views := world.Views(Train, 7, 4)
	which := func(n int, draw uint64) []int {
		pix := make([]uint8, n*size)
		if err := set.(Instances).ReadInstances(7, n, draw, pix); err != nil {
			t.Fatal(err)
		}
		var found []int
		for k := range n {
			found = append(found, slices.IndexFunc(views, func(v Sample) bool { return bytes.Equal(v.Pix, pix[k*size:(k+1)*size]) }))
		}
		return found
	}
	second := map[int]bool{}
	for draw := range uint64(50) {
		got := which(4, draw)
		second[got[1]] = true
		if got[0] != 0 || !slices.Equal(slices.Sorted(slices.Values(got)), []int{0, 1, 2, 3}) {
			t.Fatalf("draw %d: views %v, want 0 and the others once", draw, got)
		}
		if !slices.Equal(got, which(4, draw)) || !slices.Equal(got[:2], which(2, draw)) {
			t.Fatalf("draw %d is no pure function, or depends on how many are asked for", draw)
		}
	}
	if len(second) != 3 {
		t.Errorf("the second image was one of %v, want all of 1, 2 and 3", second)
	}
	if got := which(7, 1); !slices.Equal(slices.Sorted(slices.Values(got[1:4])), []int{1, 2, 3}) ||
		!slices.Equal(slices.Sorted(slices.Values(got[4:])), []int{1, 2, 3}) {
		t.Errorf("views %v, want 1, 2 and 3 before any comes again", got)
	}

	one, err := Shapes{Train: 20, Seed: 3, Instances: 1}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	pair := make([]uint8, 2*size)
	if err := one.(Instances).ReadInstances(7, 2, 5, pair); err != nil || !bytes.Equal(pair[:size], pair[size:]) {
		t.Errorf("an object of one picture does not give it twice (%v)", err)
	}
	if one.Fingerprint() != set.Fingerprint() {
		t.Error("the number of instances changes the fingerprint of the images")
	}
	wantError(t, one.(Instances).ReadInstances(7, 0, 5, nil), "at least 1")
	_, err = Shapes{Instances: -1}.Open(Train)
	wantError(t, err, "data.Shapes: Instances", "-1")
}

func TestImageFolderInstancesShareAnObject(t *testing.T) {
	files := tree{"train/sick/lonely.png": photo(t, 30), "test/sick/patient9_0.png": photo(t, 90)}
	for p := range 3 {
		for k := range 4 {
			files[fmt.Sprintf("train/%s/patient%d_%d.png", []string{"sick", "well"}[k%2], p, k)] = photo(t, 10*p+k)
		}
	}
	folder := files.folder(t)
	set := openFolder(t, ImageFolder{Path: folder, Size: 8, Object: `(patient\d+)_`}, Train)
	plain := openFolder(t, ImageFolder{Path: folder, Size: 8}, Train)
	if set.Fingerprint() != plain.Fingerprint() {
		t.Error("naming objects changes the images")
	}
	pix := make([]uint8, 4*8*8*3)
	for i := range set.Len() {
		for draw := range uint64(10) {
			if err := set.ReadInstances(i, 4, draw, pix); err != nil {
				t.Fatal(err)
			}
			got := shade(pix, 8)
			want := []int{30, 30, 30, 30}
			if first := got[0]; first < 30 {
				want = []int{first / 10 * 10, first/10*10 + 1, first/10*10 + 2, first/10*10 + 3}
			}
			if !slices.Equal(slices.Sorted(slices.Values(got)), want) {
				t.Errorf("%s: images %v, want %v", set.Path(i), got, want)
			}
			if err := plain.ReadInstances(i, 4, draw, pix); err != nil || slices.Max(shade(pix, 8)) != slices.Min(shade(pix, 8)) {
				t.Errorf("%s: images %v of an object of one, %v", set.Path(i), shade(pix, 8), err)
			}
		}
	}
}

func TestImageFolderHoldsObjectsOutTogether(t *testing.T) {
	files := tree{}
	for p := range 60 {
		for k := range 3 {
			files[fmt.Sprintf("scans/p%02d-%d.png", p, k)] = photo(t, p)
		}
	}
	folder := files.folder(t)
	total := 0
	seen := map[string]Split{}
	for _, split := range []Split{Train, Test} {
		set := openFolder(t, ImageFolder{Path: folder, Size: 4, Object: `(p\d+)-`}, split)
		total += set.Len()
		for i := range set.Len() {
			patient := set.Path(i)[:len("scans/p00")]
			if before, twice := seen[patient]; twice && before != split {
				t.Errorf("%s is in %s and in %s", patient, before, split)
			}
			seen[patient] = split
		}
	}
	if total != 180 {
		t.Errorf("%d images in both splits, want 180", total)
	}
	for _, bad := range []string{"(", "patient"} {
		wantError(t, openError(t, ImageFolder{Path: folder, Object: bad}, Train), "data.ImageFolder: Object")
	}
}

func TestItemLoaderIsAFunctionOfSeedAndStep(t *testing.T) {
	const size = 32 * 32 * 3
	set, err := Shapes{Train: 30}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	read := func(item Item, seed uint64, start int) map[int]Batch {
		l := NewItemLoader(set, item, Order{Len: 30, Batch: 5, Seed: seed}, start, 12)
		defer l.Close()
		batches := map[int]Batch{}
		for {
			b, err := l.Next()
			if err == io.EOF {
				return batches
			}
			if err != nil {
				t.Fatal(err)
			}
			batches[b.Step] = b
		}
	}
	plain, pairs := read(Item{}, 4, 0), read(Item{Instances: 2}, 4, 0)
	resumed := read(Item{Instances: 2}, 4, 7)
	for step, b := range pairs {
		if b.Images != 2 || plain[step].Images != 1 || len(b.Pix) != 5*2*size || !slices.Equal(b.Indices, plain[step].Indices) {
			t.Fatalf("step %d: %d images of each of %v", step, b.Images, b.Indices)
		}
		for k := range b.Indices {
			if !bytes.Equal(b.Pix[2*k*size:(2*k+1)*size], plain[step].Pix[k*size:(k+1)*size]) {
				t.Fatalf("step %d: the first image of item %d is another than without instances", step, k)
			}
		}
		if step >= 7 && !bytes.Equal(b.Pix, resumed[step].Pix) {
			t.Errorf("step %d differs where the loader starts at step 7", step)
		}
	}
	differ := false // Two epochs of 6 steps: the same image comes with another.
	second := func(b Batch, index int) []uint8 {
		k := slices.Index(b.Indices, index)
		if k < 0 {
			return nil
		}
		return b.Pix[(2*k+1)*size : (2*k+2)*size]
	}
	for step := range 6 {
		for later := 6; later < 12; later++ {
			for _, index := range pairs[step].Indices {
				if other := second(pairs[later], index); other != nil && !bytes.Equal(other, second(pairs[step], index)) {
					differ = true
				}
			}
		}
	}
	if !differ {
		t.Error("every image has the same partner in both epochs")
	}
	clips := read(Item{Frames: 3}, 4, 11)
	want, err := Item{Frames: 3}.Pixels(set, clips[11].Indices, 0)
	if err != nil || !bytes.Equal(clips[11].Pix, want) {
		t.Errorf("the clips of a step are not those of its images (%v)", err)
	}
}

func TestItemsThatASetCannotGive(t *testing.T) {
	plain := &countingSet{n: 20}
	next := func(set Set, item Item) error {
		l := NewItemLoader(set, item, Order{Len: set.Len(), Batch: 2}, 0, 1)
		defer l.Close()
		_, err := l.Next()
		return err
	}
	wantError(t, next(plain, Item{Frames: 2}), "counting/train", "no video clips")
	wantError(t, next(plain, Item{Frames: -2}), "data.Item: Frames")
	wantError(t, next(plain, Item{Instances: -2}), "data.Item: Instances")
	wantError(t, next(plain, Item{Frames: 2, Instances: 2}), "set one")
	if err := next(plain, Item{Instances: 3}); err != nil {
		t.Error(err)
	}
	pix, err := Item{Instances: 2}.Pixels(plain, []int{4, 9}, 0)
	if err != nil || pix[0] != 4 || pix[18] != 4 || pix[36] != 9 || pix[54] != 9 {
		t.Errorf("%v: a set without objects does not give each image twice", err)
	}
	_, err = Item{Instances: 2}.Pixels(&countingSet{n: 20, fail: 4}, []int{3, 4}, 0)
	wantError(t, err, "image 4", "unreadable")
	if errors.Is(err, io.EOF) {
		t.Error("a failed read looks like the end")
	}
}

func TestLabelledGivesClipsButNoOtherInstances(t *testing.T) {
	few, err := Labelled{From: Shapes{Train: 100}, Subset: Subset{PerClass: 2, Seed: 5}}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Shapes{Train: 100}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	place := few.(*clipsPart).Indices()[3]
	got, errGot := Item{Frames: 3}.Pixels(few, []int{3}, 0)
	want, errWant := Item{Frames: 3}.Pixels(whole, []int{place}, 0)
	if errGot != nil || errWant != nil || !bytes.Equal(got, want) {
		t.Errorf("the clip is not that of the source's image (%v, %v)", errGot, errWant)
	}
	if _, ok := few.(Instances); ok {
		t.Error("a labelled part lets images in that were not chosen")
	}
	folder, err := Labelled{From: ImageFolder{Cache: t.TempDir(), Path: tree{"train/a/1.png": photo(t, 1),
		"train/a/2.png": pngOf(t, imaging.New(9, 9, orange))}.folder(t)}, Subset: Subset{PerClass: 1}}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if _, ok := folder.(Clips); ok {
		t.Error("a part of single images claims to have clips")
	}
}
