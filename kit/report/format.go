package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// String is value and interval, such as "61.3 % [60.3, 62.2]". Shares have one decimal, or two
// where the interval is narrower than that; plain figures as many as show two digits of half the
// interval, or three digits where there is none.
func (q Quantity) String() string { return strings.TrimSpace(q.number() + " " + q.interval()) }

// number is the value with its unit.
func (q Quantity) number() string {
	switch text := q.digits(q.Value); q.Unit {
	case Share:
		return text + " %"
	case Points:
		return text + " points"
	default:
		return text
	}
}

// interval is "[low, high]", or nothing.
func (q Quantity) interval() string {
	if !(q.Low < q.High) {
		return ""
	}
	return fmt.Sprintf("[%s, %s]", q.digits(q.Low), q.digits(q.High))
}

// digits writes a value of the quantity's unit.
func (q Quantity) digits(v float64) string {
	half := (q.High - q.Low) / 2
	switch q.Unit {
	case Count:
		return thousands(int64(math.Round(v)))
	case Share, Points:
		if half > 0 && 100*half < .05 {
			return decimals(100*v, 2)
		}
		return decimals(100*v, 1)
	}
	size := max(math.Abs(q.Low), math.Abs(q.High), math.Abs(q.Value))
	if size >= 1e6 || (size < 1e-4 && size > 0) {
		return scientific(v)
	}
	if half > 0 {
		return decimals(v, min(max(1-int(math.Floor(math.Log10(half))), 0), 6))
	}
	if size == 0 || v == math.Trunc(v) {
		return decimals(v, 0)
	}
	return decimals(v, min(max(2-int(math.Floor(math.Log10(size))), 0), 6))
}

// decimals writes v with that many decimals, a true minus sign, and no minus before zero.
func decimals(v float64, places int) string {
	text := strconv.FormatFloat(v, 'f', places, 64)
	if digits, negative := strings.CutPrefix(text, "-"); negative {
		if strings.Trim(digits, "0.") == "" {
			return digits
		}
		return "−" + digits
	}
	return text
}

// scientific writes v as 3.41 × 10¹⁵.
func scientific(v float64) string {
	if v == 0 {
		return "0"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 2, 64), "e")
	power, _ := strconv.Atoi(exponent)
	raised := strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷",
		"8", "⁸", "9", "⁹").Replace(strconv.Itoa(power))
	return strings.Replace(mantissa, "-", "−", 1) + " × 10" + raised
}

// thousands writes n with a comma between groups of three digits.
func thousands[N ~int | ~int64](n N) string {
	text := strconv.FormatInt(int64(n), 10)
	digits, negative := strings.CutPrefix(text, "-")
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	if negative {
		return "−" + digits
	}
	return digits
}

// duration writes seconds as "13 min 48 s".
func duration(seconds float64) string {
	if seconds < 10 {
		return decimals(seconds, 1) + " s"
	}
	d := time.Duration(math.Round(seconds)) * time.Second
	hours, minutes, rest := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case hours > 0:
		return fmt.Sprintf("%s h %d min", thousands(hours), minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %d s", minutes, rest)
	}
	return fmt.Sprintf("%d s", rest)
}

// short is the beginning of a hash.
func short(hash string) string {
	if hash == "" {
		return "unknown"
	}
	return hash[:min(12, len(hash))]
}

// plural is "1 image" or "2 images".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}
