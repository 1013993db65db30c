package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
)

// gaussians are n points of `classes` classes in turn, class c at distance
// `separation` from the origin along axis c, with unit variance about it.
func gaussians(name string, n, dim, classes int, separation float64, seed uint64) Features {
	random := rand.New(rand.NewPCG(seed, 0))
	f := Features{N: n, Dim: dim, Name: name, Encoder: "e0"}
	for c := range classes {
		f.Classes = append(f.Classes, fmt.Sprintf("class %d", c))
	}
	for i := range n {
		class := i % classes
		f.Labels = append(f.Labels, class)
		for j := range dim {
			v := random.NormFloat64()
			if j == class {
				v += separation
			}
			f.X = append(f.X, float32(v))
		}
	}
	return f
}

// wantError checks that err names every one of the words.
func wantError(t *testing.T, name string, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", name)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: error %q does not name %q", name, err, word)
		}
	}
}

func TestFeaturesCheck(t *testing.T) {
	good := gaussians("set", 6, 3, 2, 1, 1)
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for word, spoil := range map[string]func(f *Features){
		"N and Dim are 0": func(f *Features) { f.N, f.X, f.Labels = 0, nil, nil },
		"X holds 17":      func(f *Features) { f.X = f.X[:17] },
		"Labels holds":    func(f *Features) { f.Labels = f.Labels[:5] },
		"Labels[1]":       func(f *Features) { f.Classes = f.Classes[:1] },
		"Indices holds":   func(f *Features) { f.Indices = []int{1} },
		"Encoder":         func(f *Features) { f.Encoder, f.Rehash = "", func() (string, error) { return "", nil } },
		"row 1 column 2 is NaN": func(f *Features) {
			f.X = slices.Clone(f.X)
			f.X[5] = float32(math.NaN())
		},
		"row 0 column 0 is +Inf": func(f *Features) {
			f.X = slices.Clone(f.X)
			f.X[0] = float32(math.Inf(1))
		},
	} {
		f := good
		spoil(&f)
		wantError(t, word, f.Check(), word, `"set"`)
	}
}

func TestFeaturesSubset(t *testing.T) {
	f := gaussians("set", 40, 3, 4, 1, 1)
	f.Labels[5] = -1
	s := data.Subset{PerClass: 3, Seed: 9}
	got, err := f.Subset(s)
	if err != nil {
		t.Fatal(err)
	}
	want, err := s.Indices(f.Labels, 4)
	if err != nil {
		t.Fatal(err)
	}
	if got.N != 12 || !slices.Equal(got.Indices, want) || got.SubsetHash != data.Hash(want) || got.SubsetSeed != 9 {
		t.Errorf("subset %+v, want rows %v", got, want)
	}
	for i, row := range want {
		if !slices.Equal(got.Row(i), f.Row(row)) || got.Labels[i] != f.Labels[row] {
			t.Errorf("row %d is not row %d of the set", i, row)
		}
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	// The same images for other features of the same set, and positions in the
	// set for a subset of a subset.
	other := gaussians("set", 40, 7, 4, 2, 8)
	other.Labels[5] = -1
	paired, err := other.Subset(s)
	if err != nil || paired.SubsetHash != got.SubsetHash {
		t.Errorf("another encoder's features gave subset %s, %v, want %s", paired.SubsetHash, err, got.SubsetHash)
	}
	again, err := got.Subset(data.Subset{PerClass: 1, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, position := range again.Indices {
		if !slices.Equal(again.Row(i), f.Row(position)) {
			t.Errorf("row %d of the subset's subset does not stand at %d of the set", i, position)
		}
	}
	_, err = f.Subset(data.Subset{PerClass: 1000})
	wantError(t, "too many", err, `"set"`)
	f.Labels = nil
	_, err = f.Subset(s)
	wantError(t, "unlabelled", err, "Labels is nil")
}

func TestProbesRefuse(t *testing.T) {
	train, test := gaussians("a/train", 20, 3, 2, 3, 1), gaussians("a/test", 10, 3, 2, 3, 2)
	subset, err := train.Subset(data.Subset{PerClass: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for words, spoil := range map[string]func(train, test *Features){
		"Dim is 3":          func(_, test *Features) { *test = gaussians("a/test", 10, 4, 2, 3, 2) },
		"Labels[2] is -1":   func(train, _ *Features) { train.Labels = slices.Clone(train.Labels); train.Labels[2] = -1 },
		"Labels is nil":     func(_, test *Features) { test.Labels = nil },
		"Classes differ":    func(_, test *Features) { test.Classes = []string{"x", "y"} },
		"different weights": func(_, test *Features) { test.Encoder = "e1" },
		"overlap":           func(_, test *Features) { *test = subset },
		"is NaN":            func(train, _ *Features) { train.X = slices.Clone(train.X); train.X[0] = float32(math.NaN()) },
		"encoder changed":   func(train, _ *Features) { train.Rehash = func() (string, error) { return "e2", nil } },
		"disk on fire": func(_, test *Features) {
			test.Rehash = func() (string, error) { return "", errors.New("disk on fire") }
		},
		"\"a/train\": X holds 3": func(train, _ *Features) { train.X = train.X[:3] },
	} {
		for _, probe := range []Probe{KNN{K: 3}, Linear{}} {
			a, b := train, test
			spoil(&a, &b)
			_, err := probe.Evaluate(a, b)
			wantError(t, fmt.Sprintf("%T, %s", probe, words), err, words)
		}
	}
}

func TestResult(t *testing.T) {
	r := Result{Protocol: "k-NN (k 20, cosine, T 0.1)", Value: 0.613, Low: 0.6034, High: 0.6224, N: 10000, Labels: 50000}
	if got, want := r.String(), "k-NN (k 20, cosine, T 0.1) 61.3 % [60.3, 62.2], 10,000 test images, 50,000 labels"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
}

// A result says where it came from, and says so again when read from JSON.
func TestResultProvenance(t *testing.T) {
	train, test := gaussians("a/train", 60, 3, 2, 3, 1), gaussians("a/test", 50, 3, 2, 3, 2)
	few, err := train.Subset(data.Subset{PerClass: 6, Seed: 1 << 63})
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	few.Rehash = func() (string, error) { calls++; return "e0", nil }
	for _, probe := range []Probe{KNN{K: 3}, Linear{Seed: 4}} {
		r, err := probe.Evaluate(few, test)
		if err != nil {
			t.Fatal(err)
		}
		if r.EncoderBefore != "e0" || r.EncoderAfter != "e0" || r.SubsetHash != few.SubsetHash || r.SubsetSeed != 1<<63 ||
			r.Labels != 12 || !slices.Equal(r.LabelsPerClass, []int{6, 6}) || r.N != 50 || r.Train != "a/train" ||
			r.Test != "a/test" || len(r.Predictions) != 50 {
			t.Errorf("%T: %+v", probe, r)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Result
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		again, _ := json.Marshal(back)
		if string(again) != string(text) {
			t.Errorf("%T: JSON changed in a round trip:\n%s\n%s", probe, text, again)
		}
	}
	if calls != 2 {
		t.Errorf("the encoder was hashed %d times after 2 probes", calls)
	}
}

// Of images of one class alone every answer would be right: no protocol gives that as an accuracy.
func TestOneClassIsNoAccuracy(t *testing.T) {
	single := func(name string, seed uint64, classes ...string) Features {
		f := gaussians(name, 40, 3, 2, 3, seed)
		f.Classes, f.Labels = classes, make([]int, 40)
		return f
	}
	for _, classes := range [][]string{{"only"}, {"only", "never"}} {
		train, test := single("train", 1, classes...), single("test", 2, classes...)
		logits := test
		logits.Dim = len(classes)
		logits.X = logits.X[:logits.N*logits.Dim]
		for name, evaluate := range map[string]func() error{
			"k-NN":         func() error { _, err := KNN{}.Evaluate(train, test); return err },
			"linear probe": func() error { _, err := Linear{}.Evaluate(train, test); return err },
			"label curve": func() error {
				_, err := LabelCurve{PerClass: []int{2}, Probe: KNN{}}.Evaluate(train, test)
				return err
			},
			"few-shot":    func() error { _, err := FewShot{Ways: 2}.Evaluate(test); return err },
			"fine-tuning": func() error { _, err := Classified("tuned", train, logits); return err },
		} {
			err := evaluate()
			if err == nil || name != "label curve" && !errors.Is(err, ErrOneClass) {
				t.Errorf("%s with classes %v: error %v", name, classes, err)
			}
		}
	}
	// A test set of one class says how many of its images are recognised among several.
	if _, err := (KNN{}).Evaluate(gaussians("train", 40, 3, 2, 3, 1), single("test", 2, gaussians("", 4, 3, 2, 3, 1).Classes...)); err != nil {
		t.Error(err)
	}
}

func TestSpreadKeepsWhatFeaturesHold(t *testing.T) {
	t.Parallel()
	f := Features{N: 6, Dim: 2, X: []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, Name: "images"}
	for _, labels := range [][]int{nil, {0, 1, 0, 1, 0, 1}} {
		if f.Labels = labels; labels != nil {
			f.Classes = []string{"a", "b"}
		}
		got := f.Spread(3)
		if got.N != 3 || len(got.X) != 6 || len(got.Labels) != min(3, len(labels)) || len(f.Spread(100).X) != len(f.X) {
			t.Fatalf("3 of 6 rows with the labels %v are %+v", labels, got)
		}
		for i, at := range got.Indices {
			if got.X[2*i] != float32(2*at) || labels != nil && got.Labels[i] != labels[at] {
				t.Errorf("row %d of image %d is %v", i, at, got.Row(i))
			}
		}
	}
}
