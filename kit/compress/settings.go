package compress

import (
	"fmt"
	"math"
)

// These check the settings that several types have. Their errors name the type, its field and what is allowed.

// above0 checks a temperature, which is finite and above 0.
func above0(field string, value, byDefault float64) error {
	if value > 0 && !math.IsInf(value, 1) {
		return nil
	}
	return fmt.Errorf("%s is %g; it must be above 0 (0 means the default, %g)", field, value, byDefault)
}

// fraction checks what has no default and must be above 0 and below 1.
func fraction(field string, value float64) error {
	if value > 0 && value < 1 {
		return nil
	}
	return fmt.Errorf("%s is %g; it must be in (0, 1)", field, value)
}
