package plots

import (
	"fmt"
	"math"
)

// finite reports the first value of a slice that is NaN or infinite, naming the argument.
func finite(name string, values []float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s[%d] is %v; it must be finite", name, i, v)
		}
	}
	return nil
}

// same checks that a slice is as long as the one it goes with, and finite.
func same(name string, values []float64, other string, length int) error {
	if len(values) != length {
		return fmt.Errorf("%s has %d values, but %s has %d", name, len(values), other, length)
	}
	return finite(name, values)
}

// interval checks that the bounds lie around the values. Either both bounds are given or neither
// is.
func interval(name string, values, low, high []float64) error {
	if low == nil && high == nil {
		return nil
	}
	if low == nil || high == nil {
		return fmt.Errorf("%s: one of Low and High is missing; give both or neither", name)
	}
	if err := same(name+".Low", low, "the series", len(values)); err != nil {
		return err
	}
	if err := same(name+".High", high, "the series", len(values)); err != nil {
		return err
	}
	for i := range values {
		if low[i] > values[i] || high[i] < values[i] {
			return fmt.Errorf("%s: interval %d is [%g, %g], which does not hold the value %g", name, i, low[i], high[i], values[i])
		}
	}
	return nil
}

// labelled names a series in an error, by its name or else by its place.
func labelled(kind string, i int, name string) string {
	if name == "" {
		return fmt.Sprintf("%s %d", kind, i)
	}
	return fmt.Sprintf("%s %d (%q)", kind, i, name)
}

// finite32 reports the first value that is not finite as a float32.
func finite32(name string, values []float64) error {
	if err := finite(name, values); err != nil {
		return err
	}
	for i, v := range values {
		if math.IsInf(float64(float32(v)), 0) {
			return fmt.Errorf("%s[%d] is %v; it must be finite in float32", name, i, v)
		}
	}
	return nil
}
