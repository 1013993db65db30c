package augment

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// everything is every random transform at once.
func everything() Pipeline {
	return Pipeline{
		RandomResizedCrop{Size: 20, Interpolation: Bicubic},
		Affine{Rotation: 10, Translation: .1, Scale: [2]float64{.9, 1.1}},
		Flip{},
		ColorJitter{Brightness: .8, Contrast: .8, Saturation: .8, Hue: .2, P: .8},
		Grey{},
		GaussianBlur{},
		Solarize{},
		VerticalFlip{},
		QuarterTurns{},
		RandAugment{},
		RandomErasing{},
	}
}

func TestViewsAreAFunctionOfSeedAndStep(t *testing.T) {
	const n, side = 8, 16
	pix := batch(n, side, side)
	see := viewer(t, everything(), n, side, side)
	view := func(seed uint64, step int) []float32 { return see(State(seed, step), pix) }
	first := view(1, 2)
	if !slices.Equal(first, view(1, 2)) {
		t.Error("the same seed and step give different views")
	}
	for _, other := range [][]float32{view(1, 3), view(2, 2), view(2, 1)} {
		if average, _ := difference(first, other); average < 5 {
			t.Errorf("another seed or step differs by %.2f/255 only", average)
		}
	}
	for i, v := range first {
		if !(0 <= v && v <= 1) {
			t.Fatalf("value %d is %g: not in [0, 1]", i, v)
		}
	}
}

func TestTwoViewsOfOneStepDiffer(t *testing.T) {
	const n, side = 8, 16
	p := Pipeline{RandomResizedCrop{}, Grey{P: .5}}
	twice := rows(run(t, func(state, images *Node) *Node {
		r := NewRandom(state)
		images = Reshape(images, n, side, side, 3)
		return Stack([]*Node{p.Apply(r, images), p.Apply(r, images)}, 0)
	}, wordsOf(State(1, 0)), batch(n, side, side)), 2)
	if average, _ := difference(twice[0], twice[1]); average < 5 {
		t.Errorf("two views differ by %.2f/255 only", average)
	}
}

func TestStatesDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	for seed := range uint64(50) {
		for step := range 50 {
			for _, word := range State(seed, step) {
				seen[word] = true
			}
		}
	}
	if len(seen) != 50*50*3 {
		t.Errorf("%d different words in 7500", len(seen))
	}
	if State(3, 4) == State(4, 3) {
		t.Error("seed and step can be exchanged")
	}
}

// Parameters that say "no change" give the image back.
func TestIdentity(t *testing.T) {
	const n, height, width = 2, 24, 32
	pix := batch(n, height, width)
	for _, test := range []struct {
		transform Transform
		params    []float32
	}{
		{RandomResizedCrop{}, []float32{0, 0, height, width}},
		{RandomResizedCrop{Interpolation: Bicubic}, []float32{0, 0, height, width}},
		{Resize{}, []float32{0, 0, height, width}},
		{Affine{}, []float32{0, 0, 0, 1}},
		{Flip{}, []float32{0}},
		{VerticalFlip{}, []float32{0}},
		{RandomErasing{}, []float32{0, 0, 0, 0}},
		{RandAugment{}, []float32{float32(identity), .3, float32(rotate), 0}},
		{RandAugment{Ops: 1}, []float32{float32(translateX), .01}}, // less than a pixel
		{ColorJitter{}, []float32{1, 1, 1, 0, 2, 0, 3, 1}},
		{Grey{}, []float32{0}},
		{GaussianBlur{}, []float32{0}},
		{Solarize{}, []float32{0}},
	} {
		params := [][]float32{test.params, test.params}
		got := applyParams(t, test.transform, params, pix, n, height, width)
		for i := range n {
			want := floats(picture(pix, i, height, width))
			if _, most := difference(rows(got, n)[i], want); most > 1e-3 {
				t.Errorf("%T: image %d changed by %g/255", test.transform, i, most)
			}
		}
	}
}

func TestFlippingTwiceIsNothing(t *testing.T) {
	const n, height, width = 3, 5, 7
	pix := batch(n, height, width)
	if !slices.Equal(apply(t, Pipeline{Flip{P: 1}, Flip{P: 1}}, State(1, 0), pix, n, height, width),
		apply(t, Pipeline{}, State(1, 0), pix, n, height, width)) {
		t.Error("an image flipped twice is not the image")
	}
}

// Hue turns by a third of the circle exchange the primaries: red becomes green (HSV's definition).
func TestHueOfPrimaries(t *testing.T) {
	const third = float32(1. / 3)
	pix := []uint8{255, 0, 0, 0, 255, 0, 0, 0, 255, 90, 90, 90}
	got := applyParams(t, ColorJitter{}, [][]float32{{1, 1, 1, third, 0, 1, 2, 3}}, pix, 1, 2, 2)
	want := []float32{0, 1, 0, 0, 0, 1, 1, 0, 0, 90. / 255, 90. / 255, 90. / 255}
	if _, most := difference(got, want); most > 1e-3 {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The order of contrast and brightness matters, and is the one that the parameters say: for x = 0.2
// and 0.6 in grey, brightness 2 gives 0.4 and (clamped) 1, contrast 0 then their mean .7; the other
// way round gives .4 and twice that, .8.
func TestJitterOrder(t *testing.T) {
	orders := [][]float32{{0, 1, 2, 3}, {1, 0, 2, 3}, {1, 2, 3, 0}, {3, 0, 2, 1}}
	want := []float32{.7, .8, .7, .8}
	var params [][]float32
	var pix []uint8
	for _, order := range orders {
		params = append(params, append([]float32{2, 0, 1, 0}, order...))
		pix = append(pix, 51, 51, 51, 153, 153, 153)
	}
	for i, got := range rows(applyParams(t, ColorJitter{}, params, pix, len(orders), 1, 2), len(orders)) {
		for _, v := range got {
			if math.Abs(float64(v-want[i])) > 1e-5 {
				t.Errorf("order %v: got %g, want %g", orders[i], v, want[i])
			}
		}
	}
}

func TestNormalize(t *testing.T) {
	pix := []uint8{255, 0, 51}
	got := apply(t, Pipeline{Normalize{}}, State(1, 0), pix, 1, 1, 1)
	want := []float64{(1 - .4914) / .2470, (0 - .4822) / .2435, (.2 - .4465) / .2616}
	for i := range want {
		if math.Abs(float64(got[i])-want[i]) > 1e-5 {
			t.Errorf("channel %d: got %g, want %g", i, got[i], want[i])
		}
	}
}

func TestFloatImages(t *testing.T) {
	const n, side = 2, 8
	pix := batch(n, side, side)
	values := make([]float32, len(pix))
	for i, v := range pix {
		values[i] = float32(v) / 255
	}
	p := Pipeline{Flip{}, Solarize{P: .5}}
	got := run(t, func(state, images *Node) *Node {
		return p.Apply(NewRandom(state), Reshape(images, n, side, side, 3))
	}, wordsOf(State(1, 0)), values)
	want := apply(t, p, State(1, 0), pix, n, side, side)
	if _, most := difference(got, want); most > .01 {
		t.Errorf("float images differ from uint8 ones by %g/255", most)
	}
}

// Render shows what Apply makes, without the normalisation.
func TestRender(t *testing.T) {
	const n, height, width = 3, 16, 12
	pix := batch(n, height, width)
	p := Pipeline{RandomResizedCrop{Size: 20}, Grey{P: .5}}
	images, err := append(p, ImageNet).Render(open(t), State(1, 0), pix, n, height, width)
	if err != nil {
		t.Fatal(err)
	}
	views := rows(apply(t, p, State(1, 0), pix, n, height, width), n)
	for i, img := range images {
		r, g, b, _ := img.At(3, 5).RGBA()
		at := 3 * (5*20 + 3)
		for k, v := range []uint32{r, g, b} {
			if want := toByte(float64(views[i][at+k])); uint8(v>>8) != want {
				t.Errorf("image %d, channel %d: %d, want %d", i, k, v>>8, want)
			}
		}
		if size := img.Bounds().Size(); size.X != 20 || size.Y != 20 {
			t.Errorf("image %d is %v", i, size)
		}
	}
	if _, err := p.Render(open(t), State(1, 0), pix[1:], n, height, width); err == nil {
		t.Error("a byte short, and no error")
	}
}

func TestBadSettings(t *testing.T) {
	for _, test := range []struct {
		p    Pipeline
		want string
	}{
		{Pipeline{Flip{P: 1.5}}, "transform 0: augment.Flip: P is 1.5; it must be in [0, 1] (0 means 0.5)"},
		{Pipeline{Flip{P: math.NaN()}}, "P is NaN"},
		{Pipeline{VerticalFlip{P: -1}}, "transform 0: augment.VerticalFlip: P is -1; it must be in [0, 1] (0 means 0.5)"},
		{Pipeline{RandomErasing{Scale: [2]float64{.5, 2}}}, "transform 0: augment.RandomErasing: Scale[1] is 2; it must be in (0, 1] (0 means 0.33)"},
		{Pipeline{RandomErasing{Ratio: [2]float64{3, 1}}}, "Ratio is [3 1]; it must be from low to high"},
		{Pipeline{RandomErasing{Fill: 2}}, "Fill is 2; it must be in [0, 1]"},
		{Pipeline{Grey{P: -.1}}, "P is -0.1"},
		{Pipeline{Flip{}, RandomResizedCrop{Scale: [2]float64{.5, 1.2}}}, "transform 1: augment.RandomResizedCrop: Scale[1] is 1.2; it must be in (0, 1] (0 means 1)"},
		{Pipeline{RandomResizedCrop{Scale: [2]float64{.5, .2}}}, "Scale is [0.5 0.2]; it must be from low to high"},
		{Pipeline{RandomResizedCrop{Ratio: [2]float64{0, 1}}}, "Ratio[0] is 0; it must be above 0 and finite"},
		{Pipeline{RandomResizedCrop{Size: -1}}, "Size is -1; it must be at least 0 (0 means the image's own size)"},
		{Pipeline{RandomResizedCrop{Interpolation: 7}}, "Interpolation is 7"},
		{Pipeline{Resize{Size: 8}, CenterCrop{Size: 9}}, "transform 1: augment.CenterCrop: Size is 9; it must be in [1, 8] for images of 8 x 8 (0 means the shorter side)"},
		{Pipeline{ColorJitter{Hue: .6}}, "Hue is 0.6; it must be in [0, 0.5]"},
		{Pipeline{ColorJitter{Contrast: -1}}, "Contrast is -1"},
		{Pipeline{GaussianBlur{Sigma: [2]float64{0, 2}}}, "Sigma[0] is 0; it must be above 0 and finite"},
		{Pipeline{GaussianBlur{Kernel: 4}}, "Kernel is 4; it must be odd and at least 1 (0 means a tenth of the image)"},
		{Pipeline{GaussianBlur{Kernel: 99}}, "Kernel is 99; it must be at most 31"},
		{Pipeline{Solarize{Threshold: 2}}, "Threshold is 2"},
		{Pipeline{Affine{Rotation: 200}}, "Rotation is 200; it must be in [0, 180]"},
		{Pipeline{Affine{Scale: [2]float64{1, math.Inf(1)}}}, "Scale[1] is +Inf"},
		{Pipeline{Normalize{Mean: [3]float64{.5, .5, .5}}}, "augment.Normalize: Std[0] is 0; it must be above 0 and finite (0 means CIFAR10's, where"},
		{Pipeline{Normalize{Std: [3]float64{1, 1, -1}}}, "Std[2] is -1"},
		{Pipeline{Normalize{}, Flip{}}, "transform 0 is Normalize; it must be the last"},
		{Pipeline{nil}, "transform 0 is nil"},
	} {
		err := test.p.Check(16, 16)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want %q", test.p, err, test.want)
		}
		if _, err := test.p.Render(open(t), State(1, 0), make([]uint8, 768), 1, 16, 16); err == nil {
			t.Errorf("%+v: Render gives no error", test.p)
		}
	}
	if err := (Pipeline{}).Check(0, 16); err == nil {
		t.Error("no error for an empty image")
	}
	if err := append(everything(), Normalize{}).Check(16, 16); err != nil {
		t.Error(err)
	}
}

func TestOutputSize(t *testing.T) {
	if h, w := everything().OutputSize(24, 32); h != 20 || w != 20 {
		t.Errorf("got %d x %d, want 20 x 20", h, w)
	}
	if h, w := (Pipeline{Resize{Size: 12}}).OutputSize(24, 32); h != 12 || w != 16 {
		t.Errorf("got %d x %d, want 12 x 16", h, w)
	}
	if h, w := (Pipeline{Flip{}, CenterCrop{}}).OutputSize(24, 32); h != 24 || w != 24 {
		t.Errorf("got %d x %d, want 24 x 24", h, w)
	}
}

func TestInterpolationText(t *testing.T) {
	for _, f := range []Interpolation{Bilinear, Bicubic} {
		text, err := f.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Interpolation
		if err := back.UnmarshalText(text); err != nil || back != f {
			t.Errorf("%v is read back as %v, error %v", f, back, err)
		}
	}
	var f Interpolation
	if err := f.UnmarshalText([]byte("lanczos")); err == nil {
		t.Error("lanczos is no error")
	}
}
