package detect

import (
	"math"
	"testing"

	"sslkit/data"
	"sslkit/kit/metric"
)

// TestTruthFoundIsPerfect: a detector that says the truth of data.Shapes has an average precision of
// 1, by boxes as by masks, but for the least step that pycocotools adds.
func TestTruthFoundIsPerfect(t *testing.T) {
	t.Parallel()
	set, err := data.Shapes{Test: 12}.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := data.ObjectsIn(set)
	if err != nil {
		t.Fatal(err)
	}
	for by, name := range []string{"box", "mask"} {
		var images []metric.DetectionImage
		for i := range set.Len() {
			truth, err := Truth(objects, i, metric.Overlap(by))
			if err != nil {
				t.Fatal(err)
			}
			if len(truth) != 1 || truth[0].Area <= 0 || truth[0].Box.Area() < truth[0].Area {
				t.Fatalf("%s: image %d has %+v", name, i, truth)
			}
			found := metric.Detection{Class: truth[0].Class, Score: .5, Box: truth[0].Box, Mask: truth[0].Mask}
			images = append(images, metric.DetectionImage{Objects: truth, Detections: []metric.Detection{found}})
		}
		m, err := metric.MatchDetections(images, len(objects.ObjectClasses()), metric.Overlap(by))
		if err != nil {
			t.Fatal(err)
		}
		if ap, err := m.AP(nil); err != nil || math.Abs(ap-1) > 1e-12 {
			t.Errorf("%s: AP is %g, %v, want 1", name, ap, err)
		}
	}
}

// marked has one crowd and one difficult object, and no masks.
type marked struct{ data.Set }

func (marked) ObjectClasses() []string { return []string{"a"} }
func (marked) MostObjects() int        { return 2 }
func (marked) ObjectsOf(int) []data.Object {
	return []data.Object{
		{Box: data.Rect{X0: 1, Y0: 2, X1: 4, Y1: 8}, Area: 9, Crowd: true},
		{Box: data.Rect{X1: 1, Y1: 1}, Area: 1, Difficult: true},
	}
}

func TestTruthKeepsMarks(t *testing.T) {
	t.Parallel()
	set, err := data.Shapes{Test: 1}.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Truth(marked{set}, 0, metric.ByBox)
	if err != nil {
		t.Fatal(err)
	}
	first := metric.Box{X: 1, Y: 2, Width: 3, Height: 6}
	if len(got) != 2 || got[0].Box != first || got[0].Area != 9 || !got[0].Crowd || got[0].Ignored || got[1].Crowd || !got[1].Ignored {
		t.Errorf("got %+v", got)
	}
	if _, err := Truth(marked{set}, 0, metric.ByMask); err == nil {
		t.Error("masks of a set without are read")
	}
}
