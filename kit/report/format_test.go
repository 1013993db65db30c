package report

import (
	"math"
	"strings"
	"testing"

	"sslkit/kit/metric"
)

func TestQuantitiesAreRoundedSensibly(t *testing.T) {
	of := func(value, low, high float64, unit Unit) Quantity {
		return Quantity{metric.Interval{Value: value, Low: low, High: high}, unit}
	}
	for want, q := range map[string]Quantity{
		"61.3 % [60.3, 62.2]":          of(.6128, .6031, .6223, Share),
		"61.3 %":                       of(.6128, .6128, .6128, Share),
		"61.28 % [61.25, 61.31]":       of(.6128, .6125, .6131, Share),
		"0.0 % [0.0, 1.9]":             of(0, 0, .0188, Share),
		"24.1 points [20.4, 28.0]":     of(.241, .204, .28, Points),
		"−0.9 points [−4.7, 2.7]":      of(-.0092, -.047, .027, Points),
		"0.0 points":                   of(-.0001, -.0001, -.0001, Points),
		"2.416 [2.376, 2.454]":         of(2.4159, 2.3761, 2.4539, Plain),
		"0.100 [0.079, 0.119]":         of(.1, .079, .119, Plain),
		"1234 [1200, 1270]":            of(1234, 1200, 1270, Plain),
		"0.0314":                       of(.03141, .03141, .03141, Plain),
		"−2.35":                        of(-2.3512, -2.3512, -2.3512, Plain),
		"7":                            of(7, 7, 7, Plain),
		"0":                            of(0, 0, 0, Plain),
		"3.41 × 10¹⁵":                  of(3.412e15, 3.412e15, 3.412e15, Plain),
		"5.00 × 10⁻⁷":                  of(5e-7, 5e-7, 5e-7, Plain),
		"−1.20 × 10⁶ [−1.30 × 10⁶, 0]": of(-1.2e6, -1.3e6, 0, Plain),
		"1,234,567":                    of(1234567, 1234567, 1234567, Count),
		"−1,234":                       of(-1234, -1234, -1234, Count),
		"999":                          of(999, 999, 999, Count),
	} {
		if got := q.String(); got != want {
			t.Errorf("%+v is %q, want %q", q, got, want)
		}
	}
	for want, seconds := range map[string]float64{"3.2 s": 3.21, "59 s": 59.4, "13 min 48 s": 828, "2 h 5 min": 7530,
		"1,000 h 0 min": 3.6e6} {
		if got := duration(seconds); got != want {
			t.Errorf("%g s is %q, want %q", seconds, got, want)
		}
	}
	for text, want := range map[string]string{"top": "Top.", "done.": "Done.", "k-NN votes": "k-NN votes.", "why?": "Why?",
		" ": ""} {
		if got := sentence(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestUnitNames(t *testing.T) {
	for u := Plain; u <= Count; u++ {
		text, err := u.MarshalText()
		var back Unit
		if err == nil {
			err = back.UnmarshalText(text)
		}
		if err != nil || back != u {
			t.Errorf("%v reads as %v (%v)", u, back, err)
		}
	}
	if got := Unit(9).String(); got != "Unit(9)" {
		t.Error(got)
	}
}

// A kilowatt for an hour is a kilowatt-hour; two cores of 12 W for 1000 h are 24.
func TestEnergyOfKnownPower(t *testing.T) {
	e, unknown, err := Power{Watts: 1000, GridCarbon: 475}.Estimate(3600, 0, "H100")
	if err != nil || unknown != "" || e.KWh != 1 || e.GramsCO2 != 475 {
		t.Errorf("%+v, %q, %v", e, unknown, err)
	}
	e, unknown, err = Power{}.Estimate(3.6e6, 2, "none")
	if err != nil || unknown != "" || e.KWh != 24 || e.GramsCO2 != 0 || !strings.Contains(e.Assumption,
		"2 cores, busy all the time") ||
		!strings.Contains(e.Assumption, "12 W") {
		t.Errorf("%+v, %q, %v", e, unknown, err)
	}
	if e, unknown, err = (Power{}).Estimate(1, 2, "NVIDIA H100"); err != nil || e != nil || !strings.Contains(unknown,
		"NVIDIA H100") {
		t.Errorf("an accelerator: %+v, %q, %v", e, unknown, err)
	}
	if e, unknown, err = (Power{}).Estimate(1, 0, "none"); err != nil || e != nil || !strings.Contains(unknown, "cores") {
		t.Errorf("unknown cores: %+v, %q, %v", e, unknown, err)
	}
	for field, p := range map[string]Power{"report.Power: Watts is -1": {Watts: -1}, "report.Power: GridCarbon is NaN": {GridCarbon: math.NaN()}} {
		if _, _, err := p.Estimate(1, 1, ""); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
