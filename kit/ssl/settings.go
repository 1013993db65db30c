package ssl

import (
	"fmt"
	"math"

	"sslkit/kit/augment"
)

// These check the settings that many methods have. Their errors name the method, its field and what is allowed; cmp.Or gives
// the first of several.

// above0 checks a temperature or a weight, which is finite and above 0.
func above0(field string, value, byDefault float64) error {
	if value > 0 && !math.IsInf(value, 1) {
		return nil
	}
	return fmt.Errorf("%s is %g; it must be above 0 (0 means the default, %g)", field, value, byDefault)
}

// inside01 checks a fraction or a momentum, which is above 0 and below 1.
func inside01(field string, value, byDefault float64) error {
	if value > 0 && value < 1 {
		return nil
	}
	return fmt.Errorf("%s is %g; it must be in (0, 1) (0 means the default, %g)", field, value, byDefault)
}

// atLeast checks a number of features, layers or prototypes.
func atLeast(least int, field string, value, byDefault int) error {
	if value >= least {
		return nil
	}
	return fmt.Errorf("%s is %d; it must be at least %d (0 means the default, %d)", field, value, least, byDefault)
}

// oneOrMore checks a number whose default, at 0, depends on something else.
func oneOrMore(field string, value int, byDefault string) error {
	if value >= 0 {
		return nil
	}
	return fmt.Errorf("%s is %d; it must be at least 1 (0 means %s)", field, value, byDefault)
}

// twoImages checks that a batch holds as many, and says what for.
func twoImages(method string, batch int, reason string) error {
	if batch >= 2 {
		return nil
	}
	return fmt.Errorf("%s: the batch holds %d image; it must hold at least 2, %s", method, batch, reason)
}

// twoViews checks the augmentations that were given in place of a method's own; nil is fine.
func twoViews(method string, pair []augment.Pipeline) error {
	if pair == nil || len(pair) == 2 {
		return nil
	}
	return fmt.Errorf("%s: Pair holds %d augmentations; it must hold 2", method, len(pair))
}
