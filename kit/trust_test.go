package kit

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/attack"
	"sslkit/kit/corrupt"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/kit/rundir"
)

func TestTrustOfARun(t *testing.T) {
	recipe := small()
	recipe.Steps = 2
	recipe.Encoder = encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem} // Wide enough that no two images are represented alike.
	run := pretrained(t, t.TempDir(), recipe)
	train, err := run.Features(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	test, err := run.Features(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if len(test.Groups) != test.N || !slices.Equal(test.GroupNames, data.ShapeGroups()) {
		t.Errorf("groups %v of %v", test.Groups, test.GroupNames)
	}

	// Another source: cached by its images, clean ones are the run's own.
	same, err := run.FeaturesOf(data.Shapes{Train: 96, Validation: 32, Test: 32}, data.Test)
	if err != nil || !slices.Equal(same.X, test.X) {
		t.Errorf("the same images have other features (%v)", err)
	}
	parts := [2]eval.Features{}
	for seed := range parts {
		source := data.Labelled{From: recipe.Data, Subset: data.Subset{PerClass: 2, Seed: uint64(seed)}}
		if parts[seed], err = run.FeaturesOf(source, data.Train); err != nil {
			t.Fatal(err)
		}
	}
	if parts[0].N != parts[1].N || slices.Equal(parts[0].X, parts[1].X) {
		t.Error("two parts of a set have the same features")
	}
	corrupted, err := run.CorruptedFeatures(data.Test, 1, corrupt.Contrast)
	if err != nil {
		t.Fatal(err)
	}
	if f := corrupted[corrupt.Contrast][4]; len(corrupted) != 1 || f.N != test.N || slices.Equal(f.X, test.X) ||
		f.Encoder != test.Encoder {
		t.Errorf("%d corruptions, %d images, encoder %s", len(corrupted), f.N, f.Encoder)
	}
	if _, err := run.CorruptedFeatures(data.Train, 1); err == nil || !strings.Contains(err.Error(), "split is train") {
		t.Errorf("corrupted training images: %v", err)
	}
	probe := eval.Linear{L2: []float64{1e-2}}
	robust, err := eval.Robustness{Probe: probe, Resamples: 100}.Evaluate(train, test, corrupted)
	if err != nil || len(robust.Rows) != 5 {
		t.Errorf("%d rows, %v", len(robust.Rows), err)
	}

	// With eps 0 the attacked classifier is the probe.
	model, err := probe.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := run.Adversarial(model, data.Test, attack.Sweep{Attack: attack.FGSM{}, Eps: []float64{0, .1}})
	if err != nil {
		t.Fatal(err)
	}
	if curve.Points[0].Accuracy != robust.Clean.Accuracy || curve.EncoderAfter != test.Encoder {
		t.Errorf("the attacked classifier has %v, the probe %v", curve.Points[0].Accuracy, robust.Clean.Accuracy)
	}
	// The probe knows the images that it was fitted on, so there is something to lose.
	if curve, err = run.Adversarial(model, data.Train, attack.Sweep{Attack: attack.PGD{Steps: 3}, Eps: []float64{0,
		.1}}); err != nil {
		t.Fatal(err)
	}
	if curve.Points[1].Accuracy.High >= curve.Points[0].Accuracy.Low {
		t.Errorf("the attack did nothing: %+v", curve.Points)
	}
	if _, err := run.Adversarial(model, data.Test, attack.Sweep{Eps: []float64{-1}}); err == nil ||
		!strings.Contains(err.Error(), "Eps[0] is -1") {
		t.Errorf("eps -1: %v", err)
	}
	if _, err := run.Adversarial(nil, data.Test, attack.Sweep{}); err == nil || !strings.Contains(err.Error(), "probe is nil") {
		t.Errorf("no probe: %v", err)
	}
	foreign := *model
	foreign.Encoder = "another"
	if _, err := run.Adversarial(&foreign, data.Test, attack.Sweep{}); err == nil || !strings.Contains(err.Error(), "another") {
		t.Errorf("a probe of other weights: %v", err)
	}

	// Whoever goes on training the encoder between the features and the probe is told so, by every
	// protocol.
	path := filepath.Join(run.Dir, rundir.EncoderFile)
	initial, err := os.ReadFile(filepath.Join(run.Dir, rundir.InitialFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path, initial, 0o644), rundir.Dir(run.Dir).Seal(rundir.EncoderFile)); err != nil {
		t.Fatal(err)
	}
	for name, judge := range map[string]func() error{
		"linear":     func() error { _, err := probe.Evaluate(train, test); return err },
		"k-NN":       func() error { _, err := eval.KNN{}.Evaluate(train, test); return err },
		"robustness": func() error { _, err := eval.Robustness{Probe: probe}.Evaluate(train, test, corrupted); return err },
	} {
		if err := judge(); err == nil || !strings.Contains(err.Error(), "encoder changed") {
			t.Errorf("%s on an encoder that was not frozen: %v", name, err)
		}
	}
	if later, err := run.Features(data.Test); err != nil || later.Encoder == test.Encoder {
		t.Errorf("the other encoder has the same hash (%v)", err)
	} else if _, err := probe.Evaluate(train, later); err == nil || !strings.Contains(err.Error(), "different weights") {
		t.Errorf("features of two encoders: %v", err)
	}
}

// Coarse pixels of Shapes tell the background more easily than the class. Where background and
// class went together in training, the bias gap shows it, and the mended probes have less of it;
// where they did not, its interval covers 0.
func TestPlantedBiasOfShapesIsFound(t *testing.T) {
	aligned := make([][]bool, 10)
	for class := range aligned {
		aligned[class] = []bool{class%2 == 0, class%2 == 1}
	}
	var gaps []metric.Interval
	for _, c := range []struct {
		spurious float64
		probe    eval.Probe
	}{
		{0, eval.Linear{L2: []float64{1e-3}}}, {.9, eval.Linear{L2: []float64{1e-3}}},
		{.9, eval.GroupBalanced{Linear: eval.Linear{L2: []float64{1e-3}}}}, {.9, eval.GroupDRO{L2: 1e-3, Gap: .1}},
	} {
		source := data.Shapes{Train: 3000, Test: 2000, Spurious: c.spurious}
		report, err := eval.Fairness{Attribute: "background", Probe: c.probe, Aligned: aligned}.Evaluate(coarse(t, source,
			data.Train), coarse(t, source, data.Test))
		if err != nil {
			t.Fatal(err)
		}
		gaps = append(gaps, report.Bias.Gap)
	}
	if gaps[0].Low > 0 || gaps[0].High < 0 {
		t.Errorf("nothing planted, and the bias gap is %+v", gaps[0])
	}
	if gaps[1].Low <= 0 {
		t.Errorf("planted bias is not found: %+v", gaps[1])
	}
	for _, mended := range gaps[2:] {
		if mended.High >= gaps[1].Low {
			t.Errorf("mended bias gap %+v, it was %+v", mended, gaps[1])
		}
	}
	t.Logf("bias gaps %+v", gaps)
}

// coarse are the means of 8 × 8 squares of pixels as features.
func coarse(t *testing.T, source data.Source, split data.Split) eval.Features {
	t.Helper()
	pixels, err := PixelFeatures(source, split)
	if err != nil {
		t.Fatal(err)
	}
	out := pixels
	out.Dim, out.X = 4*4*3, make([]float32, pixels.N*4*4*3)
	for i := range pixels.N {
		for j, v := range pixels.Row(i) {
			row, column, channel := j/96, j/3%32, j%3
			out.X[i*48+(row/8*4+column/8)*3+channel] += v / 64
		}
	}
	return out
}

// After a few steps the images are no more familiar than others; the seen ones are counted, and
// nothing is warned of.
func TestFamiliarityOfARun(t *testing.T) {
	run := finished(t)
	f, err := run.Familiarity()
	if err != nil {
		t.Fatal(err)
	}
	monitor, err := run.Monitor()
	if err != nil {
		t.Fatal(err)
	}
	if f.Seen != 2 || f.Train.N != 96 || f.HeldOut.N != 32 || f.Warning != "" {
		t.Errorf("%+v", f)
	}
	if math.Abs(f.HeldOut.Value-monitor.Alignment) > 1e-5 {
		t.Errorf("alignment of held-out images %g, the monitors say %g", f.HeldOut.Value, monitor.Alignment)
	}
	if math.Abs(f.Gap.Value-(f.HeldOut.Value-f.Train.Value)) > 1e-12 || f.Gap.Low >= f.Gap.High {
		t.Errorf("gap %+v", f.Gap)
	}
	if _, err := (&Run{Dir: t.TempDir(), Recipe: run.Recipe}).Familiarity(); err == nil || !strings.Contains(err.Error(),
		"no checkpoint") {
		t.Errorf("without a checkpoint: %v", err)
	}
}
