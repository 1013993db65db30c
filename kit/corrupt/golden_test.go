package corrupt

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// golden is what testdata/corruptions.py writes.
type golden struct {
	Images []struct {
		Corruption            Corruption
		Severity, Side, Every int
		Levels                []float64
	}
	Steps map[string][]float64
}

func readGolden(t *testing.T) golden {
	t.Helper()
	file, err := os.ReadFile("testdata/corruptions.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(file, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// formula is the picture of corruptions.py.
func formula(side int) []uint8 {
	pix := make([]uint8, 0, side*side*3)
	for y := range side {
		for x := range side {
			pixel := [3]int{(20 + x*x/5 + 2*y) % 256, (60 + x*y/9 + 19*((x+2*y)%3)) % 256, max(200-3*x-y*y/20, 0)}
			if y < 3 && x < 5 {
				pixel = [3]int{}
			}
			for _, v := range pixel {
				pix = append(pix, uint8(v))
			}
		}
	}
	return pix
}

// Where a level is a whole number but for rounding, as in flat areas, their code may cut it off one
// lower: hence 1, at times.
//
// The JPEG codecs are different ones: Pillow's interpolates the colours between the pixels that
// were stored, Go's repeats them. So what is compared is the luma, which both store in full; but
// colours out of range were clamped before.
func TestImagesAgreeWithTheAuthorsDefinitions(t *testing.T) {
	tolerance := map[Corruption]struct{ most, average float64 }{
		Brightness: {1, .1}, Contrast: {1, .01}, DefocusBlur: {1, .05}, ZoomBlur: {1, .15}, Pixelate: {0, 0}, JPEG: {16, 1},
	}
	images := readGolden(t).Images
	if len(images) != 2*Severities*len(tolerance) {
		t.Fatalf("%d images", len(images))
	}
	for _, image := range images {
		pix, err := Apply(image.Corruption, image.Severity, formula(image.Side), image.Side, image.Side, 1)
		if err != nil {
			t.Fatal(err)
		}
		var got []float64
		for at := 0; at < len(pix); at += 3 * image.Every {
			got = append(got, float64(pix[at]), float64(pix[at+1]), float64(pix[at+2]))
		}
		want := image.Levels
		if image.Corruption == JPEG {
			got, want = lumas(got), lumas(want)
		}
		average, most := distance(got, want)
		if limit := tolerance[image.Corruption]; most > limit.most || average > limit.average {
			t.Errorf("%v, severity %d, side %d: %.3f levels apart, at most %.3g; want %g and %g",
				image.Corruption, image.Severity, image.Side, average, most, limit.average, limit.most)
		}
	}
}

// lumas are those of pixels of three values.
func lumas(pixels []float64) []float64 {
	var out []float64
	for i := 0; i < len(pixels); i += 3 {
		out = append(out, luma[0]*pixels[i]+luma[1]*pixels[i+1]+luma[2]*pixels[i+2])
	}
	return out
}

// distance returns the mean and the greatest absolute difference of two lists.
func distance(a, b []float64) (average, most float64) {
	for i := range a {
		d := math.Abs(a[i] - b[i])
		average += d / float64(len(a))
		most = max(most, d)
	}
	return average, most
}

func TestStepsAgreeWithTheAuthorsLibraries(t *testing.T) {
	p := fromBytes(formula(12), 12, 12)
	green := blank(12, 12, 1)
	for i := range green.pix {
		green.pix[i] = p.pix[3*i+1]
	}
	displaced := blank(12, 12, 1)
	for y := range 12 {
		for x := range 12 {
			at := displaced.at(y, x)
			fromY, fromX := float64(y)+3*math.Sin(float64(x)), float64(x)-2.3*math.Cos(float64(y))
			green.bilinear(fromY, fromX, mirror, displaced.pix[at:at+1])
		}
	}
	corners := [3][2]float64{{10, 10}, {10, 2}, {2, 2}}
	moved := [3][2]float64{{11, 8}, {10.5, 3.5}, {1, 1.25}}
	filter := disk{10, .5}.filter()
	steps := readGolden(t).Steps
	for name, got := range map[string][]float64{
		"gaussian 1.1":        green.gaussian(1.1, 4, nearest).pix,
		"gaussian 9 mirrored": green.gaussian(9, 3, mirror).pix,
		"zoom 1.75":           green.zoom(1.75).pix,
		"zoom 4.5":            green.zoom(4.5).pix,
		"affine":              green.affine(mapOf(moved, corners)).pix,
		"displaced":           displaced.pix,
		"disk 10":             filter.pix[filter.at(10, 0):filter.at(11, 0)],
		"motion 30":           smear{6, 2}.blur(green, 30).pix,
		"motion -100":         smear{9, 2.5}.blur(green, -100).pix,
	} {
		want := steps[name]
		if len(want) != len(got) {
			t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
		}
		tolerance := 2e-6
		if name == "affine" {
			tolerance = .02 // OpenCV may round where it reads to 1/32 of a pixel
		}
		if _, most := distance(got, want); most > tolerance {
			t.Errorf("%s: up to %.2g apart, want %.2g", name, most, tolerance)
		}
	}
}
