package corrupt

import (
	"math"
	"slices"
	"testing"
)

func TestPlasmaSpansTheUnitRange(t *testing.T) {
	rough := map[float64]float64{}
	for _, decay := range []float64{1.4, 3} {
		p := plasma(64, 64, decay, seeded(1))
		if low, high := slices.Min(p.pix), slices.Max(p.pix); low != 0 || high != 1 {
			t.Errorf("decay %g: [%g, %g]", decay, low, high)
		}
		inner, seam := 0., 0. // of horizontal neighbours; across the seam of the torus
		for y := range 64 {
			for x := range 64 {
				d := math.Abs(p.pix[p.at(y, x)]-p.pix[p.at(y, (x+1)%64)]) / 64
				if x < 63 {
					inner += d / 63
				} else {
					seam += d
				}
			}
		}
		if seam > 3*inner {
			t.Errorf("decay %g: neighbours differ by %.4f, across the seam by %.4f", decay, inner, seam)
		}
		rough[decay] = inner
	}
	if rough[3] >= rough[1.4] {
		t.Errorf("a decay of 3 is as rough as one of 1.4: %v", rough)
	}
	cut := plasma(20, 33, 2, seeded(1))
	if low, high := slices.Min(cut.pix), slices.Max(cut.pix); low < 0 || high > 1 || len(cut.pix) != 20*33 {
		t.Errorf("[%g, %g]", low, high)
	}
}

// On a flat image of v, fog of density d is (v + d·mist)·v/(v+d): from v²/(v+d) where there is no
// mist to v.
func TestFogOnAFlatImage(t *testing.T) {
	const v = 100. / 255
	for severity, density := range [...]float64{.2, .5, .75, 1, 1.5} {
		out := apply(t, Fog, severity+1, flat(32, 100), 32, 1)
		want := math.Floor(255 * v * v / (v + density))
		if low, high := slices.Min(out), slices.Max(out); float64(low) != want || high != 100 {
			t.Errorf("severity %d: [%d, %d], want [%g, 100]", severity+1, low, high, want)
		}
	}
	if slices.Max(apply(t, Fog, 5, flat(32, 0), 32, 1)) != 0 {
		t.Error("a black image does not stay black")
	}
}

func TestSnowOnlyBrightens(t *testing.T) {
	for _, size := range []int{32, 96} {
		clean := shapes(t, 1, size)[0]
		for s := 1; s <= Severities; s++ {
			for i, v := range apply(t, Snow, s, clean, size, 1) {
				if v < clean[i] {
					t.Fatalf("size %d, severity %d: value %d falls from %d to %d", size, s, i, clean[i], v)
				}
			}
		}
	}
	// The flakes lie on a flat image once more, turned by 180°.
	out := apply(t, Snow, 3, flat(32, 40), 32, 1)
	for i := range 32 * 32 {
		if out[3*i] != out[3*(32*32-1-i)] {
			t.Fatalf("pixel %d is not the same turned", i)
		}
	}
}

// The photographs' mean levels are 78 to 214, on average about 145, 165 and 180 for red, green and
// blue; their standard deviations within a crop of the image's size 14 to 37.
func TestIceLooksLikeTheAuthorsPhotographs(t *testing.T) {
	for _, test := range []struct {
		size  int
		every float64
	}{{32, 5}, {224, 1}} {
		var mean [3]float64
		var spread float64
		const pictures = 20
		for seed := range uint64(pictures) {
			p := ice(test.size, test.size, test.every, seeded(seed))
			if low, high := slices.Min(p.pix), slices.Max(p.pix); low < 0 || high > 1 {
				t.Errorf("size %d: [%g, %g]", test.size, low, high)
			}
			var green []uint8
			for i, v := range p.pix {
				mean[i%3] += 255 * v * 3 / float64(len(p.pix)) / pictures
				if i%3 == 1 {
					green = append(green, level(v))
				}
			}
			_, variance := moments(green)
			spread += math.Sqrt(variance) / pictures
		}
		t.Logf("size %d: mean levels %.0f, deviation %.0f", test.size, mean, spread)
		for c, want := range [3]float64{145, 165, 180} {
			if math.Abs(mean[c]-want) > 20 {
				t.Errorf("size %d: mean levels %.0f", test.size, mean)
			}
		}
		if spread < 14 || spread > 37 {
			t.Errorf("size %d: deviation %.0f", test.size, spread)
		}
	}
}

// With the weights 1 and 0.2 nothing becomes darker, and a white image stays white.
func TestMildFrostBrightens(t *testing.T) {
	clean := shapes(t, 1, 32)[0]
	for i, v := range apply(t, Frost, 1, clean, 32, 1) {
		if v < clean[i] {
			t.Fatalf("value %d falls from %d to %d", i, clean[i], v)
		}
	}
	if slices.Min(apply(t, Frost, 1, flat(32, 255), 32, 1)) != 255 {
		t.Error("white does not stay white")
	}
}
