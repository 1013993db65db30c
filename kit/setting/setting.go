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

// Training computes in float32, in which what is too small is 0 and what is too large is infinite:
// the squares of numbers between these are neither.
const (
	least    = 1e-16
	greatest = 1e16
)

// inRange is Must, and besides it refuses what is as small or as large as float32 can't compute
// with.
func inRange(ok bool, field string, value float64, allowed string, zero ...any) error {
	if ok && (value != 0 && math.Abs(value) < least || math.Abs(value) > greatest) {
		return Must(false, field, value, fmt.Sprintf("from %g to %g, which float32 can compute with", least, greatest), zero...)
	}
	return Must(ok, field, value, allowed, zero...)
}

// Positive returns an error unless value is above 0 and finite, and far enough from both for
// float32.
func Positive(field string, value float64, zero ...any) error {
	return inRange(value > 0 && !math.IsInf(value, 1), field, value, "above 0 and finite", zero...)
}

// NotNegative returns an error unless value is 0, or else as Positive wants it.
func NotNegative(field string, value float64, zero ...any) error {
	return inRange(value >= 0 && !math.IsInf(value, 1), field, value, "at least 0 and finite", zero...)
}

// Divisor returns an error unless value is above 0 and others can be divided by it, such as
// similarities by a temperature: in [1e-4, 1e4].
func Divisor(field string, value float64, zero ...any) error {
	if value > 0 && !math.IsInf(value, 1) {
		return Within(1e-4, 1e4, field, value, zero...)
	}
	return Positive(field, value, zero...)
}

// Fraction returns an error unless 0 < value < 1, in float32 too.
func Fraction(field string, value float64, zero ...any) error {
	ok := value > 0 && value < 1
	if ok && float32(value) == 1 {
		return Must(false, field, value, "in (0, 1), and not 1 in float32", zero...)
	}
	return inRange(ok, field, value, "in (0, 1)", zero...)
}

// Within returns an error unless low <= value <= high.
func Within(low, high float64, field string, value float64, zero ...any) error {
	return Must(value >= low && value <= high, field, value, fmt.Sprintf("in [%g, %g]", low, high), zero...)
}

// UpTo returns an error unless 0 < value <= high.
func UpTo(high float64, field string, value float64, zero ...any) error {
	return inRange(value > 0 && value <= high, field, value, fmt.Sprintf("in (0, %g]", high), zero...)
}

// Below returns an error unless 0 <= value < high.
func Below(high float64, field string, value float64, zero ...any) error {
	return Must(value >= 0 && value < high, field, value, fmt.Sprintf("in [0, %g)", high), zero...)
}

// AtLeast returns an error unless value >= least.
func AtLeast(least int, field string, value int, zero ...any) error {
	return Must(value >= least, field, value, fmt.Sprintf("at least %d", least), zero...)
}

// These are the most of what a training may have of something. Each is far above what anybody
// trains, and as low as keeps products of several from running over, so that a slip of the hand is
// told here and not by a lack of memory.
const (
	mostFeatures = 1 << 20
	mostRepeats  = 1000
	mostPixels   = 1 << 13
	// MostSteps is the most steps, or epochs, of a training.
	MostSteps = 1 << 30
)

// Features returns an error unless value, such as a width, is at least `least` and at most 1048576.
func Features(least int, field string, value int, zero ...any) error {
	return between(least, mostFeatures, field, value, zero...)
}

// FeaturesOr is Features from 1 on, where 0 stands for something else.
func FeaturesOr(zero any, field string, value int) error {
	if value == 0 {
		return nil
	}
	return Features(1, field, value, zero)
}

// Repeats returns an error unless value, which is how often a part of a graph is built, such as a
// depth, is at least `least` and at most 1000.
func Repeats(least int, field string, value int, zero ...any) error {
	return between(least, mostRepeats, field, value, zero...)
}

// Pixels returns an error unless value, a side of an image, is at least `least` and at most 8192.
func Pixels(least int, field string, value int, zero ...any) error {
	return between(least, mostPixels, field, value, zero...)
}

// Steps returns an error unless value, a number of steps or epochs, is at least `least` and at most
// 1073741824.
func Steps(least int, field string, value int, zero ...any) error {
	return between(least, MostSteps, field, value, zero...)
}

func between(least, most int, field string, value int, zero ...any) error {
	if value > most {
		return Must(false, field, value, fmt.Sprintf("at most %d", most), zero...)
	}
	return AtLeast(least, field, value, zero...)
}

// Missing is the error of a required field that was left out; want says what to give, with an
// example of it.
func Missing(field, want string) error {
	return fmt.Errorf("%s is missing; it must be %s", field, want)
}
