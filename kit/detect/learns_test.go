package detect

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/plots"
)

// TestLearns: a detector finds what it was trained on nearly all, is the same when opened again, and
// says nothing of an image without an object.
func TestLearns(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "detector")
	detector, err := Train(dir, tiny())
	if err != nil {
		t.Fatal(err)
	}
	result, err := detector.Evaluate(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	if result.AP50 < .9 || result.AP < .6 || result.Images != 6 || result.TrainedImages != 6 {
		t.Errorf("it has learned little: %s", result)
	}
	if result.Interval.Low > result.AP || result.Interval.High < result.AP || result.Interval.Value != result.AP {
		t.Errorf("the interval of %g is %v", result.AP, result.Interval)
	}
	if summary, err := detector.Summary(blocks{6}, data.Train); err != nil || fmt.Sprint(summary) != fmt.Sprint(result.DetectionSummary) {
		t.Errorf("the summary alone is %v, %v, and with its interval %v", summary, err, result.DetectionSummary)
	}
	for i := 0; i < 6; i += 3 {
		if found := result.Found[i]; len(found) > 0 && found[0].Score > .4 {
			t.Errorf("nothing is in image %d, and %v is found", i, found[0])
		}
	}
	again, err := Open(dir, blocks{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := again.Detect(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		if !slices.Equal(found[i], result.Found[i]) {
			t.Errorf("image %d: opened again, it finds %v, and before %v", i, found[i], result.Found[i])
		}
	}
	figure, err := detector.Figure(data.Test, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := figure.SVG(); err != nil {
		t.Error(err)
	}

	// Of a source with other classes, each detector in a row.
	alone, err := Figure("none", data.Scenes{Test: 3}, data.Test, 9)
	if err != nil {
		t.Fatal(err)
	}
	both, err := Figure("both", data.Scenes{Test: 3}, data.Test, 9, Row{"first", detector}, Row{"again", again})
	if err != nil {
		t.Fatal(err)
	}
	if both.Height < 2*alone.Height {
		t.Errorf("three rows are %g high, and one is %g", both.Height, alone.Height)
	}
	for want, draw := range map[string]func() (*plots.Figure, error){
		"n is 0":                func() (*plots.Figure, error) { return Figure("none", blocks{6}, data.Test, 0) },
		"no objects with boxes": func() (*plots.Figure, error) { return Figure("none", withoutBoxes{blocks{6}}, data.Test, 1) },
	} {
		if _, err := draw(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}

	t.Run("weights to start from", func(t *testing.T) {
		d := tiny()
		d.Start, d.Images, d.Steps = detector.Run.WeightsFile(), 5, 1
		d.Batch = 0
		started, err := Train(filepath.Join(t.TempDir(), "started"), d)
		if err != nil {
			t.Fatal(err)
		}
		if got := started.Run.Recipe; got.Batch != 5 || got.Data.Name() != "blocks-5-images" {
			t.Errorf("%d of %s a step, want 5 of blocks-5-images", got.Batch, got.Data.Name())
		}
	})
	t.Run("other classes", func(t *testing.T) {
		_, whole := detector.EvaluateOn(data.Shapes{Test: 2}, data.Test)
		_, alone := detector.Summary(data.Shapes{Test: 2}, data.Test)
		for _, err := range []error{whole, alone} {
			if err == nil || !strings.Contains(err.Error(), "the detector was trained on [red blue]") {
				t.Error(err)
			}
		}
	})
	t.Run("other sizes", func(t *testing.T) {
		_, err := detector.DetectIn(data.Scenes{Size: 34, Test: 2}, data.Test)
		if err == nil || !strings.Contains(err.Error(), "images are 34×34; their sides must be multiples of 4") {
			t.Error(err)
		}
		found, err := detector.DetectIn(data.Scenes{Test: 3}, data.Test)
		if err != nil || len(found) != 3 {
			t.Errorf("%d images of 64 pixels, %v", len(found), err)
		}
	})
}
