package augment

import (
	"math"
	"slices"
	"testing"
)

const draws = 4096

// near fails unless a mean of draws with the given standard deviation lies within five standard
// errors of want.
func near(t *testing.T, what string, got, want, deviation float64) {
	t.Helper()
	if tolerance := 5 * deviation / math.Sqrt(draws); math.Abs(got-want) > tolerance {
		t.Errorf("%s is %g, want %g +- %g", what, got, want, tolerance)
	}
}

func between(t *testing.T, what string, x []float64, low, high float64) {
	t.Helper()
	if lo, hi := slices.Min(x), slices.Max(x); lo < low || hi > high {
		t.Errorf("%s is in [%g, %g], want in [%g, %g]", what, lo, hi, low, high)
	}
}

func fraction(x []float64, is func(float64) bool) float64 {
	n := 0
	for _, v := range x {
		if is(v) {
			n++
		}
	}
	return float64(n) / float64(len(x))
}

func TestCropBoxes(t *testing.T) {
	const side = 224 // large, so that rounding to whole pixels hardly moves area and ratio
	crop := RandomResizedCrop{Size: 32, Scale: [2]float64{.08, .5}}
	params := drawParams(t, crop, State(1, 0), draws, side, side)
	var area, logRatio, middleX, middleY []float64
	for _, p := range params {
		top, left, height, width := float64(p[0]), float64(p[1]), float64(p[2]), float64(p[3])
		for _, v := range []float64{top, left, height, width} {
			if v != math.Trunc(v) {
				t.Fatalf("box %v is not in whole pixels", p)
			}
		}
		if top < 0 || left < 0 || height < 1 || width < 1 || top+height > side || left+width > side {
			t.Fatalf("box %v is not in the image", p)
		}
		area = append(area, height*width/(side*side))
		logRatio = append(logRatio, math.Log(width/height))
		middleX = append(middleX, (left+width/2)/side)
		middleY = append(middleY, (top+height/2)/side)
	}
	third := math.Log(4. / 3)
	between(t, "area", area, .078, .505)
	between(t, "log ratio", logRatio, -third-.02, third+.02)
	near(t, "mean area", mean(area), .29, .42/math.Sqrt(12)) // every such box fits, so nothing is drawn again
	near(t, "mean log ratio", mean(logRatio), 0, 2*third/math.Sqrt(12))
	near(t, "share of areas below .185", fraction(area, func(v float64) bool { return v < .185 }), .25, .43)
	near(t, "share of wide boxes", fraction(logRatio, func(v float64) bool { return v > third/2 }), .25, .43)
	near(t, "mean middle x", mean(middleX), .5, .3)
	near(t, "mean middle y", mean(middleY), .5, .3)
}

// Boxes as large as the image fit rarely: torchvision's loop, in plain Go, has the same share of
// whole images and areas.
func TestCropDrawsAgain(t *testing.T) {
	const side = 32
	params := drawParams(t, RandomResizedCrop{Scale: [2]float64{.7, 1}}, State(1, 0), draws, side, side)
	var got, want []float64
	for _, p := range params {
		got = append(got, float64(p[2]*p[3]))
	}
	random := splitMix(7)
	for range draws {
		h, w := side, side
		for range 10 {
			area := (.7 + .3*random()) * side * side
			ratio := math.Exp((2*random() - 1) * math.Log(4./3))
			tryW, tryH := int(math.RoundToEven(math.Sqrt(area*ratio))), int(math.RoundToEven(math.Sqrt(area/ratio)))
			if 0 < tryW && tryW <= side && 0 < tryH && tryH <= side {
				h, w = tryH, tryW
				break
			}
		}
		want = append(want, float64(h*w))
	}
	near(t, "mean area", mean(got), mean(want), 2*90)
	for _, limit := range []float64{750, 800, 900, 1000} {
		below := func(v float64) bool { return v < limit }
		near(t, "share of smaller areas", fraction(got, below), fraction(want, below), .71) // both sides are random
	}
}

// splitMix draws uniform numbers on the host.
func splitMix(seed uint64) func() float64 {
	return func() float64 {
		seed += 0x9e3779b97f4a7c15
		return float64(mix64(seed)>>11) / (1 << 53)
	}
}

// An image so wide that no box fits gets the largest central box of an allowed ratio: known from
// torchvision's fallback.
func TestCropFallsBack(t *testing.T) {
	for _, p := range drawParams(t, RandomResizedCrop{Scale: [2]float64{1, 1}}, State(1, 0), 64, 30, 120) {
		if !slices.Equal(p, []float32{0, 40, 30, 40}) {
			t.Fatalf("box %v, want 0 40 30 40", p)
		}
	}
	for _, p := range drawParams(t, RandomResizedCrop{Scale: [2]float64{1, 1}}, State(1, 0), 64, 120, 30) {
		if !slices.Equal(p, []float32{40, 0, 40, 30}) {
			t.Fatalf("box %v, want 40 0 40 30", p)
		}
	}
}

func TestJitterParameters(t *testing.T) {
	jitter := ColorJitter{Brightness: .4, Contrast: 1.5, Saturation: .2, Hue: .1, P: .8}
	params := drawParams(t, jitter, State(1, 0), draws, 32, 32)
	changed := func(v float64) bool { return v != 1 }
	between(t, "brightness", columnOf(params, brightness), .6, 1.4)
	between(t, "contrast", columnOf(params, contrast), 0, 2.5)
	between(t, "saturation", columnOf(params, saturation), .8, 1.2)
	between(t, "hue", columnOf(params, hue), -.1, .1)
	near(t, "share changed", fraction(columnOf(params, brightness), changed), .8, .4)
	near(t, "mean brightness", mean(columnOf(params, brightness)), 1, .8/math.Sqrt(12))
	near(t, "mean contrast", mean(columnOf(params, contrast)), .8*1.25+.2, 2.5/math.Sqrt(12))
	near(t, "mean hue", mean(columnOf(params, hue)), 0, .2/math.Sqrt(12))

	orders := map[[4]float32]int{}
	for _, p := range params {
		order := [4]float32(p[properties:])
		sorted := slices.Sorted(slices.Values(order[:]))
		if !slices.Equal(sorted, []float32{0, 1, 2, 3}) {
			t.Fatalf("%v is no order", order)
		}
		orders[order]++
	}
	if len(orders) != 24 {
		t.Errorf("%d orders, want all 24", len(orders))
	}
	for _, n := range orders {
		near(t, "share of an order", float64(n)/draws, 1./24, .2)
	}
}

func TestShareOfImagesChanged(t *testing.T) {
	yes := func(v float64) bool { return v != 0 }
	for _, test := range []struct {
		transform Transform
		want      float64
	}{
		{Flip{}, .5}, {Flip{P: .1}, .1}, {Flip{P: 1}, 1}, {VerticalFlip{}, .5}, {VerticalFlip{P: .9}, .9},
		{Grey{}, .2}, {Solarize{}, .2}, {GaussianBlur{}, .5},
	} {
		params := drawParams(t, test.transform, State(5, 1), draws, 32, 32)
		near(t, "share changed", fraction(columnOf(params, 0), yes), test.want, math.Sqrt(test.want*(1-test.want)))
	}
}

func TestTranslateParameters(t *testing.T) {
	params := drawParams(t, Translate{}, State(1, 0), draws, 32, 50)
	for i, most := range []float64{6, 4} { // Right, of 50 pixels; down, of 32.
		shifts := columnOf(params, i)
		for shift := -most; shift <= most; shift++ {
			near(t, "share of a shift", fraction(shifts, func(v float64) bool { return v == shift }), 1/(2*most+1), .4)
		}
		between(t, "shift", shifts, -most, most)
	}
}

func TestBlurAndAffineParameters(t *testing.T) {
	sigma := columnOf(drawParams(t, GaussianBlur{P: 1}, State(1, 0), draws, 32, 32), 0)
	between(t, "sigma", sigma, .1, 2)
	near(t, "mean sigma", mean(sigma), 1.05, 1.9/math.Sqrt(12))

	params := drawParams(t, Affine{Rotation: 90, Translation: .25, Scale: [2]float64{.5, 2}}, State(1, 0), draws, 20, 40)
	between(t, "angle", columnOf(params, 0), -math.Pi/2-1e-6, math.Pi/2+1e-6)
	between(t, "shift right", columnOf(params, 1), -10, 10)
	between(t, "shift down", columnOf(params, 2), -5, 5)
	between(t, "magnification", columnOf(params, 3), .5, 2)
	near(t, "mean angle", mean(columnOf(params, 0)), 0, math.Pi/math.Sqrt(12))
	near(t, "mean shift right", mean(columnOf(params, 1)), 0, 20/math.Sqrt(12))
	near(t, "mean magnification", mean(columnOf(params, 3)), 1.25, 1.5/math.Sqrt(12))
}
