package metric

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// goldenCOCO is testdata/coco.json, which benchmarks/peers/dense/coco_golden.py writes.
type goldenCOCO struct {
	Side  int
	Cases []struct {
		Name      string
		Classes   int
		Images    []struct{ Objects, Detections []goldenRegion }
		Box, Mask struct{ Stats, Classes []float64 }
	}
}

type goldenRegion struct {
	Class       int
	Crowd       int
	Score, Area float64
	Box         [4]float64
	Ellipse     [4]int
}

func (g goldenRegion) box() Box { return Box{g.Box[0], g.Box[1], g.Box[2], g.Box[3]} }

// mask draws the ellipse by the formula of the script.
func (g goldenRegion) mask(t *testing.T, side int) RLE {
	t.Helper()
	rx, ry := g.Ellipse[2], g.Ellipse[3]
	mask := make([]uint8, side*side)
	for i := range mask {
		dx, dy := (2*(i%side)+1-g.Ellipse[0])*ry, (2*(i/side)+1-g.Ellipse[1])*rx
		if dx*dx+dy*dy <= 4*rx*rx*ry*ry {
			mask[i] = 1
		}
	}
	rle, err := EncodeRLE(mask, side, side)
	if err != nil {
		t.Fatal(err)
	}
	return rle
}

func TestDetectionsAgainstPycocotools(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/coco.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden goldenCOCO
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) == 0 {
		t.Fatal("testdata/coco.json holds no cases")
	}
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var images []DetectionImage
			for _, from := range c.Images {
				var image DetectionImage
				for _, g := range from.Objects {
					image.Objects = append(image.Objects,
						Object{Class: g.Class, Box: g.box(), Mask: g.mask(t, golden.Side), Area: g.Area, Crowd: g.Crowd == 1})
				}
				for _, g := range from.Detections {
					image.Detections = append(image.Detections,
						Detection{Class: g.Class, Score: g.Score, Box: g.box(), Mask: g.mask(t, golden.Side)})
				}
				images = append(images, image)
			}
			for by, want := range []struct{ Stats, Classes []float64 }{c.Box, c.Mask} {
				name := []string{"box", "mask"}[by]
				m, err := MatchDetections(images, c.Classes, Overlap(by))
				if err != nil {
					t.Fatal(err)
				}
				s, err := m.Summary(nil)
				if err != nil {
					t.Fatal(err)
				}
				got := []float64{s.AP, s.AP50, s.AP75, s.APSmall, s.APMedium, s.APLarge,
					s.AR1, s.AR10, s.AR100, s.ARSmall, s.ARMedium, s.ARLarge}
				for i, v := range append(got, s.ClassAP...) {
					w := append(slices.Clone(want.Stats), want.Classes...)[i]
					if math.IsNaN(v) && w == -1 {
						continue
					}
					if !near(v, w, 1e-12) {
						t.Errorf("%s figure %d: got %.15g, want %.15g", name, i, v, w)
					}
				}
				if ap, err := m.AP(nil); err != nil || ap != s.AP {
					t.Errorf("%s: AP alone is %g, %v; in the summary it is %g", name, ap, err, s.AP)
				}
			}
		})
	}
}

// TestDetectionsOfResamples: the figures of some images are those of a set of these images, one that
// was drawn twice included.
func TestDetectionsOfResamples(t *testing.T) {
	t.Parallel()
	found := Detection{Score: .5, Box: Box{0, 0, 10, 10}}
	images := []DetectionImage{
		{Objects: []Object{{Box: Box{0, 0, 10, 9}}}, Detections: []Detection{found}},
		{Objects: []Object{{Box: Box{20, 20, 10, 10}}}, Detections: []Detection{found}},
		{Detections: []Detection{found}},
	}
	m, err := MatchDetections(images, 1, ByBox)
	if err != nil {
		t.Fatal(err)
	}
	drawn := []int{2, 0, 0, 1}
	var again []DetectionImage
	for _, i := range drawn {
		again = append(again, images[i])
	}
	of, err := MatchDetections(again, 1, ByBox)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.AP(drawn)
	want, errWant := of.AP(nil)
	if err != nil || errWant != nil || got != want {
		t.Errorf("AP of %v is %g, %v, that of the same images %g, %v", drawn, got, err, want, errWant)
	}
	if _, err := m.AP([]int{2}); !errors.Is(err, ErrUndefined) {
		t.Errorf("without an object the error is %v", err)
	}
	interval, err := BootstrapOf(m.Len(), 200, 1, m.AP)
	if err != nil || interval.Low > interval.Value || interval.High < interval.Value || interval.Low == interval.High {
		t.Errorf("the interval is %+v, %v", interval, err)
	}
}

// TestIgnoredObjects: what is ignored need not be found, and whoever finds it is not wrong.
func TestIgnoredObjects(t *testing.T) {
	t.Parallel()
	plain := Object{Box: Box{0, 0, 10, 10}}
	ignored := Object{Box: Box{50, 50, 10, 10}, Ignored: true}
	finds := func(o Object, score float64) Detection { return Detection{Box: o.Box, Score: score} }
	for name, detections := range map[string][]Detection{
		"found":       {finds(ignored, .9), finds(plain, .5)},
		"found twice": {finds(ignored, .9), finds(ignored, .8), finds(plain, .5)},
		"not found":   {finds(plain, .5)},
	} {
		m, err := MatchDetections([]DetectionImage{{[]Object{plain, ignored}, detections}}, 1, ByBox)
		if err != nil {
			t.Fatal(err)
		}
		if ap, err := m.AP(nil); err != nil || !near(ap, 1, 1e-12) {
			t.Errorf("%s: AP is %g, %v, want 1", name, ap, err)
		}
	}
}

func TestDetectionsRefused(t *testing.T) {
	t.Parallel()
	box, mask := Box{0, 0, 1, 1}, RLE{1, 2, []uint32{1, 1}}
	cases := map[string]struct {
		image DetectionImage
		by    Overlap
		want  string
	}{
		"class of an object": {DetectionImage{Objects: []Object{{Class: 2, Box: box}}}, ByBox, "image 1: Objects[0]: Class is 2; it must be in [0, 2)"},
		"score":              {DetectionImage{Detections: []Detection{{Score: math.NaN(), Box: box}}}, ByBox, "Detections[0]: Score is NaN"},
		"box":                {DetectionImage{Detections: []Detection{{Box: Box{0, 0, -1, 1}}}}, ByBox, "Width and Height must be at least 0"},
		"infinite box":       {DetectionImage{Detections: []Detection{{Box: Box{math.Inf(1), 0, 1, 1}}}}, ByBox, "must be finite"},
		"area":               {DetectionImage{Objects: []Object{{Area: -1, Box: box}}}, ByBox, "Area is -1"},
		"no mask":            {DetectionImage{Objects: []Object{{Box: box}}}, ByMask, "RLE of 0×0"},
		"masks of two sizes": {DetectionImage{Objects: []Object{{Mask: mask}}, Detections: []Detection{{Mask: RLE{2, 1, []uint32{2}}}}}, ByMask, "of one size"},
		"overlap":            {DetectionImage{}, 2, "by is 2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := MatchDetections([]DetectionImage{{}, c.image}, 2, c.by)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; it must say %q", err, c.want)
			}
		})
	}
	m, err := MatchDetections([]DetectionImage{{}}, 1, ByBox)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Summary([]int{1}); err == nil || !strings.Contains(err.Error(), "images[0] is 1") {
		t.Errorf("of an image that is not there: %v", err)
	}
}

func TestMaskIoU(t *testing.T) {
	t.Parallel()
	a, err := EncodeRLE([]uint8{1, 0, 1, 1}, 2, 2)
	if err != nil || !slices.Equal(a.Counts, []uint32{0, 2, 1, 1}) || a.Area() != 3 {
		t.Fatalf("encoded %v, %v", a, err)
	}
	for name, c := range map[string]struct {
		mask []uint8
		want float64
	}{
		"itself":  {[]uint8{1, 0, 1, 1}, 1},
		"part":    {[]uint8{0, 0, 0, 9}, 1. / 3},
		"nothing": {[]uint8{0, 0, 0, 0}, 0},
		"outside": {[]uint8{0, 1, 0, 0}, 0},
		"all":     {[]uint8{1, 1, 1, 1}, .75},
	} {
		b, err := EncodeRLE(c.mask, 2, 2)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := MaskIoU(a, b); err != nil || got != c.want {
			t.Errorf("%s: got %g, %v, want %g", name, got, err, c.want)
		}
	}
	if _, err := MaskIoU(a, RLE{2, 2, []uint32{5}}); err == nil {
		t.Error("counts beyond the image are taken")
	}
	if _, err := EncodeRLE(make([]uint8, 3), 2, 2); err == nil {
		t.Error("a mask of 3 pixels is encoded as 2×2")
	}
}
