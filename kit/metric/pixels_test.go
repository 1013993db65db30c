package metric

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
)

// goldenDense is testdata/dense.json, which benchmarks/peers/dense/metrics_golden.py writes.
type goldenDense struct {
	Segmentation []struct {
		Name                string
		Classes             int
		Images              []struct{ Truth, Predicted []int }
		IoU, Dice, Accuracy []float64
		MeanIoU             float64 `json:"mean_iou"`
		WeightedIoU         float64 `json:"weighted_iou"`
		PixelAccuracy       float64 `json:"pixel_accuracy"`
		Confusion           [][]int
	}
	Assignment []struct {
		Name          string
		Cost          [][]float64
		Rows, Columns []int
	}
}

func readDense(t *testing.T) goldenDense {
	t.Helper()
	text, err := os.ReadFile("testdata/dense.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldenDense
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if min(len(g.Segmentation), len(g.Assignment)) == 0 {
		t.Fatal("testdata/dense.json lacks cases")
	}
	return g
}

func pixels(classes []int) []uint8 {
	out := make([]uint8, len(classes))
	for i, c := range classes {
		out[i] = uint8(c)
	}
	return out
}

func TestSegmentationAgainstTorchmetrics(t *testing.T) {
	t.Parallel()
	for _, c := range readDense(t).Segmentation {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var counts []PixelCounts
			var truth, predicted []uint8
			for _, image := range c.Images {
				one, err := CountPixels(pixels(image.Truth), pixels(image.Predicted), c.Classes)
				if err != nil {
					t.Fatal(err)
				}
				counts = append(counts, one)
				truth, predicted = append(truth, pixels(image.Truth)...), append(predicted, pixels(image.Predicted)...)
			}
			s, err := Segmentation(counts, nil)
			if err != nil {
				t.Fatal(err)
			}
			// torchmetrics computes in float32, and gives 0 where there is nothing to divide by.
			same := func(name string, got, want float64) {
				t.Helper()
				if math.IsNaN(got) {
					got = 0
				}
				if !near(got, want, 1e-6) {
					t.Errorf("%s: got %.9g, want %.9g", name, got, want)
				}
			}
			same("mean IoU", s.MeanIoU, c.MeanIoU)
			same("frequency-weighted IoU", s.FrequencyWeightedIoU, c.WeightedIoU)
			same("pixel accuracy", s.PixelAccuracy, c.PixelAccuracy)
			var dice average
			for class, got := range s.Classes {
				same("IoU", got.IoU, c.IoU[class])
				same("Dice", got.Dice, c.Dice[class])
				same("accuracy", got.Accuracy, c.Accuracy[class])
				if !math.IsNaN(got.Dice) {
					dice.add(c.Dice[class])
				}
			}
			same("mean Dice", s.MeanDice, dice.mean())
			confusion, err := ConfusePixels(truth, predicted, c.Classes, c.Classes)
			if err != nil || !reflect.DeepEqual(confusion, c.Confusion) {
				t.Errorf("confusion: got %v, %v, want %v", confusion, err, c.Confusion)
			}
		})
	}
}

// TestSegmentationByHand has a class that is predicted and never there, one that is neither, and an
// image that is drawn twice.
func TestSegmentationByHand(t *testing.T) {
	t.Parallel()
	first, err := CountPixels([]uint8{0, 0, 1, 255}, []uint8{0, 2, 1, 77}, 4)
	if err != nil {
		t.Fatal(err)
	}
	second, err := CountPixels([]uint8{0, 0, 0, 0}, []uint8{0, 0, 0, 0}, 4)
	if err != nil {
		t.Fatal(err)
	}
	counts := []PixelCounts{first, second}
	for name, c := range map[string]struct {
		images                        []int
		iou, accuracy, mean, weighted float64
	}{
		"first": {[]int{0}, (.5 + 1 + 0) / 3, 2. / 3, (.5 + 1) / 2, (2*.5 + 1) / 3},
		"all":   {nil, (5./6 + 1 + 0) / 3, 6. / 7, (5./6 + 1) / 2, (6*5./6 + 1) / 7},
		"twice": {[]int{0, 0}, (.5 + 1 + 0) / 3, 2. / 3, (.5 + 1) / 2, (4*.5 + 2) / 6},
	} {
		s, err := Segmentation(counts, c.images)
		if err != nil || !near(s.MeanIoU, c.iou, 1e-12) || !near(s.PixelAccuracy, c.accuracy, 1e-12) ||
			!near(s.MeanAccuracy, c.mean, 1e-12) || !near(s.FrequencyWeightedIoU, c.weighted, 1e-12) || !math.IsNaN(s.Classes[3].IoU) {
			t.Errorf("%s: got %+v, %v, want %+v", name, s, err, c)
		}
	}
	nothing, err := CountPixels([]uint8{255}, []uint8{0}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Segmentation([]PixelCounts{nothing}, nil); !errors.Is(err, ErrUndefined) {
		t.Errorf("where no pixel counts the error is %v", err)
	}
	if _, err := Segmentation(counts, []int{2}); err == nil || !strings.Contains(err.Error(), "images[0] is 2") {
		t.Errorf("of an image that is not there: %v", err)
	}
}

func TestPixelsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		truth, predicted []uint8
		classes          int
		want             string
	}{
		"truth":     {[]uint8{0, 3}, []uint8{0, 0}, 3, "truth[1] is 3; it must be in [0, 3)"},
		"predicted": {[]uint8{0, 1}, []uint8{255, 0}, 3, "predicted[0] is 255; it must be in [0, 3)"},
		"lengths":   {[]uint8{0}, []uint8{0, 0}, 3, "truth holds 1 pixels and predicted 2"},
		"classes":   {[]uint8{0}, []uint8{0}, 256, "classes is 256"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := CountPixels(c.truth, c.predicted, c.classes); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; it must say %q", err, c.want)
			}
		})
	}
}

func TestJaccard(t *testing.T) {
	t.Parallel()
	got, err := Jaccard([]uint8{1, 1, 0, 0, 255}, []uint8{9, 0, 1, 0, 1})
	if err != nil || !near(got, 1./3, 1e-12) {
		t.Errorf("got %g, %v, want 1/3", got, err)
	}
	if _, err := Jaccard([]uint8{0, 255}, []uint8{0, 1}); !errors.Is(err, ErrUndefined) {
		t.Errorf("of two empty masks the error is %v", err)
	}
	if _, err := Jaccard([]uint8{0}, nil); err == nil {
		t.Error("masks of two lengths are compared")
	}
}
