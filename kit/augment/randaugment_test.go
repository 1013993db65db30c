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
	varied := columnOf(drawParams(t, RandAugment{Ops: 3, Magnitude: 30, Vary: true}, State(1, 0), draws, 32, 32), 5)
	between(t, "strength", varied, -1, 1)
	near(t, "share of strengths above a half", fraction(varied, func(v float64) bool { return v > .5 }), .25, .43)
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
		{RandAugment{Magnitude: 31}, "Magnitude is 31; it must be in [0, 30] (0 means 9)"},
	} {
		if err := (Pipeline{test.randAugment}).Check(32, 32); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want %q", test.randAugment, err, test.want)
		}
	}
}
