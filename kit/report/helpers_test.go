package report

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"sslkit/kit/attack"
	"sslkit/kit/corrupt"
	"sslkit/kit/curate"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/plots"
)

// quick is a probe whose penalty is fixed.
var quick = eval.Linear{L2: []float64{1e-2}}

// clouds are features of three classes, the names of which a page must not take for its own, in two
// groups.
func clouds(name string, n int, apart float64, seed uint64) eval.Features {
	random := rand.New(rand.NewPCG(seed, 0))
	f := eval.Features{N: n, Dim: 8, Name: name, Encoder: "0123456789abcdef0123", Classes: []string{"<b>cat</b>", `"dog" & co`,
		"</td>"},
		GroupNames: []string{"<warm>", "cool"}, Rehash: func() (string, error) { return "0123456789abcdef0123", nil }}
	for i := range n {
		class := i % 3
		for j := range f.Dim {
			v := random.NormFloat64()
			if j == class {
				v += apart
			}
			f.X = append(f.X, float32(v))
		}
		f.Labels, f.Groups = append(f.Labels, class), append(f.Groups, random.IntN(2))
	}
	return f
}

// parts are a section of every kind, measured on clouds.
func parts(t testing.TB) []Section {
	t.Helper()
	train, test, validation := clouds("a<b>/train", 120, 2, 1), clouds("a<b>/test", 90, 2, 2), clouds("a<b>/validation", 60, 2, 3)
	var sections []Section
	add := func(s Section, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		sections = append(sections, s)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	knn, err := eval.KNN{}.Evaluate(train, test)
	must(err)
	before, err := eval.KNN{}.Evaluate(clouds("a<b>/train", 120, .2, 4), clouds("a<b>/test", 90, .2, 5))
	must(err)
	add(KNN(knn, before))
	linear, err := quick.Evaluate(train, test)
	must(err)
	add(Linear(linear, test.Labels, test.Classes))
	curve, err := eval.LabelCurve{Probe: quick, PerClass: []int{1, 5}, Draws: 3}.Evaluate(train, test)
	must(err)
	add(LabelCurve(curve))
	shots, err := eval.FewShot{Ways: 2, Episodes: 20}.Evaluate(test)
	must(err)
	add(FewShot(shots))
	ranking, err := eval.Retrieval{Resamples: 100}.Evaluate(train, test)
	must(err)
	plot, err := plots.Curve("A drawing of <em>", "x", "y", plots.Line{X: []float64{0, 1}, Y: []float64{1, 2}})
	must(err)
	picture, err := Draw(plot, "Said of it: <script>alert(1)</script>")
	must(err)
	add(Retrieval(ranking, picture))
	calibrated, err := eval.Calibration{Probe: quick, Validation: &validation, Resamples: 100}.Evaluate(train, test)
	must(err)
	add(Calibration(calibrated, ""))
	add(Robustness(robustness(t, train, test)))
	add(Attack(attack.Curve{Protocol: "PGD <of> 2", EncoderBefore: train.Encoder, Points: []attack.Point{
		{Eps: 0, Accuracy: metric.Interval{Value: .5, Low: .4, High: .6, N: 90}},
		{Eps: 4. / 255, Accuracy: metric.Interval{Value: .1, Low: .05, High: .2, N: 90}}}}, linear))
	fair, err := eval.Fairness{Attribute: "back<ground>", Probe: quick, Resamples: 100}.Evaluate(train, test)
	must(err)
	add(Fairness(fair, test.Classes))
	over, err := eval.Overfit{Probe: quick, Shuffles: 2}.Evaluate(train, validation)
	must(err)
	add(Overfit(over))
	add(Curation{Train: train.Name, Judged: test.Name, Images: 120, Of: 90, How: "bit for bit", Same: curate.Groups{{1, 2}},
		Alike: curate.Groups{{1, 2}, {4, 8, 9}}, Leaks: curate.Leaks{{Train: 3, Test: 5, Similarity: .99}}}.Section())
	return append(sections, Section{Title: "Fairness", NotMeasured: "no subgroups of <a> are known"})
}

// robustness is that of test under growing noise.
func robustness(t testing.TB, train, test eval.Features) eval.RobustnessResult {
	t.Helper()
	var severities [corrupt.Severities]eval.Features
	random := rand.New(rand.NewPCG(9, 0))
	for s := range severities {
		f := test
		f.Name, f.X = fmt.Sprintf("%s-%d", test.Name, s+1), slices.Clone(test.X)
		for i := range f.X {
			f.X[i] += float32(float64(s+1) * random.NormFloat64())
		}
		severities[s] = f
	}
	result, err := eval.Robustness{Probe: quick, Resamples: 100}.Evaluate(train, test, eval.Corrupted{corrupt.Fog: severities})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// full is a report with all that a report may hold.
func full(t testing.TB) Report {
	t.Helper()
	images := Images{Name: "a<b>/train", Fingerprint: "f00d", Number: 120, Height: 32, Width: 32,
		Classes: []Part{{"<b>cat</b>", 60}, {`"dog" & co`, 60}}, Groups: []Part{{"<warm>", 50}, {"cool", 70}}}
	return Report{
		Title: "A <report> & more", Subtitle: "what was done <here>", Sections: parts(t),
		Cost: Cost{Seconds: 828, Steps: 1200, Planned: 1230, Batch: 128, ImagesSeen: 153600, Epochs: 15.36, Parameters: 697000,
			ForwardFLOPs: 4.1e9, StepFLOPs: 2.5e12, TrainingFLOPs: 3e15,
			Energy: &Energy{KWh: .00552, Watts: 24, Assumption: "two <cores>", GridCarbon: 300, GramsCO2: 1.656}},
		Model: ModelCard{Card: Card{IntendedUse: "To be <tested>"}, Method: "simclr", Encoder: "resnet18-w16", Dim: 128,
			Weights:  "abc",
			Training: images, Judged: Images{Missing: "there are no <test> images"}},
		Environment: []byte(`{"go":"go1.26","machine":{"cores":2,"processor":"<x>"}}`),
		Recipe:      []byte(`{"Method":{"ssl.SimCLR":{"Temperature":0.5}},"Note":"<pre>"}`),
	}
}
