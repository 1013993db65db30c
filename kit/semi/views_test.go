package semi

import (
	"testing"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

// A weak view has no colour that the image has not: google-research/fixmatch, libml/augment.py, lines
// 69 to 71 (augment_shift), and CuriousAI/mean-teacher, pytorch/mean_teacher/data.py
// (RandomTranslateWithReflect), move by whole pixels and mirror the image. A checkerboard stays one.
func TestWeakViewsAreNotBlurred(t *testing.T) {
	const n, side = 16, 32
	var pix []uint8
	for i := range n * side * side {
		v := uint8(50 + 150*((i+i/side)%2))
		pix = append(pix, v, v, v)
	}
	views, err := WeakView().Render(devicetest.Backend(t), augment.State(1, 0), pix, n, side, side)
	if err != nil {
		t.Fatal(err)
	}
	for i, view := range views {
		for y := range side {
			for x := range side - 1 {
				left, _, _, _ := view.At(x, y).RGBA()
				right, _, _, _ := view.At(x+1, y).RGBA()
				if left, right = min(left, right)>>8, max(left, right)>>8; left != 50 || right != 200 {
					t.Fatalf("view %d: pixels of %d and %d lie side by side, want 50 and 200", i, left, right)
				}
			}
		}
	}
}
