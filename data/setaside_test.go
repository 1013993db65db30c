package data

import (
	"slices"
	"strings"
	"testing"
)

func TestSetAsideDividesTheLabelledImages(t *testing.T) {
	from := Labelled{From: Shapes{Train: 400, Test: 50}, Subset: Subset{PerClass: 10, Seed: 1}}
	few, err := from.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer few.Close()
	source := SetAside{From: from, Fraction: .2, Seed: 3}
	var places []int
	for split, perClass := range map[Split]int{Train: 8, Validation: 2} {
		set, err := source.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		counts := make([]int, len(set.Classes()))
		for i, place := range set.(*clipsPart).Indices() {
			if set.Label(i) != few.Label(place) {
				t.Fatalf("%s image %d has another label than in the source", split, i)
			}
			counts[set.Label(i)]++
			places = append(places, place)
		}
		for class, count := range counts {
			if count != perClass {
				t.Errorf("%s: %d images of class %d, want %d", split, count, class, perClass)
			}
		}
	}
	slices.Sort(places)
	for i, place := range places {
		if i != place {
			t.Fatalf("the two parts together are not the source: %v", places)
		}
	}
	test, err := source.Open(Test)
	if err != nil {
		t.Fatal(err)
	}
	defer test.Close()
	if test.Len() != 50 {
		t.Errorf("%d test images, want the source's 50", test.Len())
	}
}

func TestSetAsideDividesImagesWithoutClasses(t *testing.T) {
	t.Parallel()
	source := SetAside{From: Scenes{Train: 20, Test: 5}, Fraction: .25, Seed: 1}
	var places []int
	for split, want := range map[Split]int{Train: 15, Validation: 5, Test: 5} {
		set, err := source.Open(split)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		if set.Len() != want {
			t.Errorf("%s has %d images, want %d", split, set.Len(), want)
		}
		if objects, err := ObjectsIn(set); err != nil || len(objects.ObjectsOf(0)) == 0 {
			t.Errorf("%s: no objects, %v", split, err)
		}
		if split != Test {
			places = append(places, set.(interface{ Indices() []int }).Indices()...)
		}
	}
	slices.Sort(places)
	if len(slices.Compact(places)) != 20 {
		t.Errorf("the two parts together are not the source: %v", places)
	}
}

func TestSetAsideLeavesAnImageOfEachClass(t *testing.T) {
	from := Labelled{From: Shapes{Train: 100}, Subset: Subset{PerClass: 2, Seed: 1}}
	for fraction, want := range map[float64]int{.01: 10, .99: 10} { // One of two either way.
		set, err := SetAside{From: from, Fraction: fraction}.Open(Validation)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		if set.Len() != want {
			t.Errorf("fraction %g sets %d aside, want %d", fraction, set.Len(), want)
		}
	}
}

func TestSetAsideErrorsNameTheField(t *testing.T) {
	for want, source := range map[string]SetAside{
		"Fraction is 1":      {From: Shapes{Train: 100}, Fraction: 1},
		"Fraction is 0":      {From: Shapes{Train: 100}},
		"class 0 has 1 lab":  {From: Labelled{From: Shapes{Train: 100}, Subset: Subset{PerClass: 1}}, Fraction: .5},
		"shapes-1-per-class": {From: Labelled{From: Shapes{Train: 100}, Subset: Subset{PerClass: 1}}, Fraction: .5},
	} {
		if _, err := source.Open(Train); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
