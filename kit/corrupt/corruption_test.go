package corrupt

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

// The authors' own strengths do not always put the severities in the order of mean squared distance
// to the clean image. Where they do not, the severity that is not above the one before is listed
// here: glass blur with another radius or count, elastic transforms with smaller affine maps, frost
// with darker sums, a motion blur whose radius grows where the Gaussian has ended, and 27 pixels of
// pixelated 32 that lie better than 28.
func TestSeveritiesAreInOrder(t *testing.T) {
	for _, test := range []struct {
		size, images int
		notAbove     map[Corruption][]int
	}{
		{32, 24, map[Corruption][]int{
			GlassBlur: {2, 3, 5}, Elastic: {2, 3, 4, 5}, Frost: {4, 5}, MotionBlur: {4}, Pixelate: {3},
		}},
		{96, 8, map[Corruption][]int{GlassBlur: {2, 4}, Elastic: {3}, Frost: {4}}},
	} {
		images := shapes(t, test.images, test.size)
		for _, c := range All() {
			var square [Severities + 1]float64
			for s := 1; s <= Severities; s++ {
				for i, clean := range images {
					for k, v := range apply(t, c, s, clean, test.size, uint64(i)) {
						d := float64(v) - float64(clean[k])
						square[s] += d * d / float64(len(images)*len(clean))
					}
				}
			}
			excepted := map[int]bool{}
			for _, s := range test.notAbove[c] {
				excepted[s] = true
			}
			for s := 1; s <= Severities; s++ {
				if square[s] <= square[s-1] != excepted[s] {
					t.Errorf("size %d, %v: mean squared distances %.1f: severity %d", test.size, c, square[1:], s)
				}
			}
		}
	}
}

func TestApplyIsAFunctionOfItsArguments(t *testing.T) {
	clean := shapes(t, 1, 32)[0]
	before := bytes.Clone(clean)
	random := map[Corruption]bool{
		GaussianNoise: true, ShotNoise: true, ImpulseNoise: true, GlassBlur: true, MotionBlur: true, Snow: true, Frost: true,
		Fog: true, Elastic: true,
	}
	for _, c := range All() {
		first := apply(t, c, 3, clean, 32, 1)
		if !bytes.Equal(clean, before) {
			t.Fatalf("%v changed the clean image", c)
		}
		if !bytes.Equal(first, apply(t, c, 3, clean, 32, 1)) {
			t.Errorf("%v is another one the second time", c)
		}
		if bytes.Equal(first, clean) {
			t.Errorf("%v changes nothing", c)
		}
		if differs := !bytes.Equal(first, apply(t, c, 3, clean, 32, 2)); differs != random[c] {
			t.Errorf("%v: another seed differs: %t", c, differs)
		}
	}
}

// The smallest images, odd ones and ones that are not square.
func TestAnySize(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 7}, {2, 2}, {3, 40}, {33, 20}, {65, 101}} {
		pix := make([]uint8, size[0]*size[1]*3)
		for i := range pix {
			pix[i] = uint8(37 * i)
		}
		for _, c := range All() {
			for s := 1; s <= Severities; s++ {
				out, err := Apply(c, s, pix, size[0], size[1], 1)
				if err != nil || len(out) != len(pix) {
					t.Errorf("%v, severity %d of %v: %d bytes, %v", c, s, size, len(out), err)
				}
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	pix := make([]uint8, 3*4*5)
	for _, test := range []struct {
		c                       Corruption
		severity, height, width int
		names                   string
	}{
		{GaussianNoise, 0, 4, 5, "severity is 0"},
		{JPEG, 6, 4, 5, "severity is 6"},
		{-1, 1, 4, 5, "corruption is -1"},
		{JPEG + 1, 1, 4, 5, "corruption is 15"},
		{Fog, 1, 4, 6, "pix holds 60 bytes"},
		{Fog, 1, 0, 5, "height is 0; it must be in [1, 65535]"},
		{Fog, 1, 4, -5, "width is -5"},
		{JPEG, 1, 1, 1 << 16, "width is 65536"},
	} {
		_, err := Apply(test.c, test.severity, pix, test.height, test.width, 1)
		if err == nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%v: %v, want it to name %q", test, err, test.names)
		}
	}
}

func TestNames(t *testing.T) {
	if len(All()) != 15 || All()[0] != GaussianNoise || All()[14] != JPEG {
		t.Errorf("%v", All())
	}
	for _, c := range All() {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var again Corruption
		if err := json.Unmarshal(text, &again); err != nil || again != c {
			t.Errorf("%v is read as %v: %v", c, again, err)
		}
	}
	if s := Corruption(-3).String(); s != "Corruption(-3)" {
		t.Error(s)
	}
	var c Corruption
	if err := c.UnmarshalText([]byte("rain")); err == nil || !strings.Contains(err.Error(), "rain") {
		t.Error(err)
	}
}

// At most 64 pixels on the shorter side, brightness 5 adds 0.3; above, 0.5.
func TestStrengthsFollowTheSize(t *testing.T) {
	for _, test := range []struct {
		height, width int
		want          float64
	}{{64, 64, .3}, {64, 300, .3}, {65, 65, .5}, {300, 65, .5}} {
		pix := make([]uint8, test.height*test.width*3)
		out, err := Apply(Brightness, 5, pix, test.height, test.width, 1)
		if err != nil {
			t.Fatal(err)
		}
		if float64(out[0]) != math.Floor(255*test.want) {
			t.Errorf("%d×%d: %d", test.height, test.width, out[0])
		}
	}
}
