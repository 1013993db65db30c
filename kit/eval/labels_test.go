package eval

import (
	"encoding/json"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/metric"
)

func TestLabelCurve(t *testing.T) {
	train, test := gaussians("train", 400, 8, 4, 2.5, 1), gaussians("test", 500, 8, 4, 2.5, 2)
	settings := LabelCurve{PerClass: []int{20, 1, 4}, Draws: 4, Seed: 7}
	settings.Probe = KNN{}
	curve, err := settings.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	perClass, value, low, high := curve.Columns()
	if len(perClass) != 3 || perClass[0] != 1 || perClass[1] != 4 || perClass[2] != 20 {
		t.Fatalf("counts %v", perClass)
	}
	if !(value[0] < value[1] && value[1] < value[2]) {
		t.Errorf("more labels did not help: %v", value)
	}
	hashes := map[string]bool{}
	for i, p := range curve.Points {
		var values []float64
		for draw, r := range p.Draws {
			values = append(values, r.Value)
			hashes[r.SubsetHash] = true
			few, err := train.Subset(data.Subset{PerClass: p.PerClass, Seed: r.SubsetSeed})
			if err != nil || few.SubsetHash != r.SubsetHash || r.Labels != 4*p.PerClass {
				t.Errorf("point %d draw %d cannot be drawn again from its seed: %v", i, draw, err)
			}
		}
		want, err := metric.MeanInterval(values)
		if err != nil || p.Value != want.Value || low[i] != want.Low || high[i] != want.High || p.Labels != 4*p.PerClass {
			t.Errorf("point %+v, want %+v", p, want)
		}
	}
	if len(hashes) != 12 {
		t.Errorf("%d different subsets in 12 draws", len(hashes))
	}
	if table := curve.Table(); !strings.Contains(table, "| 20 | 80 | ") ||
		!strings.Contains(table, "k-NN on 4 draws of each label count, seed 7") {
		t.Errorf("table:\n%s", table)
	}
	if _, err := json.Marshal(curve); err != nil {
		t.Error(err)
	}
}

// Two encoders over one set are compared on the same images; a curve less itself
// is zero without an interval.
func TestLabelCurvePaired(t *testing.T) {
	settings := LabelCurve{PerClass: []int{2, 5}, Draws: 3, Seed: 1, Probe: Linear{L2: []float64{0.1}}}
	better, err := settings.Evaluate(gaussians("train", 60, 6, 3, 4, 1), gaussians("test", 300, 6, 3, 4, 2))
	if err != nil {
		t.Fatal(err)
	}
	worse, err := settings.Evaluate(gaussians("train", 60, 9, 3, 1, 3), gaussians("test", 300, 9, 3, 1, 4))
	if err != nil {
		t.Fatal(err)
	}
	gain, err := better.Difference(worse)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range gain.Points {
		if want := better.Points[i].Value - worse.Points[i].Value; math.Abs(p.Value-want) > 1e-12 || p.Value <= 0 {
			t.Errorf("point %d: difference %g, want %g above 0", i, p.Value, want)
		}
	}
	none, err := better.Difference(better)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range none.Points {
		if p.Value != 0 || p.Low != 0 || p.High != 0 {
			t.Errorf("a curve less itself: %+v", p)
		}
	}
	settings.Seed = 2
	other, err := settings.Evaluate(gaussians("train", 60, 6, 3, 4, 1), gaussians("test", 300, 6, 3, 4, 2))
	if err != nil {
		t.Fatal(err)
	}
	_, err = better.Difference(other)
	wantError(t, "other draws", err, "not paired")
	_, err = better.Difference(Curve{})
	wantError(t, "no points", err, "2 and 0 points")
}

func TestLabelCurveBadSettings(t *testing.T) {
	train, test := gaussians("train", 20, 3, 2, 3, 1), gaussians("test", 10, 3, 2, 3, 2)
	for words, curve := range map[string]LabelCurve{
		"PerClass is empty": {PerClass: []int{}},
		"PerClass holds 0":  {PerClass: []int{3, 0}},
		"Draws is -1":       {Draws: -1},
		"11 labels per class, draw 0: eval: choosing": {PerClass: []int{11}},
		"K is 5": {PerClass: []int{1}, Probe: KNN{K: 5}},
	} {
		_, err := curve.Evaluate(train, test)
		wantError(t, words, err, words)
	}
}

// A draw's result is its own, however many are fitted at once.
func TestLabelCurveDoesNotDependOnCores(t *testing.T) {
	train, test := gaussians("train", 120, 8, 4, 2.5, 1), gaussians("test", 200, 8, 4, 2.5, 2)
	for _, probe := range []Probe{KNN{}, Linear{L2: []float64{.1}}} {
		curve := func(cores int) Curve {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			got, err := LabelCurve{PerClass: []int{1, 5}, Draws: 3, Probe: probe}.Evaluate(train, test)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if want, got := curve(1), curve(4); !reflect.DeepEqual(got, want) {
			t.Errorf("%T: %+v on four cores, %+v on one", probe, got, want)
		}
	}
}

// BenchmarkLabelCurve runs on the backend of $GOMLX_BACKEND.
func BenchmarkLabelCurve(b *testing.B) {
	train, test := gaussians("train", 5_000, 128, 10, 2.5, 1), gaussians("test", 2_000, 128, 10, 2.5, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (LabelCurve{}).Evaluate(train, test); err != nil {
			b.Fatal(err)
		}
	}
}
