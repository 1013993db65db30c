package detect

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/detect/fcos"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

// blocks are images of 32 pixels with one or two rectangles, red ones and blue ones: what a detector
// can learn within seconds. Image 0 has none.
type blocks struct{ n int }

func (b blocks) Name() string { return "blocks" }

func (b blocks) Open(split data.Split) (data.Set, error) { return blockSet{b.n, split}, nil }

type blockSet struct {
	n     int
	split data.Split
}

func (s blockSet) Name() string            { return fmt.Sprintf("blocks/%s", s.split) }
func (s blockSet) Len() int                { return s.n }
func (s blockSet) Size() (int, int)        { return 32, 32 }
func (s blockSet) Classes() []string       { return nil }
func (s blockSet) Label(int) int           { return -1 }
func (s blockSet) Fingerprint() string     { return s.Name() }
func (s blockSet) Close() error            { return nil }
func (s blockSet) ObjectClasses() []string { return []string{"red", "blue"} }
func (s blockSet) MostObjects() int        { return 2 }

func (s blockSet) ObjectsOf(i int) (objects []data.Object) {
	for k := range i % 3 {
		x, y := float32(2+14*k+i%4), float32(2+i*5%12)
		w, h := float32(8+i*3%5), float32(8+i*7%9)
		objects = append(objects, data.Object{Class: (i/3 + k) % 2, Box: data.Rect{X0: x, Y0: y, X1: x + w, Y1: y + h}, Area: w * h})
	}
	return objects
}

func (s blockSet) Read(i int, pix []uint8) error {
	clear(pix)
	for _, object := range s.ObjectsOf(i) {
		for y := int(object.Box.Y0); y < int(object.Box.Y1); y++ {
			for x := int(object.Box.X0); x < int(object.Box.X1); x++ {
				pix[(y*32+x)*3+2*object.Class] = 255
			}
		}
	}
	return nil
}

// tiny is a training of seconds.
func tiny() Detection {
	return Detection{
		Data: blocks{6}, Encoder: encoder.ResNet{Depth: 10, Width: 8, Stem: encoder.HalfStem},
		Detector: fcos.FCOS{Levels: 1, Channels: 16, Convolutions: 1}, View: augment.Pipeline{augment.Normalize{}},
		Optimizer: optim.AdamW{LR: .01, Scaling: optim.Unscaled, ClipNorm: 10}, Steps: 120, Batch: 6, Seed: 1,
	}
}

// TestDecode: boxes of a class that overlap give way to the surest, those of two classes and those
// below the least score do not count for each other.
func TestDecode(t *testing.T) {
	t.Parallel()
	row := []float32{
		0, 0, 10, 10, .5, .04, // The second class is too unlikely.
		0, 0, 10, 9, .9, .3, // Overlaps the first by 0.9.
		20, 20, 30, 30, .06, 0,
		5, 5, 5, 9, .8, .8, // No area.
	}
	got, err := decode(row, 2)
	want := []Found{
		{0, float64(float32(.9)), data.Rect{X1: 10, Y1: 9}}, {1, float64(float32(.3)), data.Rect{X1: 10, Y1: 9}},
		{0, float64(float32(.06)), data.Rect{X0: 20, Y0: 20, X1: 30, Y1: 30}},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// TestDecodeKeepsTheSurest: of more than 100 boxes.
func TestDecodeKeepsTheSurest(t *testing.T) {
	t.Parallel()
	var row []float32
	for i := range 150 {
		x := float32(10 * i)
		row = append(row, x, 0, x+5, 5, .1+float32(i)/200)
	}
	got, err := decode(row, 1)
	if err != nil || len(got) != 100 || got[0].Box.X0 != 1490 || got[99].Box.X0 != 500 {
		t.Errorf("%d boxes, %v", len(got), err)
	}
}

func TestBadDetection(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Detection){
		"detect.Detection: Data is missing":                                    func(d *Detection) { d.Data = nil },
		"detect.Detection: Images is -1":                                       func(d *Detection) { d.Images = -1 },
		"data.Fewer: Images is 7; blocks/train has 6 images":                   func(d *Detection) { d.Images = 7 },
		"detect.Detection: LayerDecay is 2; it must be in (0, 1]":              func(d *Detection) { d.LayerDecay = 2 },
		"detect.Detection: Steps is -1":                                        func(d *Detection) { d.Steps = -1 },
		"detect.Detection: Batch is -1":                                        func(d *Detection) { d.Batch = -1 },
		"detect.Detection: Data: data: blocks/train has no objects with boxes": func(d *Detection) { d.Data = withoutBoxes{blocks{6}} },
		"fcos.FCOS: Classes is 3":                                              func(d *Detection) { d.Detector.Classes = 3 },
		"kit.Recipe: Encoder is missing":                                       func(d *Detection) { d.Encoder = nil },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			d := tiny()
			change(&d)
			if _, err := Train(filepath.Join(t.TempDir(), "run"), d); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// withoutBoxes hides the objects of a source.
type withoutBoxes struct{ blocks }

func (w withoutBoxes) Open(split data.Split) (data.Set, error) {
	set, err := w.blocks.Open(split)
	return struct{ data.Set }{set}, err
}
