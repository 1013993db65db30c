package augment

import (
	"fmt"
	"math"
)

// within returns an error unless low <= value <= high.
func within(field string, value, low, high float64) error {
	if !(low <= value && value <= high) { // so that NaN is an error
		return fmt.Errorf("%s is %g: must be in [%g, %g]", field, value, low, high)
	}
	return nil
}

// positive returns an error unless 0 < value <= high.
func positive(field string, value, high float64) error {
	if !(0 < value && value <= high) || math.IsInf(value, 0) {
		if math.IsInf(high, 1) {
			return fmt.Errorf("%s is %g: must be positive and finite", field, value)
		}
		return fmt.Errorf("%s is %g: must be in (0, %g]", field, value, high)
	}
	return nil
}

// between0And1 returns an error unless 0 < value < 1.
func between0And1(field string, value float64) error {
	if !(0 < value && value < 1) {
		return fmt.Errorf("%s is %g: must be in (0, 1)", field, value)
	}
	return nil
}

// interval returns an error unless 0 < low <= high <= limit.
func interval(field string, value [2]float64, limit float64) error {
	for i, end := range [2]string{"[0]", "[1]"} {
		if err := positive(field+end, value[i], limit); err != nil {
			return err
		}
	}
	if value[0] > value[1] {
		return fmt.Errorf("%s is [%g, %g]: the first must not be above the second", field, value[0], value[1])
	}
	return nil
}

// orDefault is value, or what zero stands for.
func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

// firstError is the first of errs that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// atLeast returns an error unless value >= low.
func atLeast(field string, value, low int) error {
	if value < low {
		return fmt.Errorf("%s is %d: must be at least %d", field, value, low)
	}
	return nil
}
