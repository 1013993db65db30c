package eval

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"sslkit/data"
	"sslkit/kit/metric"
)

// classSizes are Gaussian clouds of as many labelled images a class; of others the label is missing.
func classSizes(separation float64, seed uint64, sizes ...int) Features {
	f := gaussians("train", len(sizes)*slices.Max(sizes), 6, len(sizes), separation, seed)
	left := slices.Clone(sizes)
	for i, label := range f.Labels {
		if left[label]--; left[label] < 0 {
			f.Labels[i] = -1
		}
	}
	return f
}

func TestLabelCurveSaysWhereDrawsAreNoRepetitions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sizes           []int
		perClass, draws int
		shared          float64
		why, note       string // why is empty where there is an interval.
	}{
		"all images":             {[]int{5, 5}, 5, 5, 1, "all 5 draws take the same images", "At 5 labels per class there is no interval: all 5 draws"},
		"the only image":         {[]int{1, 1}, 1, 4, 1, "all 4 draws take the same images", "At 1 label per class there is no interval"},
		"all but one":            {[]int{5, 5}, 4, 5, .8, "", "At 4 labels per class two draws share 80 % of their images: the interval is over which of these images have labels, and for others it would be about 4.6 times as wide."},
		"all of a class":         {[]int{5, 50}, 5, 5, .55, "", "two draws share 55 % of their images"},
		"of three":               {[]int{40, 80, 20}, 2, 5, (.05 + .025 + .1) / 3, "", ""},
		"two sets there are":     {[]int{1, 2}, 1, 20, .75, "20 draws take only 2 different sets of images; an interval takes 3", "only 2 different"},
		"one draw":               {[]int{50, 50}, 2, 1, .04, "one draw", ""},
		"two draws":              {[]int{50, 50}, 2, 2, .04, "2 draws; an interval takes 3", ""},
		"one draw of all images": {[]int{5, 5}, 5, 1, 1, "one draw", ""},
		"many images":            {[]int{500, 500}, 10, 5, .02, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			train := classSizes(1, 1, c.sizes...)
			curve, err := LabelCurve{PerClass: []int{c.perClass}, Draws: c.draws, Probe: KNN{}}.Evaluate(train, gaussians("test", 300*len(c.sizes), 6, len(c.sizes), 1, 2))
			if err != nil {
				t.Fatal(err)
			}
			p := curve.Points[0]
			if p.NoInterval != c.why || p.HasInterval() != (c.why == "") || math.Abs(p.Shared-c.shared) > 1e-12 {
				t.Errorf("no interval for %q, %g shared; want %q and %g", p.NoInterval, p.Shared, c.why, c.shared)
			}
			if notes := strings.Join(curve.Notes(), "\n"); !strings.Contains(notes, c.note) || (c.note == "") != (notes == "") {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
			if table := curve.Table(); strings.Contains(table, "| none |") != (c.why != "") || !strings.Contains(table, c.note) {
				t.Errorf("table:\n%s", table)
			}

			// By comparing the images of every two draws, which are drawn again.
			var sets [][]int
			var values []float64
			for _, r := range p.Draws {
				few, err := train.Subset(data.Subset{PerClass: c.perClass, Seed: r.SubsetSeed})
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(few.Indices)
				if !slices.ContainsFunc(sets, func(other []int) bool { return slices.Equal(other, few.Indices) }) {
					sets = append(sets, few.Indices)
				}
				values = append(values, r.Value)
			}
			if enough := len(sets) >= 3; enough != p.HasInterval() {
				t.Errorf("%d different draws, and an interval: %v", len(sets), p.HasInterval())
			}
			want, err := metric.MeanInterval(values)
			if err != nil {
				t.Fatal(err)
			}
			if !p.HasInterval() {
				want.Low, want.High = want.Value, want.Value
			}
			if p.Value != want.Value || p.Low != want.Low || p.High != want.High {
				t.Errorf("%g [%g, %g], want %+v to the bit", p.Value, p.Low, p.High, want)
			}
		})
	}
}

// What two draws share is counted, in draws by the hundred.
func TestSharedImagesAreCounted(t *testing.T) {
	t.Parallel()
	sizes := []int{4, 7, 30}
	f := classSizes(1, 1, sizes...)
	for _, perClass := range []int{1, 3, 4} {
		var draws []map[int]bool
		for draw := range 300 {
			few, err := f.Subset(data.Subset{PerClass: perClass, Seed: LabelCurve{}.drawSeed(draw)})
			if err != nil {
				t.Fatal(err)
			}
			images := map[int]bool{}
			for _, i := range few.Indices {
				images[i] = true
			}
			draws = append(draws, images)
		}
		var common, all float64
		for i, a := range draws {
			for _, b := range draws[:i] {
				for image := range a {
					if b[image] {
						common++
					}
				}
				all += float64(len(a))
			}
		}
		if got, want := sharedImages(f.perClass(), perClass), common/all; math.Abs(got-want) > .01 {
			t.Errorf("%d labels a class: %.3f, counted %.3f", perClass, got, want)
		}
	}
}

// How much wider the interval would be for other images is what it is in draws from a pool that is
// drawn anew each time, of a mean over images.
func TestIntervalForOtherImages(t *testing.T) {
	t.Parallel()
	const draws, pools = 5, 4000
	random := rand.New(rand.NewPCG(1, 0))
	for _, c := range []struct{ images, perClass int }{{10, 4}, {10, 8}, {40, 4}} {
		labels := make([]int, c.images)
		var within float64
		means := make([]float64, pools)
		for pool := range pools {
			pictures, values := make([]float64, c.images), make([]float64, draws)
			for i := range pictures {
				pictures[i] = random.NormFloat64()
			}
			for draw := range values {
				chosen, err := data.Subset{PerClass: c.perClass, Seed: uint64(draws*pool + draw)}.Indices(labels, 1)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range chosen {
					values[draw] += pictures[i] / float64(c.perClass)
				}
			}
			var variance float64
			means[pool], variance = stat.MeanVariance(values, nil)
			within += variance / draws / pools
		}
		point := CurvePoint{Draws: make([]Result, draws), Shared: sharedImages([]int{c.images}, c.perClass)}
		got, want := point.widerForOthers(), math.Sqrt(stat.Variance(means, nil)/within)
		if math.Abs(got-want) > .05*want {
			t.Errorf("%+v: %.3f, simulated %.3f", c, got, want)
		}
	}
}

// A difference is claimed from draws that differ, and not from one set of images drawn five times.
func TestLabelCurveWithholdsVerdicts(t *testing.T) {
	t.Parallel()
	settings := LabelCurve{PerClass: []int{2, 7, 8}, Draws: 5, Seed: 3, Probe: KNN{}}
	var curves []Curve
	for _, separation := range []float64{5, .3} {
		curve, err := settings.Evaluate(classSizes(separation, 1, 8, 8, 8), gaussians("test", 300, 6, 3, separation, 2))
		if err != nil {
			t.Fatal(err)
		}
		curves = append(curves, curve)
	}
	gain, err := curves[0].Difference(curves[1])
	if err != nil {
		t.Fatal(err)
	}
	loss, err := curves[1].Difference(curves[0])
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ gain, loss, words string }{
		{"above", "below", "over 5 draws: ours is better with labels of these images (for others, the interval would be about 1.6 times as wide)"},
		{"above", "below", "over 5 draws: ours is better with labels of these images (for others, the interval would be about 6.0 times as wide)"},
		{"not known", "not known", "points, no interval (all 5 draws take the same images): not known which is better"},
	} {
		up, down := gain.Points[i], loss.Points[i]
		if up.Value <= .2 || up.Verdict() != want.gain || down.Verdict() != want.loss {
			t.Errorf("%d labels a class, difference %g: %q and %q, want %+v", up.PerClass, up.Value, up.Verdict(), down.Verdict(), want)
		}
		if a, b := up.Conclusion("ours", "theirs"), down.Conclusion("theirs", "ours"); !strings.HasSuffix(a, want.words) || !strings.HasSuffix(b, want.words) {
			t.Errorf("%q and %q, want %q", a, b, want.words)
		}
	}
	if words := (CurvePoint{Value: .234, Low: .209, High: .259, Draws: differentDraws(5), Shared: .01}).Conclusion("SimCLR", "raw pixels"); words !=
		"+23.4 points [+20.9, +25.9] over 5 draws: SimCLR is better" {
		t.Error(words)
	}
	if words := (CurvePoint{Value: .01, Low: -.02, High: .04, Draws: differentDraws(5), Shared: .9}).Conclusion("a", "b"); words !=
		"+1.0 points [-2.0, +4.0] over 5 draws: not told apart" {
		t.Error(words)
	}

	// A file keeps it, and one from before is judged by its draws, whatever rounding made of its ends.
	for _, curve := range []Curve{gain, curves[0]} {
		text, err := json.Marshal(curve)
		if err != nil {
			t.Fatal(err)
		}
		var back Curve
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back.Notes(), curve.Notes()) || back.Table() != curve.Table() {
			t.Errorf("read back: %v\n%s", err, back.Table())
		}
	}
	var fields map[string]any
	text, err := json.Marshal(gain.Points[2])
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	delete(fields, "no_interval")
	delete(fields, "shared")
	fields["low"], fields["high"] = gain.Points[2].Value-1e-17, gain.Points[2].Value+2e-16
	if text, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	var old CurvePoint
	if err := json.Unmarshal(text, &old); err != nil || old.Verdict() != "not known" || !strings.Contains(old.Conclusion("a", "b"), "take the same images") {
		t.Errorf("an older file: %v, %q", err, old.Conclusion("a", "b"))
	}
}

func differentDraws(n int) []Result {
	draws := make([]Result, n)
	for i := range draws {
		draws[i].SubsetHash = fmt.Sprint(i)
	}
	return draws
}

// hits is a probe that is right for as many images of a hundred as its draw says, and tells nothing of its images.
type hits func(train Features) float64

func (h hits) Evaluate(train, _ Features) (Result, error) { return Result{Value: h(train) / 100}, nil }

// Draws that differ and give one value have no interval: that is how few test images can be told apart.
func TestLabelCurveOfEqualValues(t *testing.T) {
	t.Parallel()
	train, test := gaussians("train", 200, 4, 2, 1, 1), gaussians("test", 20, 4, 2, 1, 2)
	of := func(h hits) Curve {
		t.Helper()
		curve, err := LabelCurve{PerClass: []int{3}, Draws: 4, Probe: h}.Evaluate(train, test)
		if err != nil {
			t.Fatal(err)
		}
		return curve
	}
	same := of(func(Features) float64 { return 35 })
	if p := same.Points[0]; p.NoInterval != "all 4 draws give the same value" || p.Low != p.Value || p.High != p.Value {
		t.Errorf("equal values: %+v", p)
	}
	image := func(f Features) float64 { return float64(f.Indices[0]) } // Of a draw.
	gain, err := of(func(f Features) float64 { return 5 + image(f) }).Difference(of(image))
	if err != nil {
		t.Fatal(err)
	}
	if p := gain.Points[0]; p.Verdict() != "not known" || p.Low != p.Value || p.High != p.Value || math.Abs(p.Value-.05) > 1e-12 {
		t.Errorf("equal differences but for rounding: %+v", p)
	}
	if p := of(image).Points[0]; !p.HasInterval() {
		t.Errorf("a probe that does not name its images: %q", p.NoInterval)
	}
}

// TestCurveOfIsThatOfItsDraws: made of the draws of a label curve, it is the label curve, and differs
// from it by nothing.
func TestCurveOfIsThatOfItsDraws(t *testing.T) {
	t.Parallel()
	train, test := gaussians("train", 120, 4, 3, 1, 1), gaussians("test", 120, 4, 3, 1, 2)
	curve, err := LabelCurve{PerClass: []int{5}, Draws: 4, Seed: 3, Probe: KNN{}}.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	draws := curve.Points[0].Draws
	again, err := CurveOf(5, draws)
	if err != nil {
		t.Fatal(err)
	}
	a, b := curve.Points[0], again.Points[0]
	if a.Value != b.Value || a.Low != b.Low || a.High != b.High || a.Labels != b.Labels || again.Interval != curve.Interval || again.Metric != curve.Metric {
		t.Errorf("%+v, want %+v", again, curve)
	}
	difference, err := curve.Difference(again)
	if err != nil || difference.Points[0].Value != 0 || difference.Points[0].Verdict() != "not known" {
		t.Errorf("their difference is %+v, %v", difference.Points, err)
	}
	other := slices.Clone(draws)
	other[2].Metric = "another"
	for name, wrong := range map[string]struct {
		perClass int
		draws    []Result
	}{"no draws": {5, nil}, "other labels": {6, draws}, "another metric": {5, other}} {
		if _, err := CurveOf(wrong.perClass, wrong.draws); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
