package augment

import (
	"strings"
	"testing"
)

// google-research/fixmatch, third_party/auto_augment/augmentations.py, lines 66 to 120: a square of
// 16 pixels whose middle is any pixel, cut off at the border.
func TestCutoutParameters(t *testing.T) {
	const side, half = 32, 8
	params := drawParams(t, Cutout{}, State(1, 0), draws, side, side)
	for axis := range 2 {
		first, length := columnOf(params, axis), columnOf(params, axis+2)
		var total float64
		for middle := range side {
			from, to := max(middle-half, 0), min(middle+half, side)
			found := 0
			for i := range first {
				if first[i] == float64(from) && length[i] == float64(to-from) {
					found++
				}
			}
			near(t, "share of a middle", float64(found)/draws, 1./side, .18)
			total += float64(found) / draws
		}
		if abs(total-1) > 1e-9 {
			t.Errorf("%g of the squares are what a middle gives", total)
		}
	}
}

func TestBadCutout(t *testing.T) {
	for want, bad := range map[string]Cutout{"Size is 1.5": {Size: 1.5}, "Fill is 2": {Fill: 2}} {
		if err := (Pipeline{bad}).Check(32, 32); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", bad, err, want)
		}
	}
}
