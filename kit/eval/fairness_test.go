package eval

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sslkit/kit/metric"
)

// grouped are n points of four classes, each of group (class mod 2) with probability
// (1+spurious)/2. The first four coordinates tell the class, with the given noise in each group;
// the fifth tells the group, clearly.
func grouped(name string, n int, spurious float64, noise [2]float64, seed uint64) Features {
	random := rand.New(rand.NewPCG(seed, 0))
	f := Features{N: n, Dim: 5, Name: name, Classes: []string{"a", "b", "c", "d"}, GroupNames: []string{"warm", "cool"}}
	for i := range n {
		class := i % 4
		group := class % 2
		if random.Float64() > (1+spurious)/2 {
			group = 1 - group
		}
		f.Labels, f.Groups = append(f.Labels, class), append(f.Groups, group)
		for j := range 4 {
			v := noise[group] * random.NormFloat64()
			if j == class {
				v++
			}
			f.X = append(f.X, float32(v))
		}
		f.X = append(f.X, float32(3*float64(group)+.3*random.NormFloat64()))
	}
	return f
}

// parity is which pairs go together in grouped.
var parity = [][]bool{{true, false}, {false, true}, {true, false}, {false, true}}

func TestFairnessFindsPlantedBias(t *testing.T) {
	even := [2]float64{.7, .7}
	test := grouped("test", 2000, 0, even, 2)
	judge := func(spurious float64, probe Probe) FairnessReport {
		t.Helper()
		report, err := Fairness{Attribute: "background", Probe: probe, Aligned: parity, Positive: []int{1,
			3}}.Evaluate(grouped("train", 2000, spurious, even, 1), test)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	// Nothing planted: each interval covers 0 but in some 5 % of all cases (more than 5 of 30 have
	// a chance of 0.3 %).
	missed := map[string]int{}
	for seed := range uint64(30) {
		// In a few training images class and group go together by chance, the probe learns it, and
		// then has a bias. Not so here.
		train := grouped("train", 400, 0, even, 100+seed)
		for i := range train.Groups {
			train.X[5*i+4] += 3 * float32(i/4%2-train.Groups[i])
			train.Groups[i] = i / 4 % 2
		}
		report, err := Fairness{Probe: quick, Aligned: parity, Positive: []int{1, 3}, Resamples: 200, Seed: seed}.Evaluate(
			train, grouped("test", 400, 0, even, 200+seed))
		if err != nil {
			t.Fatal(err)
		}
		for name, interval := range map[string]metric.Interval{
			"bias": report.Bias.Gap, "groups": report.Groups.Gap.Interval, "parity": report.Decisions[0].DemographicParity.Interval,
			"recalls": report.Decisions[0].EqualizedOdds.TruePositive.Interval,
		} {
			if interval.Low > 0 || interval.High < 0 {
				missed[name]++
			}
		}
	}
	for name, times := range missed {
		if times > 5 {
			t.Errorf("nothing planted: the interval of %s does not cover 0 in %d of 30 cases", name, times)
		}
	}
	t.Logf("intervals that do not cover 0, of 30: %v", missed)
	// Planted: the bias gap and the decisions exclude 0, and the gap between groups says nothing,
	// for each loses half of its classes.
	biased := judge(.9, quick)
	if biased.Bias.Gap.Low <= .05 || biased.Decisions[0].DemographicParity.Low <= .05 ||
		biased.Decisions[0].EqualizedOdds.Difference.Low <= .05 {
		t.Errorf("planted bias is not found: %+v, %+v", biased.Bias, biased.Decisions[0])
	}
	if gap := biased.Groups.Gap; gap.Low > 0 || gap.High < 0 {
		t.Errorf("groups lose alike, and their gap is %+v", gap)
	}
	// Mending.
	for name, probe := range map[string]Probe{
		"reweighted": GroupBalanced{Linear: quick}, "subsampled": GroupBalanced{Linear: quick, Subsample: true},
		"group DRO": GroupDRO{L2: 1e-3},
	} {
		mended := judge(.9, probe)
		if mended.Bias.Gap.Value > biased.Bias.Gap.Value/3 || mended.WorstCell.Accuracy.Value <= biased.WorstCell.Accuracy.Value {
			t.Errorf("%s: bias gap %.3f of %.3f, worst pair %.3f of %.3f", name, mended.Bias.Gap.Value, biased.Bias.Gap.Value,
				mended.WorstCell.Accuracy.Value, biased.WorstCell.Accuracy.Value)
		}
		if !strings.Contains(mended.Protocol, "8 pairs") {
			t.Errorf("%s: protocol %q", name, mended.Protocol)
		}
	}
	if _, err := json.Marshal(biased); err != nil {
		t.Error(err)
	}
	for _, words := range []string{"accuracy, warm", "gap, cool less warm", "bias gap", "demographic parity, b, d"} {
		if !strings.Contains(biased.Table(), words) {
			t.Errorf("the table has no %q:\n%s", words, biased.Table())
		}
	}
	// What goes together is found in the training images.
	known := biased.Bias.Gap
	found, err := Fairness{Probe: quick}.Evaluate(grouped("train", 2000, .9, even, 1), test)
	if err != nil || found.Bias.Gap != known || len(found.Decisions) != 4 {
		t.Errorf("bias gap %+v, want %+v; %d decisions (%v)", found.Bias.Gap, known, len(found.Decisions), err)
	}
}

// Images of one group are harder, and nothing is planted: the groups have a gap, and the probe no
// bias.
func TestHarderGroupIsNoBias(t *testing.T) {
	hard := [2]float64{.4, 1.2}
	report, err := Fairness{Probe: quick, Aligned: parity}.Evaluate(grouped("train", 2000, 0, hard, 1), grouped("test", 2000,
		0, hard, 2))
	if err != nil {
		t.Fatal(err)
	}
	if report.Groups.Gap.High >= 0 || report.Groups.Worst.Group != 1 {
		t.Errorf("the harder group is not found: %+v", report.Groups)
	}
	if gap := report.Bias.Gap; gap.Low > 0 || gap.High < 0 {
		t.Errorf("bias gap %+v where nothing is planted", gap)
	}
}

// The bias gap of known predictions: class 0 is right on 3 of 4 aligned and 1 of 2 conflicting
// images, class 1 on all 2 and none of 3: (3/4+1)/2 less (1/2+0)/2 = 0.625. Class 2 has no
// conflicting image and is left out.
func TestBiasGapByHand(t *testing.T) {
	test := Features{Classes: []string{"0", "1", "2"}}
	var predicted []int
	add := func(class, group, right, wrong int) {
		for k := range right + wrong {
			test.Labels, test.Groups = append(test.Labels, class), append(test.Groups, group)
			guess := class
			if k >= right {
				guess = (class + 1) % 3
			}
			predicted = append(predicted, guess)
		}
	}
	add(0, 0, 3, 1)
	add(0, 1, 1, 1)
	add(1, 1, 2, 0)
	add(1, 0, 0, 3)
	add(2, 0, 5, 0)
	gap, err := biasGap(test, predicted, [][]bool{{true, false}, {false, true}, {true, false}}, 200, 1)
	if err != nil || math.Abs(gap.Gap.Value-.625) > 1e-12 || gap.Classes != 2 {
		t.Errorf("bias gap %+v (%v), want 0.625 over 2 classes", gap, err)
	}
}

func TestFairnessErrors(t *testing.T) {
	even := [2]float64{1, 1}
	train, test := grouped("train", 80, .5, even, 1), grouped("test", 80, 0, even, 2)
	evaluate := func(s Fairness, spoil func(train, test *Features)) error {
		a, b := train, test
		spoil(&a, &b)
		_, err := s.Evaluate(a, b)
		return err
	}
	keep := func(_, _ *Features) {}
	one := func(_, b *Features) { b.Groups = make([]int, b.N) }
	wantError(t, "no groups", evaluate(Fairness{}, func(_, b *Features) { b.Groups = nil }), "Groups is nil", "test")
	wantError(t, "one value", evaluate(Fairness{}, one), `Groups is "warm" throughout`, "test")
	wantError(t, "short", evaluate(Fairness{}, func(_, b *Features) { b.Groups = b.Groups[:7] }), "Groups holds 7")
	wantError(t, "range", evaluate(Fairness{}, func(_, b *Features) { b.GroupNames = b.GroupNames[:1] }), "Groups[", "must be from 0 to 0")
	wantError(t, "names", evaluate(Fairness{}, func(a, _ *Features) { a.GroupNames = []string{"x", "y"} }), "GroupNames differ")
	wantError(t, "positive", evaluate(Fairness{Positive: []int{4}}, keep), "Positive[0] is 4")
	wantError(t, "aligned", evaluate(Fairness{Aligned: parity[:3]}, keep), "Aligned has 3 rows")
	wantError(t, "aligned", evaluate(Fairness{Aligned: [][]bool{{}, {}, {}, {}}}, keep), "Aligned[0] has 0 columns")
	wantError(t, "resamples", evaluate(Fairness{Resamples: 5}, keep), "eval.Fairness: Resamples is 5")
	for name, probe := range map[string]Probe{"balanced": GroupBalanced{}, "DRO": GroupDRO{}} {
		_, err := probe.Evaluate(Features{}, test)
		wantError(t, name, err, "N and Dim are 0")
		a := train
		a.Groups = nil
		_, err = probe.Evaluate(a, test)
		wantError(t, name, err, "Groups is nil", "train")
		a.Groups = make([]int, a.N)
		_, err = probe.Evaluate(a, test)
		wantError(t, name, err, "throughout", "train")
	}
	for words, d := range map[string]GroupDRO{
		"eval.GroupDRO: L2 is -1": {L2: -1}, "eval.GroupDRO: Step is NaN": {Step: math.NaN()}, "eval.GroupDRO: Gap is -1": {Gap: -1},
		"eval.GroupDRO: Adjustment is -1": {Adjustment: -1}, "eval.GroupDRO: Rounds is -1": {Rounds: -1},
	} {
		_, err := d.Evaluate(train, test)
		wantError(t, words, err, words)
	}
	_, err := train.WithGroups([]string{"x"}, nil)
	wantError(t, "no attribute", err, "Groups is nil")
	_, err = train.WithGroups([]string{"x"}, slices.Repeat([]int{1}, train.N))
	wantError(t, "attribute out of range", err, "Groups[0] is 1")
}

// With pairs of equal size, the balanced probe is the plain one.
func TestGroupBalancedOnBalancedImages(t *testing.T) {
	train := grouped("train", 160, 0, [2]float64{1, 1}, 1)
	for i := range train.Groups {
		train.Groups[i] = i / 4 % 2
	}
	plain, err := quick.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	for _, subsample := range []bool{false, true} {
		balanced, err := GroupBalanced{Linear: quick, Subsample: subsample}.Fit(train)
		if err != nil {
			t.Fatal(err)
		}
		for k, w := range plain.Weights {
			if math.Abs(balanced.Weights[k]-w) > 1e-9 {
				t.Fatalf("subsample %v: weight %d is %g, want %g", subsample, k, balanced.Weights[k], w)
			}
		}
	}
}

// The objective of group DRO, computed by plain loops at the model's weights, is what the probe
// tells; a long subgradient descent finds nothing better than its gap allows, and the plain probe
// is worse.
func TestGroupDROAgainstSubgradientDescent(t *testing.T) {
	train := grouped("train", 240, .8, [2]float64{.8, .8}, 1)
	const l2, adjustment = 1e-2, .5
	d := GroupDRO{L2: l2, Adjustment: adjustment, Gap: .005, Rounds: 400}
	model, err := d.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	if !model.Fit.Converged {
		t.Errorf("not converged in %d rounds: %s", model.Fit.Iterations, model.Protocol)
	}
	standard := newStandardizer(train)
	x := standard.apply(train)
	const classes, dim = 4, 5
	// objective of (W row by row, then b) in standardised features, with a subgradient.
	objective := func(p []float64) (float64, []float64) {
		var sums [8]float64
		var counts [8]float64
		probabilities := make([]float64, train.N*classes)
		for i, label := range train.Labels {
			row := probabilities[i*classes : (i+1)*classes]
			for c := range row {
				row[c] = p[dim*classes+c]
				for j := range dim {
					row[c] += x[i*dim+j] * p[j*classes+c]
				}
			}
			softmax(row)
			sums[2*label+train.Groups[i]] -= math.Log(row[label])
			counts[2*label+train.Groups[i]]++
		}
		worst := 0
		value := func(g int) float64 { return sums[g]/counts[g] + adjustment/math.Sqrt(counts[g]) }
		for g := range sums {
			if value(g) > value(worst) {
				worst = g
			}
		}
		gradient := make([]float64, len(p))
		for i, label := range train.Labels {
			if 2*label+train.Groups[i] != worst {
				continue
			}
			for c := range classes {
				r := probabilities[i*classes+c]
				if c == label {
					r--
				}
				for j := range dim {
					gradient[j*classes+c] += r * x[i*dim+j] / counts[worst]
				}
				gradient[dim*classes+c] += r / counts[worst]
			}
		}
		penalty := 0.
		for k, w := range p[:dim*classes] {
			penalty += l2 / 2 * w * w
			gradient[k] += l2 * w
		}
		return value(worst) + penalty, gradient
	}
	fitted := func(m *LinearModel) []float64 { // back to standardised features
		p := make([]float64, (dim+1)*classes)
		copy(p[dim*classes:], m.Bias)
		for j := range dim {
			for c := range classes {
				w := m.Weights[j*classes+c]
				p[j*classes+c] = w * standard.scale[j]
				p[dim*classes+c] += w * standard.mean[j]
			}
		}
		return p
	}
	if got, _ := objective(fitted(model)); math.Abs(got-model.Fit.Loss) > 1e-9 {
		t.Errorf("worst loss %.12g, by plain loops %.12g", model.Fit.Loss, got)
	}
	plain, err := Linear{L2: []float64{l2}}.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	if of, _ := objective(fitted(plain)); of <= model.Fit.Loss+.05 {
		t.Errorf("the plain probe's worst loss is %g, group DRO's %g", of, model.Fit.Loss)
	}
	p, lowest := make([]float64, (dim+1)*classes), math.Inf(1)
	for step := range 20_000 {
		value, gradient := objective(p)
		lowest = min(lowest, value)
		for k, g := range gradient {
			p[k] -= g / math.Sqrt(float64(step+1))
		}
	}
	if lowest < model.Fit.Loss-d.Gap || lowest > model.Fit.Loss+.02 {
		t.Errorf("worst loss %g, by subgradient descent %g", model.Fit.Loss, lowest)
	}
	t.Logf("rounds %d, loss %g, by descent %g", model.Fit.Iterations, model.Fit.Loss, lowest)
}
