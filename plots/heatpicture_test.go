package plots

import (
	"image/color"
	"math"
	"strings"
	"testing"
)

func TestHeatPicture(t *testing.T) {
	t.Parallel()
	const side = 8
	pix := make([]uint8, side*side*3)
	for i := range pix {
		pix[i] = 100
	}
	img, err := HeatPicture(pix, side, side, []float32{-1, 0, 0, 2}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	bright := func(x, y int) int {
		c := img.At(x, y).(color.NRGBA)
		return int(c.R) + int(c.G) + int(c.B)
	}
	if cold, hot := bright(0, 0), bright(side-1, side-1); cold >= 300 || hot <= 300 {
		t.Errorf("the cold corner has a brightness of %d, the hot one %d, and the image 300", cold, hot)
	}
	for i := 1; i < side; i++ {
		if bright(i, i) < bright(i-1, i-1) {
			t.Errorf("pixel %d on the way to the hot corner is darker than the one before it", i)
		}
	}
	if pix[0] != 100 {
		t.Error("the bytes of the image were changed")
	}

	// Twice the heat is the same picture, and none is that of no heat at all.
	twice, err := HeatPicture(pix, side, side, []float32{-2, 0, 0, 4}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	none, err := HeatPicture(pix, side, side, []float32{-1, 0, 0, -2}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	for y := range side {
		for x := range side {
			if img.At(x, y) != twice.At(x, y) {
				t.Fatalf("pixel %d, %d depends on the scale of the heat", x, y)
			}
			if none.At(x, y) != none.At(0, 0) {
				t.Fatalf("pixel %d, %d has heat in a map without any", x, y)
			}
		}
	}

	// One hot pixel of a thousand does not hide the heat of others, and is seen where it is the only one.
	many := make([]float32, 32*32)
	many[0], many[40] = 1000, 0
	for i := 500; i < 700; i++ {
		many[i] = 1
	}
	large := make([]uint8, 32*32*3)
	for name, heat := range map[string][]float32{"many": many, "one": append([]float32{1000}, make([]float32, 32*32-1)...)} {
		img, err := HeatPicture(large, 32, 32, heat, 32, 32)
		if err != nil {
			t.Fatal(err)
		}
		at := 0 // The pixel that is to be as bright as can be.
		if name == "many" {
			at = 600
		}
		if img.At(at%32, at/32).(color.NRGBA).R < 180 || img.At(31, 31).(color.NRGBA).R > 20 {
			t.Errorf("%s: the hot pixel is %v, a cold one %v", name, img.At(at%32, at/32), img.At(31, 31))
		}
	}

	for want, heat := range map[string][]float32{
		"heat has 3 values": {1, 2, 3}, "heat[1] is NaN": {0, float32(math.NaN()), 0, 0},
	} {
		if _, err := HeatPicture(pix, side, side, heat, 2, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := HeatPicture(pix, side, side+1, []float32{1}, 1, 1); err == nil || !strings.Contains(err.Error(), "plots.Picture") {
		t.Errorf("another size: error %v", err)
	}
}
