package augment

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// Each operation, at the strengths of magnitudes 30, 9, 1 and their opposites, agrees with the
// host's to one step of 8 bits, and nearly everywhere to the bit: a value halfway between two of 8
// bits can be rounded either way.
func TestRandAugmentAgreesWithHost(t *testing.T) {
	const height, width = 24, 32
	var params [][]float32
	for o := range operations {
		for _, magnitude := range []float32{30, 9, 1, -1, -9, -30} {
			params = append(params, []float32{float32(o), magnitude / 30})
		}
	}
	n := len(params)
	pix := batch(n, height, width)
	for i := range pix { // so that there is something to stretch
		if i/(height*width*3)%2 == 1 {
			pix[i] = 60 + pix[i]/3
		}
	}
	var changes [operations]float64
	views := rows(applyParams(t, RandAugment{Ops: 1}, params, pix, n, height, width), n)
	for i, p := range params {
		in := picture(pix, i, height, width)
		want := floats(RandAugment{Ops: 1}.Host(in, p))
		changed, _ := difference(want, floats(in))
		average, most := difference(views[i], want)
		if average > .1 || most > 1.001 {
			t.Errorf("operation %v: differs by %.4f/255 on average and %.2f/255 at most", p, average, most)
		}
		changes[int(p[0])] = max(changes[int(p[0])], changed)
	}
	for o, change := range changes {
		if (operation(o) == identity) != (change < 1) {
			t.Errorf("operation %d changes images by up to %g/255", o, change)
		}
	}
}

// Two operations: where the first differs by a step, the second can put that right up to 255 steps
// further, so nearly all values must agree.
func TestRandAugmentPairsAgreeWithHost(t *testing.T) {
	const n, side = 128, 32
	pix := batch(n, side, side)
	randAugment := RandAugment{Magnitude: 20, Vary: true}
	params := drawParams(t, randAugment, State(1, 0), n, side, side)
	views := rows(applyParams(t, randAugment, params, pix, n, side, side), n)
	apart := 0
	for i, p := range params {
		for k, v := range floats(randAugment.Host(picture(pix, i, side, side), p)) {
			if 255*abs(float64(v-views[i][k])) > 1.001 {
				apart++
			}
		}
	}
	if share := float64(apart) / float64(len(pix)); share > 1e-3 {
		t.Errorf("%.5f of the values differ by more than a step", share)
	}
}

func TestRandAugmentParameters(t *testing.T) {
	params := drawParams(t, RandAugment{}, State(1, 0), draws, 32, 32)
	for slot := range 2 {
		number, strength := columnOf(params, 2*slot), columnOf(params, 2*slot+1)
		for o := range operations {
			share := fraction(number, func(v float64) bool { return v == float64(o) })
			near(t, "share of an operation", share, 1./14, math.Sqrt(1./14))
		}
		near(t, "mean strength", mean(strength), 0, .3)
		for _, v := range strength {
			if math.Abs(math.Abs(v)-.3) > 1e-6 {
				t.Fatalf("strength %g, want 0.3 either way", v)
			}
		}
	}
	same := 0
	for _, p := range params {
		if p[0] == p[2] {
			same++
		}
	}
	near(t, "share of the same operation twice", float64(same)/draws, 1./14, math.Sqrt(1./14))
}

func TestRandAugmentVaries(t *testing.T) {
	for _, test := range []struct {
		name     string
		of       RandAugment
		greatest float64 // Of the ranges.
	}{
		{"the whole range", RandAugment{Ops: 3, Vary: true}, 1}, {"half of it", RandAugment{Ops: 3, Magnitude: 15, Vary: true}, .5},
	} {
		t.Run(test.name, func(t *testing.T) {
			params := drawParams(t, test.of, State(1, 0), draws, 32, 32)
			count := map[[2]float64]int{} // Of an operation and its strength.
			for _, p := range params {
				count[[2]float64{float64(p[4]), math.Round(1e4 * float64(p[5]))}]++
			}
			seen := 0
			for o := range operations {
				for tenths := 1; tenths < 10; tenths++ {
					want := []float64{float64(tenths), -float64(tenths)}
					if o >= brighten && o <= sharpen {
						want = []float64{float64(2*tenths - 10)}
					}
					for _, tenth := range want {
						n := count[[2]float64{float64(o), math.Round(1e3 * tenth * test.greatest)}]
						share := 1 / (14 * 9 * float64(len(want)))
						near(t, "share of an operation's strength", float64(n)/draws, share, math.Sqrt(share))
						seen += n
					}
				}
			}
			if seen != draws {
				t.Errorf("%d of %d strengths are tenths of the magnitude", seen, draws)
			}
		})
	}
}

func TestRandAugmentIsDoneInPartOfTheImages(t *testing.T) {
	params := drawParams(t, RandAugment{P: .3}, State(1, 0), draws, 32, 32)
	for slot := range 2 {
		none := fraction(columnOf(params, 2*slot), func(v float64) bool { return v == float64(identity) })
		near(t, "share of the identity", none, .7+.3/14, .5)
	}
}

// google-research/fixmatch, third_party/auto_augment/augmentations.py, _translate_x_impl: levels 1
// to 9 of 10 move by as many pixels of 32.
func TestRandAugmentTranslatesByWholePixels(t *testing.T) {
	const side = 32
	randAugment := RandAugment{Ops: 1, Translation: 10. / 32}
	var params [][]float32
	var pix []uint8
	for tenths := 1; tenths < 10; tenths++ {
		params = append(params, []float32{float32(translateX), float32(tenths) / 10}, []float32{float32(translateY), -float32(tenths) / 10})
		pix = append(pix, batch(2, side, side)...)
	}
	views := rows(applyParams(t, randAugment, params, pix, len(params), side, side), len(params))
	for i, p := range params {
		in, pixels := picture(pix, i, side, side), i/2+1
		hostView := randAugment.Host(in, p)
		for y := range side {
			for x := range side {
				fromX, fromY := x+pixels, y
				if i%2 == 1 {
					fromX, fromY = x, y-pixels
				}
				want := in.NRGBAAt(fromX, fromY)
				for k, w := range []uint8{want.R, want.G, want.B} { // Black outside.
					got, host := 255*float64(views[i][3*(y*side+x)+k]), hostView.Pix[hostView.PixOffset(x, y)+k]
					if abs(got-float64(w)) > .01 || host != w {
						t.Fatalf("%v: pixel %d, %d is %g, on the host %d, want %d", p, x, y, got, host, w)
					}
				}
			}
		}
	}
}

func TestHistogram(t *testing.T) {
	const pixels = 50
	var levels [2][3][pixels]float32
	var counts, below [2 * 3 * 256]float32
	random := splitMix(1)
	for i := range 6 {
		for p := range pixels {
			v := int(256 * random())
			if i == 4 {
				v = 255 - v%2
			}
			levels[i/3][i%3][p] = float32(v)
			counts[256*i+v]++
			for above := v + 1; above < 256; above++ {
				below[256*i+above]++
			}
		}
	}
	var nested [][][]float32
	for i := range levels {
		nested = append(nested, nil)
		for k := range levels[i] {
			nested[i] = append(nested[i], levels[i][k][:])
		}
	}
	out := several(t, func(levels *Node) []*Node {
		counts, below := histogram(levels)
		return []*Node{counts, below}
	}, nested)
	if !slices.Equal(out[0], counts[:]) || !slices.Equal(out[1], below[:]) {
		t.Error("the graph counts otherwise than a loop")
	}
}

func TestBadRandAugment(t *testing.T) {
	for _, test := range []struct {
		randAugment RandAugment
		want        string
	}{
		{RandAugment{Ops: -1}, "augment.RandAugment: Ops is -1; it must be in [1, 16] (0 means 2)"},
		{RandAugment{P: 2}, "P is 2; it must be in [0, 1]"},
		{RandAugment{Translation: 1.5}, "Translation is 1.5; it must be in (0, 1]"},
		{RandAugment{Magnitude: 31}, "Magnitude is 31; it must be in [0, 30] (0 means 9)"},
	} {
		if err := (Pipeline{test.randAugment}).Check(32, 32); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want %q", test.randAugment, err, test.want)
		}
	}
}
