package augment

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// numpy.rot90(numpy.arange(6).reshape(2, 3), turns).
func TestRotate90(t *testing.T) {
	for turns, want := range map[int][]float32{
		0: {0, 1, 2, 3, 4, 5}, 1: {2, 5, 1, 4, 0, 3}, 2: {5, 4, 3, 2, 1, 0}, 3: {3, 0, 4, 1, 5, 2},
		-1: {3, 0, 4, 1, 5, 2}, 5: {2, 5, 1, 4, 0, 3},
	} {
		var dims []int
		got := run(t, func(x *Node) *Node {
			turned := Rotate90(x, turns)
			dims = turned.Shape().Dimensions
			return turned
		}, [][][][]float32{{{{0}, {1}, {2}}, {{3}, {4}, {5}}}})
		size := []int{1, 2, 3, 1}
		if turns%2 != 0 {
			size = []int{1, 3, 2, 1}
		}
		if !slices.Equal(got, want) || !slices.Equal(dims, size) {
			t.Errorf("%d turns give %v of %v, want %v of %v", turns, got, dims, want, size)
		}
	}
}

// Four quarter turns are nothing, and the transform does what the function does.
func TestQuarterTurnsInvariants(t *testing.T) {
	const n, side = 4, 5
	pix := batch(n, side, side)
	var all []float32
	for turns := range 4 {
		turn := slices.Repeat([][]float32{{float32(turns)}}, n)
		back := slices.Repeat([][]float32{{float32((4 - turns) % 4)}}, n)
		there := applyParams(t, QuarterTurns{}, turn, pix, n, side, side)
		whole := run(t, func(turn, back *Node, images *Node) *Node {
			images = Reshape(images, n, side, side, 3)
			return Pipeline{QuarterTurns{}, QuarterTurns{}}.ApplyParams(images, []*Node{turn, back})
		}, turn, back, pix)
		same := run(t, func(images *Node) *Node {
			return Rotate90(Pipeline{}.ApplyParams(Reshape(images, n, side, side, 3), nil), turns)
		}, pix)
		if turns == 0 {
			all = there
		}
		if !slices.Equal(there, same) {
			t.Errorf("%d turns: the transform and the function differ", turns)
		}
		if !slices.Equal(whole, all) {
			t.Errorf("%d turns and %d more are not the image", turns, (4-turns)%4)
		}
	}
}

func TestQuarterTurnsParameters(t *testing.T) {
	turns := columnOf(drawParams(t, QuarterTurns{}, State(1, 0), draws, 8, 8), 0)
	for n := range 4 {
		near(t, "share of turns", fraction(turns, func(v float64) bool { return v == float64(n) }), .25, math.Sqrt(.25*.75))
	}
	err := Pipeline{QuarterTurns{}}.Check(24, 32)
	if err == nil || !strings.Contains(err.Error(), "transform 0: augment.QuarterTurns: images are 24 x 32; they must be square") {
		t.Errorf("error %v", err)
	}
}

func TestQuarterTurnsAgreeWithHostAndMap(t *testing.T) {
	const n, side = 16, 9
	pix := batch(n, side, side)
	params := drawParams(t, QuarterTurns{}, State(1, 0), n, side, side)
	views := rows(applyParams(t, QuarterTurns{}, params, pix, n, side, side), n)
	maps := rows(run(t, func(params *Node) *Node { return QuarterTurns{}.Map(params, side, side) }, params), n)
	for i, m := range maps {
		in := picture(pix, i, side, side)
		if _, most := difference(views[i], floats(QuarterTurns{}.Host(in, params[i]))); most > 1e-3 {
			t.Errorf("image %d, %g turns: differs from the host by %g/255", i, params[i][0], most)
		}
		for at := range side * side {
			x, y := float32(at%side)+.5, float32(at/side)+.5
			c := in.NRGBAAt(int(m[0]*x+m[1]*y+m[2]), int(m[3]*x+m[4]*y+m[5]))
			if v := 255 * views[i][3*at]; math.Abs(float64(v)-float64(c.R)) > 1e-3 {
				t.Fatalf("image %d, %g turns: output (%g, %g) is %g, the map says %d", i, params[i][0], x, y, v, c.R)
			}
		}
	}
}
