package metric

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// graded draws yes-or-no outcomes of groups with these sizes and shares of yes.
func graded(random *rand.Rand, sizes []int, shares []float64) (groups, outcome []int) {
	for g, n := range sizes {
		for range n {
			groups = append(groups, g)
			yes := 0
			if random.Float64() < shares[g] {
				yes = 1
			}
			outcome = append(outcome, yes)
		}
	}
	return groups, outcome
}

func meanOf(outcome []int) func([]int) (float64, error) {
	return func(images []int) (float64, error) {
		sum := 0
		for _, image := range images {
			sum += outcome[image]
		}
		return float64(sum) / float64(len(images)), nil
	}
}

// biases are the settings a gap's interval must stand: no bias and planted bias,
// alike and very unequal sizes, two and more groups, shares near 1.
var biases = map[string]struct {
	sizes  []int
	shares []float64
	gap    float64
}{
	"two, none":              {[]int{80, 120}, []float64{0.7, 0.7}, 0},
	"two, small, none":       {[]int{8, 300}, []float64{0.9, 0.9}, 0},
	"two, planted":           {[]int{150, 120}, []float64{0.85, 0.6}, -0.25},
	"five, none":             {[]int{60, 60, 60, 60, 60}, []float64{0.7, 0.7, 0.7, 0.7, 0.7}, 0},
	"five, unequal, none":    {[]int{10, 200, 40, 15, 100}, []float64{0.9, 0.9, 0.9, 0.9, 0.9}, 0},
	"four, planted":          {[]int{150, 100, 100, 120}, []float64{0.8, 0.8, 0.4, 0.8}, 0.4},
	"four, small and biased": {[]int{150, 100, 30, 120}, []float64{0.8, 0.75, 0.4, 0.8}, 0.4},
}

// The gap's interval holds the true gap in at least some 95 % of the samples,
// 0 included, and leaves 0 out where a large gap was planted.
func TestSubgroupCoverage(t *testing.T) {
	const trials = 150
	for name, c := range biases {
		random := rand.New(rand.NewPCG(5, 1))
		inside, found := 0, 0
		for trial := range trials {
			groups, outcome := graded(random, c.sizes, c.shares)
			report, err := Subgroups{Groups: groups, Resamples: 200, Seed: uint64(trial)}.Measure(meanOf(outcome))
			if err != nil {
				t.Fatal(err)
			}
			gap := report.Gap
			if gap.Low-1e-12 <= c.gap && c.gap <= gap.High+1e-12 {
				inside++
			}
			if gap.Low > 0 || gap.High < 0 {
				found++
			}
		}
		t.Logf("%s: coverage %.3f, 0 left out %.3f", name, float64(inside)/trials, float64(found)/trials)
		if share := float64(inside) / trials; share < 0.91 {
			t.Errorf("%s: coverage %.3f, want at least about 0.95", name, share)
		}
		if share := float64(found) / trials; c.gap != 0 && share < 0.8 {
			t.Errorf("%s: the gap was found in %.3f of the samples", name, share)
		}
	}
}

func TestSubgroupReport(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 1))
	groups, outcome := graded(random, []int{90, 80, 100}, []float64{0.9, 0.5, 0.8})
	for i := range groups {
		groups[i] = []int{12, 3, 40}[groups[i]] // any numbers will do
	}
	random.Shuffle(len(groups), func(i, j int) {
		groups[i], groups[j] = groups[j], groups[i]
		outcome[i], outcome[j] = outcome[j], outcome[i]
	})
	s := Subgroups{Groups: groups, Resamples: 400, Seed: 2}
	report, err := s.Measure(meanOf(outcome))
	if err != nil {
		t.Fatal(err)
	}
	for g, want := range []struct{ group, n int }{{3, 80}, {12, 90}, {40, 100}} {
		if got := report.Groups[g]; got.Group != want.group || got.N != want.n || got.Low > got.Value || got.High < got.Value {
			t.Errorf("group %d: %+v", want.group, got)
		}
	}
	best, worst := report.Groups[1].Value, report.Groups[0].Value
	if report.Worst != report.Groups[0] || report.Gap.Of != 12 || report.Gap.Over != 3 || report.Gap.N != 270 ||
		report.Gap.Value != best-worst || report.Gap.Low <= 0 || report.PValue > 0.01 {
		t.Errorf("worst %+v, gap %+v, p %g", report.Worst, report.Gap, report.PValue)
	}
	if again, _ := s.Measure(meanOf(outcome)); again.Gap != report.Gap || again.PValue != report.PValue {
		t.Error("the same seed gave another report")
	}
	s.LowerIsBetter = true
	if loss, _ := s.Measure(meanOf(outcome)); loss.Worst != report.Groups[1] || loss.Gap != report.Gap {
		t.Errorf("lower is better: worst %+v, gap %+v", loss.Worst, loss.Gap)
	}
}

// Few positives in a group: plain resampling refuses, strata make it possible.
func TestSubgroupStrata(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	truth, scores := scored(random, 200, 0.3)
	groups := make([]int, 200)
	for i := range 60 {
		groups[i], truth[i] = 1, 0
	}
	truth[5], truth[9] = 1, 1
	area := areaOf(truth, scores)
	if _, err := (Subgroups{Groups: groups}).Measure(area); !errors.Is(err, ErrUndefined) {
		t.Errorf("two positives: got %v, want ErrUndefined", err)
	}
	if _, err := (Subgroups{Groups: groups, Strata: truth}).Measure(area); err != nil {
		t.Errorf("two positives, stratified: %v", err)
	}
	truth[5], truth[9] = 0, 0
	if _, err := (Subgroups{Groups: groups, Strata: truth}).Measure(area); !errors.Is(err, ErrUndefined) {
		t.Errorf("no positives: got %v, want ErrUndefined", err)
	}
}

// Chance deals images into groups within their stratum only.
func TestSubgroupsArePermutedWithinStrata(t *testing.T) {
	t.Run("a group is a stratum", func(t *testing.T) {
		// Nothing can be dealt otherwise, so that every permutation has the gap that was observed.
		groups, outcome := graded(rand.New(rand.NewPCG(4, 2)), []int{60, 60}, []float64{0.9, 0.4})
		report, err := Subgroups{Groups: groups, Strata: groups, Resamples: 200}.Measure(meanOf(outcome))
		if err != nil || report.PValue != 1 {
			t.Errorf("p %g, %v, want 1", report.PValue, err)
		}
	})
	t.Run("all deals by enumeration", func(t *testing.T) {
		// The stratum 0 is mostly of group 0 and mostly yes, the other of group 1 and mostly no.
		strata := []int{0, 0, 0, 0, 1, 1, 1, 1}
		groups := []int{0, 0, 0, 1, 0, 1, 1, 1}
		outcome := []int{1, 1, 1, 0, 1, 0, 0, 0}
		gap := func(groups []int) float64 {
			var yes [2]float64
			for i, group := range groups {
				yes[group] += float64(outcome[i]) / 4 // Each group has four images in every deal.
			}
			return math.Abs(yes[1] - yes[0])
		}
		as, deals := 0.0, 0.0
		for one := range 4 { // The image of stratum 0 that is of group 1,
			for other := range 4 { // and that of stratum 1 that is of group 0.
				dealt := []int{0, 0, 0, 0, 1, 1, 1, 1}
				dealt[one], dealt[4+other] = 1, 0
				deals++
				if gap(dealt) >= gap(groups)-1e-9 {
					as++
				}
			}
		}
		const resamples = 10_000
		report, err := Subgroups{Groups: groups, Strata: strata, Resamples: resamples, Seed: 3}.Measure(meanOf(outcome))
		if err != nil {
			t.Fatal(err)
		}
		want := as / deals
		if deviation := math.Sqrt(want * (1 - want) / resamples); math.Abs(report.PValue-want) > 5*deviation {
			t.Errorf("p %.4f, want %.4f", report.PValue, want)
		}
	})
}

// The intervals of fairness gaps stand the same settings; two groups differ
// from more only in the sign.
func TestDemographicParityCoverage(t *testing.T) {
	const trials = 600
	for name, c := range biases {
		random := rand.New(rand.NewPCG(8, 1))
		inside, found := 0, 0
		for range trials {
			groups, predicted := graded(random, c.sizes, c.shares)
			gap, err := DemographicParityDifference(predicted, groups)
			if err != nil {
				t.Fatal(err)
			}
			if gap.Low <= c.gap && c.gap <= gap.High {
				inside++
			}
			if gap.Low > 0 || gap.High < 0 {
				found++
			}
		}
		t.Logf("%s: coverage %.3f, 0 left out %.3f", name, float64(inside)/trials, float64(found)/trials)
		if share := float64(inside) / trials; share < 0.93 {
			t.Errorf("%s: coverage %.3f, want at least about 0.95", name, share)
		}
		if share := float64(found) / trials; c.gap != 0 && share < 0.9 {
			t.Errorf("%s: the gap was found in %.3f of the samples", name, share)
		}
	}
}

func TestEqualizedOddsCoverage(t *testing.T) {
	const trials = 600
	for name, c := range map[string]struct {
		groups int
		bias   float64
	}{"two, none": {2, 0}, "four, none": {4, 0}, "two, planted": {2, 0.3}, "four, planted": {4, 0.3}} {
		random := rand.New(rand.NewPCG(9, 1))
		inside, found := 0, 0
		for range trials {
			truth, predicted, groups := make([]int, 400), make([]int, 400), make([]int, 400)
			for i := range truth {
				truth[i], groups[i] = random.IntN(2), random.IntN(c.groups)
				p := 0.2 + 0.6*float64(truth[i])
				if groups[i] == 0 && truth[i] == 1 {
					p -= c.bias
				}
				if random.Float64() < p {
					predicted[i] = 1
				}
			}
			odds, err := EqualizedOddsDifference(truth, predicted, groups)
			if err != nil {
				t.Fatal(err)
			}
			if odds.Difference.Low <= c.bias && c.bias <= odds.Difference.High {
				inside++
			}
			if odds.Difference.Low > 0 {
				found++
			}
			if odds.TruePositive.N+odds.FalsePositive.N != 400 || odds.Difference.N != 400 {
				t.Fatalf("N: %+v", odds)
			}
		}
		t.Logf("%s: coverage %.3f, 0 left out %.3f", name, float64(inside)/trials, float64(found)/trials)
		if share := float64(inside) / trials; share < 0.93 {
			t.Errorf("%s: coverage %.3f, want at least about 0.95", name, share)
		}
		if share := float64(found) / trials; c.bias != 0 && share < 0.8 {
			t.Errorf("%s: the gap was found in %.3f of the samples", name, share)
		}
	}
}

// Newcombe 1998, table II, method 10: 56/70 against 48/80, and 9/10 against
// 3/10. The groups here are numbered so that the difference is his.
func TestDemographicParityKnownValues(t *testing.T) {
	for _, c := range []struct {
		yesA, nA, yesB, nB int
		low, high          float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
	} {
		var predicted, groups []int
		for i := range c.nA {
			groups = append(groups, 1)
			predicted = append(predicted, 0)
			if i < c.yesA {
				predicted[i] = 1
			}
		}
		for i := range c.nB {
			groups = append(groups, 0)
			predicted = append(predicted, 0)
			if i < c.yesB {
				predicted[c.nA+i] = 1
			}
		}
		gap, err := DemographicParityDifference(predicted, groups)
		if err != nil || !near(gap.Low, c.low, 5e-5) || !near(gap.High, c.high, 5e-5) || gap.Of != 1 || gap.Over != 0 {
			t.Errorf("%+v: got %+v, %v", c, gap, err)
		}
	}
}

// Golden values: scipy 1.17.1, stats.studentized_range.ppf(0.95, groups, inf).
func TestStudentizedRange(t *testing.T) {
	for groups, want := range map[int]float64{
		2: math.Sqrt2 * z95, 3: 3.314493155398, 5: 3.857655510379, 10: 4.474124221726, 20: 5.011688794118,
	} {
		if got := studentizedRange(0.95, groups); !near(got, want, 1e-8) {
			t.Errorf("%d groups: got %.5f, want %.5f", groups, got, want)
		}
	}
}

func TestSubgroupBadInput(t *testing.T) {
	fine := func([]int) (float64, error) { return 1, nil }
	failures := map[string]error{}
	_, failures["Subgroups empty"] = Subgroups{}.Measure(fine)
	_, failures["Subgroups one group"] = Subgroups{Groups: []int{1, 1}}.Measure(fine)
	_, failures["Subgroups negative"] = Subgroups{Groups: []int{1, -1}}.Measure(fine)
	_, failures["Subgroups strata"] = Subgroups{Groups: []int{1, 0}, Strata: []int{1}}.Measure(fine)
	_, failures["Subgroups resamples"] = Subgroups{Groups: []int{1, 0}, Resamples: 10}.Measure(fine)
	_, failures["parity empty"] = DemographicParityDifference(nil, nil)
	_, failures["parity lengths"] = DemographicParityDifference([]int{0, 1}, []int{0, 1, 1})
	_, failures["parity multi-class"] = DemographicParityDifference([]int{0, 2}, []int{0, 1})
	_, failures["parity one group"] = DemographicParityDifference([]int{0, 1}, []int{1, 1})
	_, failures["parity negative group"] = DemographicParityDifference([]int{0, 1}, []int{0, -1})
	_, failures["odds empty"] = EqualizedOddsDifference(nil, nil, nil)
	_, failures["odds lengths"] = EqualizedOddsDifference([]int{0, 1}, []int{0, 1}, []int{0})
	_, failures["odds multi-class"] = EqualizedOddsDifference([]int{0, 2}, []int{0, 1}, []int{0, 1})
	_, failures["odds one group"] = EqualizedOddsDifference([]int{0, 1}, []int{0, 1}, []int{0, 0})
	for name, err := range failures {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
