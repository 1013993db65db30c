package semi

import (
	"cmp"
	"fmt"
	"math"

	"sslkit/kit/augment"
)

// These check the settings that several methods have. Their errors name the method, its field and what is allowed; cmp.Or
// gives the first of several.

// twoClasses checks a number of classes, which has no default.
func twoClasses(method string, classes int) error {
	if classes >= 2 {
		return nil
	}
	return fmt.Errorf("%s: Classes is %d; it must be at least 2", method, classes)
}

// allClasses checks that the training images have the classes that the classifier is for.
func allClasses(method string, classes int, names []string) error {
	if len(names) == classes {
		return nil
	}
	return fmt.Errorf("%s: Classes is %d; the training images have %d classes, and it must be that number",
		method, classes, len(names))
}

// inside01 checks a fraction, a momentum or a threshold, which is above 0 and below 1.
func inside01(field string, value, byDefault float64) error {
	if value > 0 && value < 1 {
		return nil
	}
	return fmt.Errorf("%s is %g; it must be in (0, 1) (0 means the default, %g)", field, value, byDefault)
}

// above0 checks a weight, which is finite and above 0.
func above0(field string, value, byDefault float64) error {
	if value > 0 && !math.IsInf(value, 1) {
		return nil
	}
	return fmt.Errorf("%s is %g; it must be above 0 (0 means the default, %g)", field, value, byDefault)
}

// share is the labelled part of a batch, as a fraction.
type share float64

// of is the number of labelled images: at least one, and never all.
func (s share) of(batch int) int {
	return min(max(int(math.Round(float64(s)*float64(batch))), 1), batch-1)
}

// check checks the fraction, and that a batch can hold images of both kinds.
func (s share) check(method string, batch int, byDefault float64) error {
	if batch < 2 {
		return fmt.Errorf("%s: the batch holds %d image; it must hold at least 2, one with a label and one without", method, batch)
	}
	return inside01(method+": Share", float64(s), byDefault)
}

// sameSize checks that the views of an image, which one pass encodes, have one size.
func sameSize(method string, views []augment.Pipeline, height, width int) error {
	wantHeight, wantWidth := views[0].OutputSize(height, width)
	for _, view := range views[1:] {
		if h, w := view.OutputSize(height, width); h != wantHeight || w != wantWidth {
			return fmt.Errorf("%s: the views are %d×%d and %d×%d pixels; they must have one size", method, wantHeight, wantWidth, h, w)
		}
	}
	return nil
}

// orView is the given augmentation, or the default where there is none.
func orView(given, byDefault augment.Pipeline) augment.Pipeline {
	if given != nil {
		return given
	}
	return byDefault
}

// checkCommon checks the classes and the share that all methods have.
func checkCommon(method string, classes int, labelled share, byDefault float64, batch int) error {
	return cmp.Or(twoClasses(method, classes), labelled.check(method, batch, byDefault))
}
