package statistics

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// runs are of seeds 1, 2, ... a line each; draws of their own where own, else draws 1, 2, ...
func runs(own bool, values ...[]float64) []Run {
	var out []Run
	for s, line := range values {
		for d, v := range line {
			draw := uint64(d + 1)
			if own {
				draw += uint64(s * len(line))
			}
			out = append(out, Run{Seed: uint64(s + 1), Draw: draw, Value: v})
		}
	}
	return out
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) < 1e-4*max(1, math.Abs(want))) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

func TestMeanOverSeedsWithDrawsOfTheirOwn(t *testing.T) {
	t.Parallel()
	// Nine runs, but three means: 2, 5 and 8. Student's t of 2 degrees is 4.302653 at 97.5 %, and
	// the standard error 3/√3.
	m, err := NewMean(runs(true, []float64{1, 2, 3}, []float64{4, 5, 6}, []float64{7, 8, 9}))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "the mean", m.Value, 5)
	near(t, "the lower end", m.Low, 5-4.302653*math.Sqrt(3))
	if m.Runs != 9 || m.Seeds != 3 || m.Draws != 9 || !strings.Contains(m.Over, "3 seeds, each the mean of 3 draws") {
		t.Errorf("it is over %+v", m)
	}
}

func TestMeanOverCrossedSeedsAndDraws(t *testing.T) {
	t.Parallel()
	// By hand: seed means 2 and 5, draw means 2.5, 3.5 and 4.5: MS(seeds) = 3·4.5 = 13.5, MS(draws) =
	// 2·1 = 2, and a rest of 1 (the values are the sum of both but for ±0.5 twice) in 2 degrees: .5.
	m, err := NewMean(runs(false, []float64{1.5, 1.5, 3}, []float64{3.5, 5.5, 6}))
	if err != nil {
		t.Fatal(err)
	}
	variance := (13.5 + 2 - .5) / 6
	freedom := 15 * 15 / (13.5*13.5/1 + 2*2./2 + .5*.5/2)
	near(t, "the mean", m.Value, 3.5)
	half := (m.High - m.Low) / 2
	near(t, "the square of half the interval over its variance, against t", half/math.Sqrt(variance), studentsT(freedom))
	if !strings.Contains(m.Over, "2 seeds and 3 draws") {
		t.Errorf("it is over %q", m.Over)
	}
}

// studentsT is the 97.5 % point by bisection of the distribution function, integrated numerically:
// slow, and by another way than gonum's.
func studentsT(nu float64) float64 {
	lg := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	c := math.Exp(lg((nu+1)/2)-lg(nu/2)) / math.Sqrt(nu*math.Pi)
	tail := func(t float64) float64 { // ∫ₜ^∞ with x = t/u, u from 0 to 1.
		const n = 200_000
		var sum float64
		for i := range n {
			u := (float64(i) + .5) / n
			x := t / u
			sum += c * math.Pow(1+x*x/nu, -(nu+1)/2) * t / (u * u)
		}
		return sum / n
	}
	low, high := 1., 50.
	for range 60 {
		if mid := (low + high) / 2; tail(mid) > .025 {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// Intervals hold the true mean in 95 % of repetitions, where counting all runs as independent does
// not.
func TestIntervalsHoldWhatTheyPromise(t *testing.T) {
	t.Parallel()
	const repetitions = 4000
	for name, own := range map[string]bool{"draws of their own": true, "crossed": false} {
		random := rand.New(rand.NewPCG(1, 2))
		held, naive := 0, 0
		for range repetitions {
			values := make([][]float64, 5)
			var shared [4]float64
			for d := range shared {
				shared[d] = random.NormFloat64()
			}
			for s := range values {
				ofSeed := 2 * random.NormFloat64()
				for d := range shared {
					ofDraw := shared[d]
					if own {
						ofDraw = random.NormFloat64()
					}
					values[s] = append(values[s], 10+ofSeed+ofDraw+.5*random.NormFloat64())
				}
			}
			all := runs(own, values...)
			m, err := NewMean(all)
			if err != nil {
				t.Fatal(err)
			}
			if m.Low <= 10 && 10 <= m.High {
				held++
			}
			independent := make([]Run, len(all))
			for i, r := range all {
				independent[i] = Run{Seed: uint64(i + 1), Value: r.Value}
			}
			if m, err = NewMean(independent); err != nil {
				t.Fatal(err)
			}
			if m.Low <= 10 && 10 <= m.High {
				naive++
			}
		}
		share := float64(held) / repetitions
		t.Logf("%s: %.3f of the intervals hold the mean, %.3f where runs count as independent", name, share, float64(naive)/repetitions)
		if share < .93 || share > .985 {
			t.Errorf("%s: %.3f of the intervals hold the mean, want .95", name, share)
		}
		if float64(naive)/repetitions > .9 {
			t.Errorf("%s: runs that hang together count as independent without harm, so nothing is tested", name)
		}
	}
}

func TestWhatHasNoInterval(t *testing.T) {
	t.Parallel()
	m, err := NewMean(runs(true, []float64{1, 2, 3}))
	if err != nil || m.Low != m.High || !strings.Contains(m.Over, "one seed, 3 runs: no interval") || m.Verdict() != "not known" {
		t.Errorf("three draws of one seed: %+v, %v", m, err)
	}
	m, err = NewMean(runs(false, []float64{1}, []float64{2}))
	if err != nil || !strings.Contains(m.Over, "on one draw of labels") {
		t.Errorf("one draw: %+v, %v", m, err)
	}
	for want, bad := range map[string][]Run{
		"no runs":               nil,
		"two runs of seed 1":    {{Seed: 1, Value: 1}, {Seed: 1, Value: 2}},
		"must be a number":      {{Seed: 1, Value: math.NaN()}, {Seed: 2}},
		"or all the same draws": {{Seed: 1, Draw: 1}, {Seed: 1, Draw: 2}, {Seed: 2, Draw: 1}},
		"all must have as many": {{Seed: 1, Draw: 1}, {Seed: 1, Draw: 2}, {Seed: 2, Draw: 3}},
	} {
		if _, err := NewMean(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one that says %q", err, want)
		}
	}
}

func TestDifferencesArePaired(t *testing.T) {
	t.Parallel()
	a, b := runs(true, []float64{5}, []float64{7}), runs(true, []float64{4}, []float64{5})
	d, err := Difference(a, []Run{b[1], b[0]}) // In any order.
	if err != nil || fmt.Sprint(d) != fmt.Sprint(runs(true, []float64{1}, []float64{2})) {
		t.Errorf("the difference is %v, %v", d, err)
	}
	if _, err := Difference(a, b[:1]); err == nil || !strings.Contains(err.Error(), "of seed 2, draw 2 only one side") {
		t.Errorf("an unpaired run: %v", err)
	}
	// All are 0.05 but for rounding, which is no interval.
	a, b = runs(true, []float64{.35}, []float64{.45}, []float64{.95}), runs(true, []float64{.3}, []float64{.4}, []float64{.9})
	if d, err = Difference(a, b); err != nil {
		t.Fatal(err)
	}
	same, err := NewMean(d)
	if err != nil || same.Low == same.High || same.Verdict() != "not known" {
		t.Errorf("equal differences: %+v is %q, %v", same, same.Verdict(), err)
	}
	for want, m := range map[string]Mean{"above": {Low: .1, High: 2}, "below": {Low: -2, High: -.1}, "equal": {Low: -1, High: 2}} {
		if got := m.Verdict(); got != want {
			t.Errorf("%+v is %q, want %q", m, got, want)
		}
	}
}

func TestChoicesAreFair(t *testing.T) {
	t.Parallel()
	trials := []Trial{{"rate 0.1", .5, 1, 100}, {"rate 0.3", .7, 1, 100}, {"rate 1", .7, 1, 100}}
	ours, err := Choose("ours", "held-out images", trials)
	if err != nil || ours.Chosen != "rate 0.3" || !strings.Contains(ours.String(), "rate 0.3 of 3") {
		t.Errorf("chosen is %v, %v", ours, err)
	}
	fewer, err := Choose("theirs", "held-out images", trials[:2])
	if err != nil {
		t.Fatal(err)
	}
	longer, err := Choose("theirs", "held-out images", []Trial{trials[0], trials[1], {"rate 1", .7, 1, 200}})
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckFair(ours, ours); err != nil {
		t.Error(err)
	}
	for want, other := range map[string]Choice{"ours was tried with 3 settings and theirs with 2": fewer, "they must be the same": longer} {
		if err := CheckFair(ours, other); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one that says %q", err, want)
		}
	}
	for want, bad := range map[string][]Trial{"nothing was tried": nil, "tried twice": {trials[0], trials[0]}} {
		if _, err := Choose("ours", "", bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one that says %q", err, want)
		}
	}
}

func TestLabelsFor(t *testing.T) {
	t.Parallel()
	at := func(values ...float64) []Run {
		var out []Run
		for s, v := range values {
			out = append(out, Run{Seed: uint64(s + 1), Value: v})
		}
		return out
	}
	curve := Curve{Labels: []int{10, 40, 160}, Runs: [][]Run{at(50, 50), at(60, 60), at(80, 80)}}
	// Seed 1 reaches 60 with 40 labels, and seed 2 reaches 70 half-way between 40 and 160 in the
	// logarithm: with 80.
	m, err := LabelsFor(curve, at(60, 70))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "the number of labels", m.Value, math.Sqrt(40*80))
	near(t, "the interval's width", math.Log(m.High/m.Low), 2*12.7062*math.Ln2/2)
	for want, accuracy := range map[string][]Run{
		"> 160 for 1 of 2 seeds":                        at(60, 90),
		"≤ 10 for 1 of 2 seeds":                         at(50, 60),
		"≤ 10 for 1 of 2 seeds, > 160 for 1 of 2 seeds": at(20, 90),
	} {
		var outside *Outside
		if _, err := LabelsFor(curve, accuracy); !errors.As(err, &outside) || err.Error() != want {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}
