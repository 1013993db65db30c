package data

import "testing"

func TestValidationAsTest(t *testing.T) {
	t.Parallel()
	from := Shapes{Train: 40, Validation: 20, Test: 30}
	source := SetAside{From: ValidationAsTest{From: from}, Fraction: .25}
	validation := opened(t, from, Validation)
	if test := opened(t, source, Test); test.Fingerprint() != validation.Fingerprint() || test.Len() != 20 {
		t.Errorf("%d test images, of another set than the 20 validation images", test.Len())
	}
	if train, held := opened(t, source, Train), opened(t, source, Validation); train.Len() != 30 || held.Len() != 10 || held.Fingerprint() == validation.Fingerprint() {
		t.Errorf("%d images to train on and %d to choose by, want 30 and 10 of the training images", train.Len(), held.Len())
	}
	_, err := ValidationAsTest{From: from}.Open(Validation)
	wantError(t, err, "opening shapes: its validation images are tested on; data.SetAside holds")
}
