package plots

import (
	"image/color"
	"strings"
	"testing"
)

func TestPicture(t *testing.T) {
	pix := []uint8{
		1, 2, 3, 4, 5, 6, 7, 8, 9,
		10, 11, 12, 13, 14, 15, 16, 17, 18,
	}
	img, err := Picture(pix, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X != 3 || size.Y != 2 {
		t.Fatalf("size is %v, want 3 wide and 2 high", size)
	}
	for want, at := range map[color.NRGBA][2]int{
		{1, 2, 3, 255}:    {0, 0},
		{7, 8, 9, 255}:    {2, 0},
		{10, 11, 12, 255}: {0, 1},
		{16, 17, 18, 255}: {2, 1},
	} {
		if got := img.At(at[0], at[1]); got != want {
			t.Errorf("pixel %v is %v, want %v", at, got, want)
		}
	}
	pix[0] = 50
	if got := img.At(0, 0).(color.NRGBA).R; got != 1 {
		t.Errorf("a change of pix changed the picture: red is %d, want 1", got)
	}
	for part, size := range map[string][2]int{"pix holds 18 bytes": {3, 3}, "height and width": {-2, -3}} {
		if _, err := Picture(pix, size[0], size[1]); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%d × %d of %d bytes: error is %v, want one that says %q", size[0], size[1], len(pix), err, part)
		}
	}
}
