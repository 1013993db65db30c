package eval

import (
	"math"
	"strings"
	"testing"

	"sslkit/kit/metric"
)

// A probe on few images is too sure of itself; the temperature mends that and changes no
// prediction.
func TestCalibration(t *testing.T) {
	train, test := gaussians("train", 60, 20, 3, 1, 1), gaussians("test", 600, 20, 3, 1, 2)
	validation := gaussians("validation", 300, 20, 3, 1, 3)
	protocol := Calibration{Probe: quick, Validation: &validation, Resamples: 200}
	got, err := protocol.Evaluate(train, test)
	if err != nil {
		t.Fatal(err)
	}
	model, err := quick.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	p, err := model.Probabilities(test)
	if err != nil {
		t.Fatal(err)
	}
	want, err := metric.ECE(test.Labels, p, 3, metric.ECEBins)
	if err != nil || math.Abs(got.Own.ECE.Value-want) > 1e-12 {
		t.Errorf("ECE %g, want %g (%v)", got.Own.ECE.Value, want, err)
	}
	// The same from the bins.
	var ece float64
	images := 0
	for _, bin := range got.OwnBins {
		ece += float64(bin.Accuracy.N) * math.Abs(bin.Accuracy.Value-bin.Confidence) / float64(test.N)
		images += bin.Accuracy.N
	}
	if math.Abs(ece-want) > 1e-12 || images != test.N {
		t.Errorf("the bins hold %d images and have an ECE of %g, want %d and %g", images, ece, test.N, want)
	}
	if _, temperature, err := model.Calibrated(validation); err != nil || temperature != got.Temperature || temperature <= 1 {
		t.Errorf("temperature %g, the probe's own is %g (%v)", got.Temperature, temperature, err)
	}
	if got.Scaled == nil || got.Scaled.ECE.High >= got.Own.ECE.Low || got.Scaled.NLL.Value >= got.Own.NLL.Value {
		t.Errorf("own %+v, scaled %+v", got.Own, got.Scaled)
	}
	if got.Scaled.Accuracy != got.Own.Accuracy || got.Own.Accuracy.Value != got.Value {
		t.Errorf("accuracies %v, %v and %g", got.Own.Accuracy, got.Scaled.Accuracy, got.Value)
	}
	protocol.Validation = nil
	if own, err := protocol.Evaluate(train, test); err != nil || own.Scaled != nil || own.Temperature != 1 || own.Own != got.Own {
		t.Errorf("without validation images: %+v, %v", own, err)
	}
	_, err = Calibration{Probe: quick, Validation: &test}.Evaluate(train, test)
	wantError(t, "test images for validation", err, "eval.Calibration: Validation")
}

// Check finds what Evaluate would refuse whatever the features, and names the field.
func TestCheckNamesTheField(t *testing.T) {
	bad := Linear{L2: []float64{-1}}
	for field, check := range map[string]interface{ Check() error }{
		"eval.KNN: Temperature": KNN{Temperature: -1}, "eval.Linear: L2": bad, "eval.LabelCurve: Draws": LabelCurve{Draws: -1},
		"eval.FewShot: Ways": FewShot{Ways: 1}, "eval.Retrieval: Resamples": Retrieval{Resamples: 3},
		"eval.Robustness: Resamples": Robustness{Resamples: 3},
		"eval.Fairness: Resamples":   Fairness{Resamples: 3}, "eval.Overfit: Shuffles": Overfit{Shuffles: -1},
		"eval.Calibration: Resamples": Calibration{Resamples: 3}, "eval.KNN: K": KNN{K: -1}, "eval.Retrieval: K": Retrieval{K: []int{0}},
	} {
		if err := check.Check(); err == nil || !strings.Contains(err.Error(), field+" ") {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, check := range []interface{ Check() error }{LabelCurve{Probe: bad}, Robustness{Probe: bad}, Fairness{Probe: bad},
		Overfit{Probe: bad}, Calibration{Probe: bad}} {
		if err := check.Check(); err == nil || !strings.Contains(err.Error(), "eval.Linear: L2") {
			t.Errorf("%T: %v", check, err)
		}
	}
	for _, check := range []interface{ Check() error }{KNN{}, Linear{}, LabelCurve{}, FewShot{}, Retrieval{}, Robustness{},
		Fairness{},
		Overfit{}, Calibration{}} {
		if err := check.Check(); err != nil {
			t.Errorf("%T: %v", check, err)
		}
	}
}
