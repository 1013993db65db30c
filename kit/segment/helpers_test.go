package segment

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/train"
)

// tiny is a ViT with random weights in a file: its patches still know what colours are in them.
func tiny(t *testing.T) Frozen {
	t.Helper()
	vit := encoder.ViT{Patch: 4, Width: 32, Depth: 1, Heads: 2, Size: side}
	store := model.NewStore()
	defer store.Finalize()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		t.Fatal(err)
	}
	scope := train.EncoderScope(store)
	if err := train.BuildEncoder(scope, vit, side, side); err != nil {
		t.Fatal(err)
	}
	if err := train.Initialise(store); err != nil {
		t.Fatal(err)
	}
	weights, err := encoder.Weights(scope)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "encoder.safetensors")
	if err := encoder.WriteSafetensors(path, weights, nil); err != nil {
		t.Fatal(err)
	}
	return Frozen{Encoder: vit, Weights: path}
}

// side is that of images in tests, in pixels.
const side = 32

// rectangles are images of one rectangle on a dark background, red or blue, whose upper left corner
// pixel does not count. Sides are whole patches, so that patches can tell all.
type rectangles struct{ n int }

func (r rectangles) Name() string { return "rectangles" }

func (r rectangles) Open(split data.Split) (data.Set, error) { return rectangleSet{r.n, split}, nil }

type rectangleSet struct {
	n     int
	split data.Split
}

// at are the bounds of a rectangle in patches, and its class.
func (s rectangleSet) at(i int) (x0, y0, x1, y1 int, class uint8) {
	random := rand.New(rand.NewPCG(uint64(i), uint64(s.split)))
	x0, y0 = random.IntN(4), random.IntN(4)
	return x0, y0, x0 + 2 + random.IntN(3), y0 + 2 + random.IntN(3), uint8(1 + i%2)
}

func (s rectangleSet) inside(i, pixel int) uint8 {
	x0, y0, x1, y1, class := s.at(i)
	if x, y := pixel%side/4, pixel/side/4; x < x0 || x >= x1 || y < y0 || y >= y1 {
		return 0
	}
	return class
}

func (s rectangleSet) Name() string          { return fmt.Sprintf("rectangles/%s", s.split) }
func (s rectangleSet) Len() int              { return s.n }
func (s rectangleSet) Size() (int, int)      { return side, side }
func (s rectangleSet) Classes() []string     { return nil }
func (s rectangleSet) Label(int) int         { return -1 }
func (s rectangleSet) Fingerprint() string   { return s.Name() }
func (s rectangleSet) Close() error          { return nil }
func (s rectangleSet) MaskClasses() []string { return []string{"background", "red", "blue"} }

func (s rectangleSet) Read(i int, pix []uint8) error {
	clear(pix)
	for p := range side * side {
		switch s.inside(i, p) {
		case 1:
			pix[3*p] = 255
		case 2:
			pix[3*p+2] = 255
		}
	}
	return nil
}

func (s rectangleSet) ReadMask(i int, mask []uint8) error {
	for p := range mask {
		mask[p] = s.inside(i, p)
	}
	mask[0] = data.IgnoredPixel
	return nil
}

// withoutMasks hides the masks of a source.
type withoutMasks struct{ rectangles }

func (w withoutMasks) Open(split data.Split) (data.Set, error) {
	set, err := w.rectangles.Open(split)
	return struct{ data.Set }{set}, err
}

// objects is data.Shapes with two classes of pixels, background and object: with few images and a
// random encoder that is what can be learned within seconds.
type objects struct{ data.Shapes }

func (o objects) Open(split data.Split) (data.Set, error) {
	set, err := o.Shapes.Open(split)
	if err != nil {
		return nil, err
	}
	masks, err := data.MasksIn(set)
	return objectSet{masks}, err
}

type objectSet struct{ data.Masks }

func (objectSet) MaskClasses() []string { return []string{"background", "object"} }

func (o objectSet) ReadMask(i int, mask []uint8) error {
	err := o.Masks.ReadMask(i, mask)
	for k, class := range mask {
		mask[k] = min(class, 1)
	}
	return err
}

// background is how well pixels are told apart where all are said to be background.
func background(t *testing.T, source data.Source) Result {
	t.Helper()
	set, err := open(source, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	masks := make([][]uint8, set.Len())
	for i := range masks {
		masks[i] = make([]uint8, set.height*set.width)
	}
	r, err := judge("background", set, masks, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}
