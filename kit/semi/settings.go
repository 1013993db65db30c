package semi

import (
	"cmp"
	"fmt"
	"math"

	"sslkit/kit/setting"
)

// These check the settings that several methods have.

// allClasses checks that the training images have the classes that the classifier is for.
func allClasses(method string, classes int, names []string) error {
	if len(names) == classes {
		return nil
	}
	return fmt.Errorf("%s: Classes is %d; the training images have %d classes, and it must be that number",
		method, classes, len(names))
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
	return setting.Fraction(method+": Share", float64(s), byDefault)
}

// checkCommon checks the classes and the share that all methods have.
func checkCommon(method string, classes int, labelled share, byDefault float64, batch int) error {
	return cmp.Or(setting.Features(2, method+": Classes", classes), labelled.check(method, batch, byDefault))
}
