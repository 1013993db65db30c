package data

import (
	"bytes"
	"testing"
)

func TestPartlyLabelledKeepsAllImagesAndFewLabels(t *testing.T) {
	from := Shapes{Train: 400, Test: 50}
	few := Subset{PerClass: 3, Seed: 5}
	set, err := PartlyLabelled{From: from, Subset: few}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	whole, err := from.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	chosen, err := few.Indices(Labels(whole), len(whole.Classes()))
	if err != nil {
		t.Fatal(err)
	}
	labelled := map[int]bool{}
	for _, i := range chosen {
		labelled[i] = true
	}
	if set.Len() != 400 || set.Name() != "shapes-3-labels-per-class/train" {
		t.Errorf("%d images in %s", set.Len(), set.Name())
	}
	got, want := make([]uint8, 2*32*32*3), make([]uint8, 2*32*32*3)
	for i := range set.Len() {
		want := -1
		if labelled[i] {
			want = whole.Label(i)
		}
		if set.Label(i) != want {
			t.Fatalf("image %d has label %d, want %d", i, set.Label(i), want)
		}
	}
	// Clips and other pictures of an object are still to be had.
	for _, read := range []func(set Set, pix []uint8) error{
		func(set Set, pix []uint8) error { return set.(Clips).ReadClip(7, 2, pix) },
		func(set Set, pix []uint8) error { return set.(Instances).ReadInstances(7, 2, 9, pix) },
		func(set Set, pix []uint8) error { return set.Read(7, pix[:32*32*3]) },
	} {
		if err := read(set, got); err != nil {
			t.Fatal(err)
		}
		if err := read(whole, want); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Error("image 7 is not image 7 of the source")
		}
	}
}

func TestPartlyLabelledLeavesTheTestLabelsAlone(t *testing.T) {
	set, err := PartlyLabelled{From: Shapes{Train: 100, Test: 50}, Subset: Subset{PerClass: 1}}.Open(Test)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for i := range set.Len() {
		if set.Label(i) < 0 {
			t.Fatalf("test image %d has no label", i)
		}
	}
}

func TestPartlyLabelledNamesItsChoice(t *testing.T) {
	seen := map[string]Subset{}
	for _, subset := range []Subset{{}, {PerClass: 3}, {PerClass: 3, Seed: 1}, {Fraction: .1}} {
		set, err := PartlyLabelled{From: Shapes{Train: 400}, Subset: subset}.Open(Train)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[set.Fingerprint()]; ok {
			t.Errorf("%+v and %+v have the same fingerprint", subset, other)
		}
		seen[set.Fingerprint()] = subset
		set.Close()
	}
	_, err := PartlyLabelled{From: Shapes{Train: 20}, Subset: Subset{PerClass: 1000}}.Open(Train)
	wantError(t, err, "shapes-1000-labels-per-class", "1000")
}
