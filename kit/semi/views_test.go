package semi

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/augment"
	"sslkit/kit/device/devicetest"
)

// A weak view has no colour that the image has not: google-research/fixmatch, libml/augment.py,
// lines 69 to 71 (augment_shift), and CuriousAI/mean-teacher, pytorch/mean_teacher/data.py
// (RandomTranslateWithReflect), move by whole pixels and mirror the image. A checkerboard stays
// one.
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

// The strong view of google-research/fixmatch: libml/augment.py, lines 195 to 206 (two operations,
// each with probability 1/2 and a level from 1 to 9 of 10), and third_party/auto_augment/
// augmentations.py: the levels' range is PARAMETER_MAX, enhancements take 0.1 + 1.8 × level/10, and
// cutout_numpy a square of 16 of 32 pixels, less what is outside.
func TestStrongViewIsAsStrongAsItsSource(t *testing.T) {
	const n, side, brighten, sharpen, identity = 10_000, 32, 5, 8, 13 // As augment.RandAugment numbers them.
	state := augment.State(1, 0)
	outputs, err := CallOnceN(devicetest.Backend(t), func(state *Node) []*Node {
		params := StrongView().Draw(augment.NewRandom(state), n, side, side)
		return []*Node{params[2], params[3]}
	}, state[:])
	if err != nil {
		t.Fatal(err)
	}
	done, least, most, shift := 0, 1., 0., 0.
	for _, p := range outputs[0].Value().([][]float32) {
		for i := 0; i < 4; i += 2 {
			switch o, strength := p[i], math.Abs(float64(p[i+1])); {
			case o == identity:
			case o >= brighten && o <= sharpen:
				done++
				shift = max(shift, strength)
			default:
				done++
				least, most = min(least, strength), max(most, strength)
			}
		}
	}
	near(t, "least strength", least, .1, 1e-6)
	near(t, "greatest strength", most, .9, 1e-6)
	near(t, "greatest strength of an enhancement", shift, .8, 1e-6)
	near(t, "share of operations that are carried out and are not the identity", float64(done)/(2*n), .5*13/14, .02)

	var area, widest float64
	for _, p := range outputs[1].Value().([][]float32) {
		area += float64(p[2]*p[3]) / n
		widest = max(widest, float64(p[2]), float64(p[3]))
	}
	near(t, "greatest side of the square", widest, 16, 1e-6)
	near(t, "mean area of the square inside", area, 14*14, .02) // Each side: (16·17 + 2·(8+...+15) - 8)/32 = 14.
}
