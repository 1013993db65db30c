package plots

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// roundTicks places some six ticks at multiples of 1, 2 or 5 times a power of ten, written with as
// many decimals as the step needs and no more. (gonum's default takes other multiples too, and
// writes 250 as 250.00 beside 0.00.)
type roundTicks struct{}

func (roundTicks) Ticks(low, high float64) []plot.Tick {
	const most = 7
	span := high - low
	if !(span > 0) || math.IsInf(span, 0) {
		return []plot.Tick{{Value: low, Label: strconv.FormatFloat(low, 'g', 4, 64)}}
	}
	power := math.Floor(math.Log10(span / most))
	step := math.Pow(10, power)
	for _, multiple := range []float64{2, 5, 10} {
		if span/step <= most {
			break
		}
		step = multiple * math.Pow(10, power)
	}
	// A hair beyond the ends, so that rounding loses no tick that lies on one.
	first, last := math.Ceil(low/step-1e-9), math.Floor(high/step+1e-9)
	var ticks []plot.Tick
	for i := first; i <= last; i++ {
		v := i * step
		ticks = append(ticks, plot.Tick{Value: math.Min(math.Max(v, low), high), Label: tickLabel(v, step, math.Max(math.Abs(low), math.Abs(high)))})
	}
	return ticks
}

// tickLabel writes v among ticks that are a step apart, on an axis whose values go up to largest:
// plain from 0.0001 to 99,999, above that with k, M or G, and below it with a power of ten.
func tickLabel(v, step, largest float64) string {
	var s string
	switch {
	case v == 0 || math.Abs(v) < step/2:
		return "0"
	case largest >= 1e12 || largest < 1e-3:
		s = strconv.FormatFloat(v, 'e', decimals(step/math.Pow(10, math.Floor(math.Log10(math.Abs(v))))), 64)
		mantissa, exponent, _ := strings.Cut(s, "e")
		n, err := strconv.Atoi(exponent)
		if err != nil {
			return s
		}
		s = mantissa + "e" + strconv.Itoa(n)
	case largest >= 1e9:
		s = strconv.FormatFloat(v/1e9, 'f', decimals(step/1e9), 64) + "G"
	case largest >= 1e6:
		s = strconv.FormatFloat(v/1e6, 'f', decimals(step/1e6), 64) + "M"
	case largest >= 1e5:
		s = strconv.FormatFloat(v/1e3, 'f', decimals(step/1e3), 64) + "k"
	default:
		s = strconv.FormatFloat(v, 'f', decimals(step), 64)
	}
	return strings.ReplaceAll(s, "-", "−") // the minus sign, of the mantissa and the exponent
}

// decimals is how many decimals a multiple of step needs, at most 12.
func decimals(step float64) int {
	return min(max(0, -int(math.Floor(math.Log10(step)+1e-9))), 12)
}
