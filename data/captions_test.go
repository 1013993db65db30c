package data

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// described is a set of n images of one pixel that say their number, with so many captions of each
// that say it too.
type described struct {
	countingSet
	captions int
}

func (s *described) Captions(i int) []string {
	var captions []string
	for k := range s.captions {
		captions = append(captions, fmt.Sprintf("caption %d of image %d", k, i))
	}
	return captions
}

func TestShapesCaptionsAreThoseOfTheSamples(t *testing.T) {
	world := Shapes{Train: 50, Seed: 4}
	set, err := world.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	captions, err := Captions(set)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range captions {
		s := world.Sample(Train, i)
		var extent, place, onIt string
		if n, err := fmt.Sscanf(s.Caption, "a %s ", &extent); n != 1 {
			t.Fatal(err)
		}
		_, place, _ = strings.Cut(s.Caption, " at the ")
		place, onIt, _ = strings.Cut(place, " on a ")
		ground, shape := strings.Fields(onIt)[0], ShapeClasses()[s.Class]
		want := []string{
			s.Caption, fmt.Sprintf("a %s %s %s at the %s", extent, s.Colour, shape, place),
			fmt.Sprintf("a %s %s %s on a %s background", s.Colour, s.Texture, shape, ground), fmt.Sprintf("a %s %s", s.Colour, shape),
		}
		if !slices.Equal(got, want) || ground != ShapeGroups()[s.Group] {
			t.Errorf("image %d: captions %q, want %q", i, got, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("the captions of image 50 of 50 are no panic")
		}
	}()
	set.(Captioned).Captions(50)
}

// However the images are shuffled, a caption comes with its image.
func TestLoaderKeepsCaptionsWithTheirImages(t *testing.T) {
	set := &described{countingSet{n: 40}, 3}
	read := func(seed uint64, start int) map[int]Batch {
		l := NewItemLoader(set, Item{Captions: true}, Order{Len: 40, Batch: 8, Seed: seed}, start, 20)
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
	all, resumed := read(5, 0), read(5, 13)
	drawn := map[string]int{}
	for step, b := range all {
		for k, caption := range b.Captions {
			var which, image int
			if _, err := fmt.Sscanf(caption, "caption %d of image %d", &which, &image); err != nil {
				t.Fatal(err)
			}
			if size := len(b.Pix) / 8; image != b.Indices[k] || int(b.Pix[k*size]) != image {
				t.Errorf("step %d, place %d: %q with image %d, whose pixels say %d", step, k, caption, b.Indices[k], b.Pix[k*size])
			}
			drawn[caption]++
		}
		if step >= 13 && !slices.Equal(b.Captions, resumed[step].Captions) {
			t.Errorf("step %d has other captions where the loader starts at step 13", step)
		}
	}
	if len(drawn) < 80 { // Four epochs choose among 120, some twice: 96 are expected.
		t.Errorf("%d of 120 captions were read in four epochs: they are not drawn anew", len(drawn))
	}

	l := NewLoader(set, Order{Len: 40, Batch: 8}, 0, 1)
	defer l.Close()
	if b, err := l.Next(); err != nil || b.Captions != nil {
		t.Errorf("captions %q that nobody asked for, %v", b.Captions, err)
	}
}

func TestCaptionsThatASetCannotGive(t *testing.T) {
	_, err := Captions(&countingSet{n: 3})
	wantError(t, err, "counting/train", "no captions")
	_, err = Captions(&described{countingSet{n: 3}, 0})
	wantError(t, err, "image 0 has no caption")
	wantError(t, Item{Captions: true}.Check(&countingSet{n: 3}), "no captions")
	part, err := Labelled{From: countingSource{}, Subset: Subset{}}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, Item{Captions: true}.Check(part), "image 0 has no caption")
}

// countingSource opens a set without captions.
type countingSource struct{}

func (countingSource) Name() string              { return "counting" }
func (countingSource) Open(_ Split) (Set, error) { return &countingSet{n: 4}, nil }

func TestChosenAndRelabelledImagesKeepTheirCaptions(t *testing.T) {
	world := Shapes{Train: 60, Seed: 2}
	few := Subset{PerClass: 2, Seed: 3}
	chosen, err := Labelled{From: world, Subset: few}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	for i, place := range chosen.(interface{ Indices() []int }).Indices() {
		if got := chosen.(Captioned).Captions(i)[0]; got != world.Sample(Train, place).Caption {
			t.Errorf("image %d, number %d of the source: %q", i, place, got)
		}
	}
	partly, err := PartlyLabelled{From: world, Subset: few}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	for i := range partly.Len() {
		if got := partly.(Captioned).Captions(i)[0]; got != world.Sample(Train, i).Caption {
			t.Errorf("image %d: %q", i, got)
		}
	}
}

func TestWordsAndNamed(t *testing.T) {
	for text, want := range map[string]string{
		"A large, RED star!": "a large red star", "": "", " - ": "", "x-ray no. 7\n": "x ray no 7",
		"Ärger über cafés": "ärger über cafés",
	} {
		if got := strings.Join(Words(text), " "); got != want {
			t.Errorf("the words of %q are %q, want %q", text, got, want)
		}
	}
	combinations := [][]string{{"red", "ring"}, {"Star", "RED"}, {"star"}}
	for caption, want := range map[string]int{
		"a red plain star": 1, "a star, red": 1, "the ring is red, not the star": 0, "a blue star": 2, "a ring": -1,
		"starred rings": -1, "": -1,
	} {
		if got := Named(caption, combinations); got != want {
			t.Errorf("%q names combination %d, want %d", caption, got, want)
		}
	}
}

func TestHeldOutLeavesNoneOfTheCombinations(t *testing.T) {
	world := Shapes{Train: 2000, Validation: 100, Test: 100, Seed: 6}
	source := HeldOut{From: world, Combinations: [][]string{{"red", "star"}, {"blue", "ring"}, {"green", "circle"}}}
	set, err := source.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	heldOut := func(s Sample) bool {
		shape := ShapeClasses()[s.Class]
		return s.Colour == "red" && shape == "star" || s.Colour == "blue" && shape == "ring" ||
			s.Colour == "green" && shape == "circle"
	}
	want := 0
	for i := range 2000 {
		if !heldOut(world.Sample(Train, i)) {
			want++
		}
	}
	if set.Len() != want || want > 1960 {
		t.Errorf("%d of 2000 images are left, want %d", set.Len(), want)
	}
	pix := make([]uint8, 32*32*3)
	for i, place := range set.(interface{ Indices() []int }).Indices() {
		sample := world.Sample(Train, place)
		if heldOut(sample) {
			t.Fatalf("image %d, %q, is still there", place, sample.Caption)
		}
		if got := set.(Captioned).Captions(i)[0]; got != sample.Caption || set.Label(i) != sample.Class {
			t.Fatalf("image %d is %q, class %d, want %q, %d", i, got, set.Label(i), sample.Caption, sample.Class)
		}
		if err := set.Read(i, pix); err != nil || !bytes.Equal(pix, sample.Pix) {
			t.Fatalf("image %d has the pixels of another (%v)", i, err)
		}
	}
	for _, split := range []Split{Validation, Test} {
		other, err := source.Open(split)
		if err != nil || other.Len() != 100 || !strings.HasPrefix(other.Name(), "shapes/") {
			t.Errorf("%s: %v, %v", split, other, err)
		}
	}
	if set.Name() != "shapes-without-3-combinations/train" {
		t.Error(set.Name())
	}
	fewer := source
	fewer.Combinations = fewer.Combinations[:2]
	other, err := fewer.Open(Train)
	if err != nil || other.Fingerprint() == set.Fingerprint() {
		t.Errorf("fewer combinations have the same fingerprint (%v)", err)
	}
}

func TestHeldOutNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		source HeldOut
		parts  []string
	}{
		{HeldOut{Combinations: [][]string{{"red"}}}, []string{"data.HeldOut: From"}},
		{HeldOut{From: Shapes{}}, []string{"data.HeldOut: Combinations is empty"}},
		{HeldOut{From: Shapes{}, Combinations: [][]string{{"red"}, {}}}, []string{"data.HeldOut: Combinations[1]"}},
		{HeldOut{From: Shapes{}, Combinations: [][]string{{"red star"}}}, []string{"data.HeldOut: Combinations[0]", "one word"}},
		{HeldOut{From: Shapes{Train: 100}, Combinations: [][]string{{"a"}}}, []string{"leave no image", "shapes"}},
		{HeldOut{From: Shapes{Train: 100}, Combinations: [][]string{{"red"}, {"purpel", "star"}}}, []string{"[1]", "purpel"}},
		{HeldOut{From: countingSource{}, Combinations: [][]string{{"a"}}}, []string{"counting", "no captions"}},
	} {
		_, err := c.source.Open(Train)
		wantError(t, err, c.parts...)
	}
}

// Pictures with captions in another order than the pictures, two of one of them.
func TestCaptionFile(t *testing.T) {
	files := tree{"train/cat/1.png": photo(t, 1), "train/cat/2.png": photo(t, 2), "train/dog/3.png": photo(t, 3),
		"test/dog/3.png": photo(t, 4),
		"captions.tsv": []byte("# Of four pictures.\n\n3.png\ta dog\ntrain/cat/2.png\ta second cat\r\n1.png\ta cat\n" +
			"1.png\tone cat\n"),
		"captions.json": []byte(`{
			"images": [{"id": 7, "file_name": "3.png"}, {"id": 1, "file_name": "1.png"}, {"id": 2, "file_name": "2.png"}],
			"annotations": [{"image_id": 2, "caption": "a second cat"}, {"image_id": 7, "caption": "a dog"},
				{"image_id": 1, "caption": "a cat"}, {"image_id": 1, "caption": "one cat "}]}`)}
	folder := files.folder(t)
	source := func(captions string) CaptionFile {
		return CaptionFile{From: ImageFolder{Path: folder, Size: 8, Cache: t.TempDir()}, Path: folder + "/" + captions}
	}
	fingerprints := map[string]bool{}
	for _, name := range []string{"captions.tsv", "captions.json"} {
		set, err := source(name).Open(Train)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		got, err := Captions(set)
		if err != nil {
			t.Fatal(err)
		}
		want := [][]string{{"a cat", "one cat"}, {"a second cat"}, {"a dog"}}
		if !slices.EqualFunc(got, want, slices.Equal[[]string]) || set.Name() != "pets-captioned/train" || set.Label(2) != 1 {
			t.Errorf("%s: %q", set.Name(), got)
		}
		if err := set.(Instances).ReadInstances(0, 2, 1, make([]uint8, 2*8*8*3)); err != nil {
			t.Error(err)
		}
		fingerprints[set.Fingerprint()] = true
	}
	if len(fingerprints) != 1 {
		t.Error("the same captions in another layout have another fingerprint")
	}
	write(t, folder+"/captions.tsv", []byte("3.png\ta dog\n2.png\ta second dog\n1.png\ta cat\n"))
	other, err := source("captions.tsv").Open(Train)
	if err != nil || fingerprints[other.Fingerprint()] {
		t.Errorf("other captions have the same fingerprint (%v)", err)
	}

	// As some editors and programs write it: with a mark of UTF-8, and with very long lines.
	long := strings.Repeat("long ", 100_000)
	write(t, folder+"/captions.tsv", []byte("\ufeff1.png\ta cat\n2.png\ta cat\n3.png\ta "+long+"\n"))
	if set, err := source("captions.tsv").Open(Train); err != nil {
		t.Error(err)
	} else if captions, err := Captions(set); err != nil || captions[2][0] != strings.TrimSpace("a "+long) {
		t.Errorf("a long caption of %d bytes, %v", len(captions[2][0]), err)
	}
	write(t, folder+"/captions.json", []byte("\ufeff"+string(files["captions.json"])))
	if _, err := source("captions.json").Open(Train); err != nil {
		t.Error(err)
	}

	for content, parts := range map[string][]string{
		"1.png\ta cat\n2.png\ta caf\xe9\n":         {"line 2", "UTF-8"},
		"1.png\ta cat\n2.png\ta cat\n":             {"train/dog/3.png", "no caption"},
		"1.png a cat\n":                            {"line 1", "a tab"},
		"1.png\ta cat\n\t2.png\ta cat\n":           {"line 2", "an image"},
		"1.png\ta cat\n2.png\t\n":                  {"line 2"},
		"3.png\ta dog\n1.png\t1\n2.png\t2\n4\t \n": {"line 4"},
	} {
		write(t, folder+"/captions.tsv", []byte(content))
		_, err := source("captions.tsv").Open(Train)
		wantError(t, err, append(parts, "captions.tsv")...)
	}
	for content, parts := range map[string][]string{
		`[`: {"captions.json"},
		"{\"images\":[{\"id\":1,\"file_name\":\"\xe9.png\"}]}":                   {"UTF-8"},
		`{"images":[{"id":1,"file_name":"1.png"},{"id":1,"file_name":"2.png"}]}`: {"images[1] is 2.png", "the id 1", "1.png"},
		`{"images":[{"id":1}]}`:              {"images[0]", "file_name"},
		`{"images":[{"file_name":"1.png"}]}`: {"images[0]", "no id"},
		`{"images":[{"id":0,"file_name":"1.png"}],"annotations":[{"caption":"x"}]}`:              {"annotations[0]", "no image_id"},
		`{"annotations":[{"image_id":5,"caption":"x"}]}`:                                         {"annotations[0]", "image 5"},
		`{"images":[{"id":1,"file_name":"1.png"}],"annotations":[{"image_id":1,"caption":" "}]}`: {"annotations[0]", "1.png"},
	} {
		write(t, folder+"/captions.json", []byte(content))
		_, err := source("captions.json").Open(Train)
		wantError(t, err, parts...)
	}
	_, err = source("nowhere.tsv").Open(Train)
	wantError(t, err, "nowhere.tsv")
	_, err = CaptionFile{From: source("").From}.Open(Train)
	wantError(t, err, "data.CaptionFile: Path")

	write(t, folder+"/train/cat/3.png", photo(t, 5)) // Two images end in 3.png.
	write(t, folder+"/captions.tsv", []byte("3.png\ta dog\n2.png\ta cat\n1.png\ta cat\n"))
	_, err = source("captions.tsv").Open(Train)
	wantError(t, err, "3.png", "train/cat/3.png", "train/dog/3.png")
}
