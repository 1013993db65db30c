// Package setting checks the settings that a user gives. All its errors are one sentence, which
// names the type, its field, the value, what is allowed, and what zero stands for where it stands
// for something:
//
//	ssl.BYOL: Tau is 1; it must be in (0, 1) (0 means 0.99)
//
// cmp.Or gives the first of several errors, errors.Join all of them.
package setting

import (
	"fmt"
	"math"
)

// Must returns nil if ok, else the error that field has the value and must be what is allowed. zero
// is what the value 0 means, as a number or in words; leave it out where 0 means nothing else.
func Must(ok bool, field string, value any, allowed string, zero ...any) error {
	if ok {
		return nil
	}
	sentence := fmt.Sprintf("%s is %v; it must be %s", field, value, allowed)
	if len(zero) > 0 {
		sentence += fmt.Sprintf(" (0 means %v)", zero[0])
	}
	return fmt.Errorf("%s", sentence)
}

// Positive returns an error unless value is above 0 and finite.
func Positive(field string, value float64, zero ...any) error {
	return Must(value > 0 && !math.IsInf(value, 1), field, value, "above 0 and finite", zero...)
}

// NotNegative returns an error unless value is at least 0 and finite.
func NotNegative(field string, value float64, zero ...any) error {
	return Must(value >= 0 && !math.IsInf(value, 1), field, value, "at least 0 and finite", zero...)
}

// Fraction returns an error unless 0 < value < 1.
func Fraction(field string, value float64, zero ...any) error {
	return Must(value > 0 && value < 1, field, value, "in (0, 1)", zero...)
}

// Within returns an error unless low <= value <= high.
func Within(low, high float64, field string, value float64, zero ...any) error {
	return Must(value >= low && value <= high, field, value, fmt.Sprintf("in [%g, %g]", low, high), zero...)
}

// UpTo returns an error unless 0 < value <= high.
func UpTo(high float64, field string, value float64, zero ...any) error {
	return Must(value > 0 && value <= high, field, value, fmt.Sprintf("in (0, %g]", high), zero...)
}

// Below returns an error unless 0 <= value < high.
func Below(high float64, field string, value float64, zero ...any) error {
	return Must(value >= 0 && value < high, field, value, fmt.Sprintf("in [0, %g)", high), zero...)
}

// AtLeast returns an error unless value >= least.
func AtLeast(least int, field string, value int, zero ...any) error {
	return Must(value >= least, field, value, fmt.Sprintf("at least %d", least), zero...)
}

// Missing is the error of a required field that was left out; want says what to give, with an
// example of it.
func Missing(field, want string) error {
	return fmt.Errorf("%s is missing; it must be %s", field, want)
}
