package eval

import (
	"math"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
)

// Few images of many features are memorised, many of few are not, and both are said.
func TestOverfitTellsMemorisedFromLearned(t *testing.T) {
	held := gaussians("validation", 1000, 100, 4, 1.5, 2)
	memorised, err := Overfit{Probe: quick}.Evaluate(gaussians("train", 60, 100, 4, 1.5, 1), held)
	if err != nil {
		t.Fatal(err)
	}
	if memorised.Fitted.Value != 1 || memorised.Gap.Low < .1 || memorised.Memorised.Value != 1 || len(memorised.Warnings) != 2 ||
		!strings.Contains(memorised.String(), "memorised: ") {
		t.Errorf("60 images of 100 features: %+v, %v", memorised.Gap, memorised)
	}
	if math.Abs(memorised.Gap.Value-(memorised.Fitted.Value-memorised.Value)) > 1e-12 || math.Abs(memorised.Chance-.25) > .03 {
		t.Errorf("gap %g of %g and %g, chance %g", memorised.Gap.Value, memorised.Fitted.Value, memorised.Value, memorised.Chance)
	}
	few := func(name string, n int, seed uint64) Features { return gaussians(name, n, 8, 4, 2, seed) }
	learned, err := Overfit{Probe: quick}.Evaluate(few("train", 2000, 1), few("validation", 1000, 2))
	if err != nil {
		t.Fatal(err)
	}
	if len(learned.Warnings) != 0 || learned.Memorised.Value > .35 || learned.Gap.Value > .05 {
		t.Errorf("2,000 images of 8 features: %v", learned)
	}
	if math.Abs(learned.Shuffled.Value) > .05 {
		t.Errorf("%g above chance on shuffled labels", learned.Shuffled.Value)
	}
}

// peeking is a probe that looks the answers up.
type peeking struct{}

func (peeking) Evaluate(train, test Features) (Result, error) {
	return newResult("peeking", train, test, test.Labels)
}

func TestOverfitFindsAProbeThatPeeks(t *testing.T) {
	train, held := gaussians("train", 100, 4, 4, 1, 1), gaussians("validation", 100, 4, 4, 1, 2)
	_, err := Overfit{Probe: peeking{}}.Evaluate(train, held)
	wantError(t, "peeking", err, "label leak", "validation")
	_, err = Overfit{Shuffles: -1}.Evaluate(train, held)
	wantError(t, "shuffles", err, "eval.Overfit: Shuffles is -1")
	_, err = Overfit{}.Evaluate(train, train)
	wantError(t, "the same images", err, "overlap")
}

func TestTestImagesAmongTheLabelledAreAnError(t *testing.T) {
	train, test := gaussians("train", 200, 16, 2, 1, 1), gaussians("test", 300, 16, 2, 1, 2)
	few, err := train.Subset(data.Subset{PerClass: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	probes := map[string]Probe{"linear": quick, "k-NN": KNN{}, "balanced": GroupBalanced{}, "DRO": GroupDRO{}}
	all := func(name string, train Features, words ...string) {
		t.Helper()
		for of, probe := range probes {
			_, err := probe.Evaluate(train, test)
			wantError(t, name+", "+of, err, words...)
		}
	}
	// One test image in the place of a labelled one, under the training set's name.
	leaked := few
	leaked.X = slices.Clone(few.X)
	copy(leaked.Row(7), test.Row(11))
	all("copied features", leaked, "label leak", "row 7", "row 11", "train", "test")
	// One drawn image exchanged for another: the hash tells.
	swapped := few
	swapped.Indices = slices.Clone(few.Indices)
	swapped.Indices[0]++
	all("exchanged", swapped, "SubsetHash is "+few.SubsetHash, "other labelled images")
	twice := few
	twice.Indices = slices.Clone(few.Indices)
	twice.Indices[0] = twice.Indices[1]
	twice.SubsetHash = data.Hash(twice.Indices)
	all("twice", twice, "for the second time")
	// Labelled images that were drawn from the test set.
	drawn, err := test.Subset(data.Subset{PerClass: 5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	all("drawn from test", drawn, "overlap")

	// One copy in a set of 200 is told, and no error.
	train.X = slices.Clone(train.X)
	copy(train.Row(3), test.Row(4))
	if result, err := quick.Evaluate(train, test); err != nil || result.Copies != 1 {
		t.Errorf("%d copies, %v", result.Copies, err)
	}
	// Neither zeros nor what a collapsed encoder gives are copies.
	for _, v := range []float32{0, 1} {
		a, b := train, test
		a.X, b.X = slices.Repeat([]float32{v}, len(a.X)), slices.Repeat([]float32{v}, len(b.X))
		if n, err := copies(a, b); n != 0 || err != nil {
			t.Errorf("features that are all %g: %d copies, %v", v, n, err)
		}
	}
}
