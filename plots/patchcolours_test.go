package plots

import (
	"errors"
	"image/color"
	"math"
	"strings"
	"testing"
)

// plantedPatches are two images of 6×6 patches: background, and inside a square of 4×4 whose halves
// differ, the left of both images alike.
func plantedPatches() (x []float32) {
	for image := range 2 {
		for patch := range 36 {
			row, column := patch/6, patch%6
			v := []float32{-5, 0, 0, 0}
			if row > 0 && row < 5 && column > 0 && column < 5 {
				v = []float32{5, 0, float32(row) / 50, float32(column%2) / 100}
				if column < 3 {
					v[1] = 1
				} else {
					v[1] = -1 - float32(image)/10
				}
			}
			x = append(x, v...)
		}
	}
	return x
}

func TestPatchColoursFindPlantedParts(t *testing.T) {
	t.Parallel()
	for name, sign := range map[string]float32{"as it is": 1, "other way round": -1} {
		x := plantedPatches()
		for i := range x {
			x[i] *= sign
		}
		images, err := PatchColours(x, 2, 6, 6, 4)
		if err != nil {
			t.Fatal(err)
		}
		at := func(image, row, column int) color.NRGBA {
			return images[image].At(column, row).(color.NRGBA)
		}
		for image := range images {
			for _, outside := range [][2]int{{0, 0}, {0, 3}, {5, 5}, {3, 0}} {
				if c := at(image, outside[0], outside[1]); c != (color.NRGBA{A: 255}) {
					t.Errorf("%s: background patch %v of image %d is %v", name, outside, image, c)
				}
			}
			left, right := at(image, 2, 1), at(image, 2, 4)
			if math.Abs(float64(left.R)-float64(right.R)) < 200 {
				t.Errorf("%s: the halves of image %d are %v and %v", name, image, left, right)
			}
		}
		if a, b := at(0, 3, 2), at(1, 3, 2); a != b {
			t.Errorf("%s: like patches of two images are %v and %v", name, a, b)
		}
	}
}

func TestPatchColoursRefuse(t *testing.T) {
	t.Parallel()
	if _, err := PatchColours(make([]float32, 72), 2, 3, 3, 4); !errors.Is(err, ErrEqual) {
		t.Errorf("equal patches: %v", err)
	}
	if _, err := PatchColours(plantedPatches(), 2, 6, 6, 5); err == nil {
		t.Error("numbers that do not fit are taken")
	}
	if _, err := PatchColours(nil, 0, 6, 6, 4); err == nil || !strings.Contains(err.Error(), "at least 1") {
		t.Errorf("no image: %v", err)
	}
	two := make([]float32, 16)
	two[0], two[4] = 1, 1.5
	if _, err := PatchColours(two, 1, 2, 2, 4); err == nil || !strings.Contains(err.Error(), "at least 3 patches") {
		t.Errorf("two patches in the foreground: %v", err)
	}
}

func TestMaskPicture(t *testing.T) {
	t.Parallel()
	pix := []uint8{100, 100, 100, 100, 100, 100, 0, 0, 0, 0, 0, 0}
	img, err := MaskPicture(pix, []uint8{0, 1, 15, 255}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []color.NRGBA{{100, 100, 100, 255}, {114, 50, 50, 255}, {96, 64, 64, 255}, {112, 112, 96, 255}} {
		if got := img.At(i%2, i/2); got != want {
			t.Errorf("pixel %d is %v, want %v", i, got, want)
		}
	}
	if _, err := MaskPicture(pix, []uint8{0}, 2, 2); err == nil {
		t.Error("a mask of one pixel is laid over four")
	}
}
