package corrupt

import (
	"math"
	"slices"
	"testing"
)

func TestBlursKeepFlatImages(t *testing.T) {
	for _, size := range []int{32, 72} {
		for _, c := range []Corruption{DefocusBlur, GlassBlur, MotionBlur, ZoomBlur, Elastic, Pixelate, Contrast} {
			for s := 1; s <= Severities; s++ {
				for i, v := range apply(t, c, s, flat(size, 77), size, 1) {
					// OpenCV's soft edge reflects at the filter's own, and loses or gains what a
					// disk has there.
					if v != 77 && !(c == DefocusBlur && math.Abs(float64(v)-77) <= 3) {
						t.Fatalf("%v, severity %d, size %d: value %d is %d", c, s, size, i, v)
					}
				}
			}
		}
	}
}

// A pixel becomes half a Gaussian that ends at the pixel, in the direction from which the camera
// reads. Unlike a whole one it shifts the image.
func TestMotionBlurOfAPixel(t *testing.T) {
	p := blank(9, 9, 1)
	p.pix[p.at(4, 6)] = 1
	out := smear{radius: 1, sigma: 1}.blur(p, 0)
	sum := 1 + math.Exp(-.5) + math.Exp(-2)
	for x, want := range map[int]float64{7: 0, 6: 1 / sum, 5: math.Exp(-.5) / sum, 4: math.Exp(-2) / sum, 3: 0} {
		if got := 255 * out.pix[out.at(4, x)]; math.Abs(got-math.Floor(255*want)) > 1e-9 {
			t.Errorf("column %d is %g, want %g", x, got, math.Floor(255*want))
		}
	}
	down := smear{radius: 1, sigma: 1}.blur(p, -90) // reads above, so that the streak is below
	if down.pix[down.at(5, 6)] == 0 || down.pix[down.at(3, 6)] != 0 {
		t.Error("the streak of an angle of -90° does not point down")
	}
}

// Weights sum to 1: away from the border nothing is lost but what is cut off, less than a level
// where anything changed.
func TestMotionBlurKeepsTheMean(t *testing.T) {
	p := blank(64, 64, 3)
	for y := 28; y < 36; y++ {
		for x := 28; x < 36; x++ {
			for c := range 3 {
				p.pix[p.at(y, x)+c] = float64((x*y*(c+3))%256) / 255
			}
		}
	}
	for _, degrees := range []float64{-120, -45, -7, 0, 30} {
		before, _ := moments(p.bytes())
		after, _ := moments(smear{9, 2.5}.blur(p, degrees).bytes())
		if lost := before - after; lost < 0 || lost > .1*before {
			t.Errorf("%g°: mean %.3f from %.3f", degrees, after, before)
		}
	}
}

// With a blur of 0.05 pixels, which reaches no neighbour, a pixel takes the colour of itself or of
// one above or to the left.
func TestGlassBlurTakesNeighbours(t *testing.T) {
	const size = 16
	clean := make([]uint8, size*size*3)
	for i := range clean {
		clean[i] = uint8(i / 3)
	}
	moved := 0
	for i, v := range apply(t, GlassBlur, 1, clean, size, 1) {
		y, x := i/3/size, i/3%size
		near := []uint8{uint8(y*size + x)}
		if y > 1 && x > 1 { // the outermost are left alone
			near = append(near, near[0]-1, near[0]-size, near[0]-size-1)
		}
		if !slices.Contains(near, v) {
			t.Fatalf("row %d, column %d has the colour of pixel %d", y, x, v)
		}
		if v != near[0] {
			moved++
		}
	}
	if share := float64(moved) / (14 * 14 * 3); share < .6 || share > .9 { // three in four
		t.Errorf("%.2f of the inner pixels moved", share)
	}
}

func TestZoomByOneIsThePicture(t *testing.T) {
	p := fromBytes(formula(12), 12, 12)
	if _, most := distance(p.zoom(1).pix, p.pix); most > 1e-12 {
		t.Errorf("up to %g apart", most)
	}
}

func TestBorders(t *testing.T) {
	for name, test := range map[string]struct {
		edge border
		want []int // of -5 to 8, of four pixels
	}{
		"nearest":      {nearest, []int{0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3}},
		"mirror":       {mirror, []int{3, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0}},
		"mirrorInside": {mirrorInside, []int{1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2}},
	} {
		for k, want := range test.want {
			if got := test.edge(k-5, 4); got != want {
				t.Errorf("%s: %d stands for %d, want %d", name, got, k-5, want)
			}
		}
		for i := -3; i < 4; i++ {
			if test.edge(i, 1) != 0 {
				t.Errorf("%s: of one pixel, %d stands for %d", name, test.edge(i, 1), i)
			}
		}
	}
}

// What is mapped from three points to three points is mapped there.
func TestMapOfThreePoints(t *testing.T) {
	output, input := [3][2]float64{{1, 2}, {8, 3}, {4, 9}}, [3][2]float64{{0, 1}, {7, 7}, {-3, 2}}
	m := mapOf(output, input)
	for i, point := range output {
		for k, want := range input[i] {
			if got := m[k][0]*point[0] + m[k][1]*point[1] + m[k][2]; math.Abs(got-want) > 1e-12 {
				t.Errorf("point %d, coordinate %d is %g, want %g", i, k, got, want)
			}
		}
	}
}
