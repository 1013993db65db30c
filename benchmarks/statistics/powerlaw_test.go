package statistics

import (
	"math"
	"strings"
	"testing"
)

// laws are the runs of two seeds at each x, by these functions.
func laws(x []float64, of ...func(float64) float64) [][]Run {
	out := make([][]Run, len(x))
	for i, v := range x {
		for s, f := range of {
			out[i] = append(out[i], Run{Seed: uint64(s + 1), Value: f(v)})
		}
	}
	return out
}

func TestPowerLawIsThatOfEachSeed(t *testing.T) {
	t.Parallel()
	x := []float64{10, 40, 90, 1000}
	law, err := NewPowerLaw(x, laws(x,
		func(v float64) float64 { return 3 / math.Sqrt(v) },
		func(v float64) float64 { return 12 * math.Pow(v, -.3) },
	))
	if err != nil {
		t.Fatal(err)
	}
	// Student's t of one degree of freedom is 12.7062 at 97.5 %, and half the distance of two values
	// their standard error.
	near(t, "the exponent", law.Exponent.Value, -.4)
	near(t, "its interval's lower end", law.Exponent.Low, -.4-12.7062*.1)
	near(t, "the factor", law.Factor.Value, 6)
	near(t, "its interval's width", math.Log(law.Factor.High/law.Factor.Low), 2*12.7062*math.Ln2)
	near(t, "the value at 100", law.At(100), 6*math.Pow(100, -.4))
	near(t, "the bend", law.Bend.Value, 0)
	if law.Exponent.Seeds != 2 {
		t.Errorf("the exponent is over %d seeds, want 2", law.Exponent.Seeds)
	}
}

// Least squares by the normal equations, of points that are on no line.
func TestPowerLawIsLeastSquares(t *testing.T) {
	t.Parallel()
	x, y := []float64{1, 2, 4, 8, 16}, []float64{7, 5, 4.5, 2, 2.5}
	at := make([][]Run, len(x))
	var n, sx, sy, sxx, sxy float64
	for i := range x {
		at[i] = []Run{{Seed: 1, Value: y[i]}}
		a, b := math.Log(x[i]), math.Log(y[i])
		n, sx, sy, sxx, sxy = n+1, sx+a, sy+b, sxx+a*a, sxy+a*b
	}
	law, err := NewPowerLaw(x, at)
	if err != nil {
		t.Fatal(err)
	}
	exponent := (n*sxy - sx*sy) / (n*sxx - sx*sx)
	near(t, "the exponent", law.Exponent.Value, exponent)
	near(t, "the factor", law.Factor.Value, math.Exp((sy-exponent*sx)/n))
}

// An error that stops falling is no power law, and Bend says so.
func TestBendTellsWhatIsNoPowerLaw(t *testing.T) {
	t.Parallel()
	x := []float64{1, 10, 100}
	of := func(floor float64) func(float64) float64 { return func(v float64) float64 { return floor + 1/v } }
	law, err := NewPowerLaw(x, laws(x, of(.5), of(.52)))
	if err != nil {
		t.Fatal(err)
	}
	lower, upper := math.Log10((.6)/(1.5)), math.Log10((.51)/(.6))
	lower2, upper2 := math.Log10((.62)/(1.52)), math.Log10((.53)/(.62))
	near(t, "the bend", law.Bend.Value, (upper-lower+upper2-lower2)/2)
	if law.Bend.Verdict() != "above" {
		t.Errorf("the bend is %+v, want one above 0", law.Bend)
	}
}

func TestPowerLawRefuses(t *testing.T) {
	t.Parallel()
	one := func(v float64) float64 { return v }
	for want, bad := range map[string]struct {
		x    []float64
		runs [][]Run
	}{
		"needs at least 2":      {[]float64{1}, laws([]float64{1}, one)},
		"runs at 1 of them":     {[]float64{1, 2}, laws([]float64{1}, one)},
		"must be above 0 and":   {[]float64{0, 2}, laws([]float64{1, 2}, one)},
		"and rise":              {[]float64{2, 2}, laws([]float64{1, 2}, one)},
		"is -1; it must be":     {[]float64{1, 2}, laws([]float64{1, 2}, func(float64) float64 { return -1 })},
		"only one side has a":   {[]float64{1, 2}, append(laws([]float64{1}, one), laws([]float64{2}, one, one)...)},
		"the value of seed 1 i": {[]float64{1, 2}, laws([]float64{1, 2}, func(float64) float64 { return math.NaN() })},
	} {
		if _, err := NewPowerLaw(bad.x, bad.runs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error of x %v is %v, want one that says %q", bad.x, err, want)
		}
	}
}
