package detect

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
)

// TestNMSAgainstTorchvision reads testdata/nms.json, which benchmarks/peers/dense/golden.py writes.
func TestNMSAgainstTorchvision(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/nms.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name             string
			Boxes            [][4]float32
			Scores           []float32
			Classes          []int
			Threshold        float64
			Plain, Classwise []int
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) == 0 {
		t.Fatal("testdata/nms.json holds no cases")
	}
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var boxes []data.Rect
			for _, b := range c.Boxes {
				boxes = append(boxes, data.Rect{X0: b[0], Y0: b[1], X1: b[2], Y1: b[3]})
			}
			if got, err := NMS(boxes, c.Scores, c.Threshold); err != nil || !slices.Equal(got, c.Plain) {
				t.Errorf("NMS: got %v, %v, want %v", got, err, c.Plain)
			}
			if got, err := ClasswiseNMS(boxes, c.Scores, c.Classes, c.Threshold); err != nil || !slices.Equal(got, c.Classwise) {
				t.Errorf("ClasswiseNMS: got %v, %v, want %v", got, err, c.Classwise)
			}
		})
	}
}

func TestNMSOfNothing(t *testing.T) {
	t.Parallel()
	if got, err := NMS(nil, nil, .5); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	empty := []data.Rect{{X0: 1, Y0: 1, X1: 1, Y1: 1}, {X0: 1, Y0: 1, X1: 1, Y1: 1}}
	if got, err := NMS(empty, []float32{1, 2}, .5); err != nil || !slices.Equal(got, []int{1, 0}) {
		t.Errorf("of boxes without an area: got %v, %v", got, err)
	}
}

func TestNMSRefuses(t *testing.T) {
	t.Parallel()
	box := []data.Rect{{X1: 1, Y1: 1}}
	for name, c := range map[string]struct {
		boxes   []data.Rect
		scores  []float32
		classes []int
		iou     float64
		want    string
	}{
		"scores":    {box, nil, []int{0}, .5, "1 boxes, 0 scores and 1 classes"},
		"classes":   {box, []float32{1}, nil, .5, "1 boxes, 1 scores and 0 classes"},
		"threshold": {box, []float32{1}, []int{0}, 1.5, "iou is 1.5; it must be in [0, 1]"},
		"score":     {box, []float32{float32(math.NaN())}, []int{0}, .5, "with the score NaN"},
		"box":       {[]data.Rect{{X1: float32(math.Inf(1))}}, []float32{1}, []int{0}, .5, "must be finite"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := ClasswiseNMS(c.boxes, c.scores, c.classes, c.iou); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v; the error must say %q", got, err, c.want)
			}
		})
	}
}
