package data

import (
	"bytes"
	"strings"
	"testing"
)

func TestLabelledIsAPartOfItsSource(t *testing.T) {
	from := Shapes{Train: 400, Test: 50}
	few, err := Labelled{From: from, Subset: Subset{PerClass: 3, Seed: 5}}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer few.Close()
	whole, err := from.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	if few.Len() != 3*len(whole.Classes()) {
		t.Fatalf("%d images, want 3 of each of %d classes", few.Len(), len(whole.Classes()))
	}
	height, width := few.Size()
	got, want := make([]uint8, height*width*3), make([]uint8, height*width*3)
	perClass := map[int]int{}
	for i, place := range few.(*clipsPart).Indices() {
		if err := few.Read(i, got); err != nil {
			t.Fatal(err)
		}
		if err := whole.Read(place, want); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) || few.Label(i) != whole.Label(place) {
			t.Fatalf("image %d is not image %d of the source", i, place)
		}
		perClass[few.Label(i)]++
	}
	for class, n := range perClass {
		if n != 3 {
			t.Errorf("class %d has %d images, want 3", class, n)
		}
	}
	other, err := Labelled{From: from, Subset: Subset{PerClass: 3, Seed: 6}}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	if other.Fingerprint() == few.Fingerprint() {
		t.Error("another choice has the same fingerprint")
	}
}

func TestLabelledErrorsNameTheSource(t *testing.T) {
	_, err := Labelled{From: Shapes{Train: 20}, Subset: Subset{PerClass: 1000}}.Open(Train)
	if err == nil || !strings.Contains(err.Error(), "shapes") {
		t.Errorf("too few images: %v", err)
	}
}
