package plots

import (
	"image/color"
	"testing"
)

func TestPicture(t *testing.T) {
	pix := []uint8{
		1, 2, 3, 4, 5, 6, 7, 8, 9,
		10, 11, 12, 13, 14, 15, 16, 17, 18,
		99, 99, 99, // Of the next image.
	}
	img := Picture(pix, 2, 3)
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
}
