package data

import "testing"

func TestRelabelledReplacesTheTrainingLabels(t *testing.T) {
	labels := make([]int, 40)
	for i := range labels {
		labels[i] = i%11 - 1
	}
	source := Relabelled{From: Shapes{Train: 40, Test: 20}, Labels: labels}
	set, err := source.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for i, want := range labels {
		if set.Label(i) != want {
			t.Errorf("image %d has label %d, want %d", i, set.Label(i), want)
		}
	}
	fingerprint := set.Fingerprint()
	labels[3] = 9 // The set holds what it was opened with.
	if set.Label(3) != 2 {
		t.Error("the set changed with the slice")
	}
	other, err := source.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if other.Fingerprint() == fingerprint {
		t.Error("other labels have the same fingerprint")
	}
	test, err := source.Open(Test)
	if err != nil {
		t.Fatal(err)
	}
	defer test.Close()
	if test.Name() != "shapes/test" {
		t.Errorf("the test split is %s", test.Name())
	}
}

func TestRelabelledWithinLabelled(t *testing.T) {
	labels := make([]int, 40)
	for i := range labels {
		labels[i] = -1
	}
	for class := range 10 {
		labels[3*class] = class
	}
	set, err := Labelled{From: Relabelled{From: Shapes{Train: 40}, Labels: labels}}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if set.Len() != 10 || set.Label(4) != 4 {
		t.Errorf("%d images, the fifth of class %d", set.Len(), set.Label(4))
	}
}

// withoutInstances hides what else the images of a set may show.
type withoutInstances struct{ Shapes }

func (w withoutInstances) Open(split Split) (Set, error) {
	set, err := w.Shapes.Open(split)
	return struct{ Set }{set}, err
}

func TestRelabelledShowsAnObjectWithoutOtherImagesByOne(t *testing.T) {
	set, err := Relabelled{From: withoutInstances{Shapes{Train: 2}}, Labels: []int{0, 1}}.Open(Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if _, ok := set.(Clips); ok {
		t.Error("there are clips of a set without any")
	}
	const size = 32 * 32 * 3
	pix := make([]uint8, 2*size)
	if err := set.(Instances).ReadInstances(1, 2, 0, pix); err != nil {
		t.Fatal(err)
	}
	if string(pix[:size]) != string(pix[size:]) {
		t.Error("two images of an object that has one")
	}
	wantError(t, set.(Instances).ReadInstances(2, 2, 0, pix), "image 2")
}

func TestRelabelledErrors(t *testing.T) {
	_, err := Relabelled{From: Shapes{Train: 3}, Labels: []int{1, 2}}.Open(Train)
	wantError(t, err, "data.Relabelled: Labels", "2 labels", "3 images")
	_, err = Relabelled{From: Shapes{Train: 3}, Labels: []int{1, 10, 2}}.Open(Train)
	wantError(t, err, "shapes-relabelled", "label 10")
}
