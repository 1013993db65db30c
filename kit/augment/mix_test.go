package augment

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestBeta(t *testing.T) {
	alphas := []float64{.05, .2, 1, 2, 8, 100}
	out := several(t, func(state *Node) []*Node {
		var out []*Node
		for _, alpha := range alphas {
			out = append(out, NewRandom(state).Beta(alpha, draws))
		}
		return out
	}, wordsOf(State(1, 0)))
	for i, alpha := range alphas {
		beta := distuv.Beta{Alpha: alpha, Beta: alpha}
		var x, squares []float64
		for _, v := range out[i] {
			x = append(x, float64(v))
			squares = append(squares, (float64(v)-.5)*(float64(v)-.5))
		}
		between(t, "weight", x, 0, 1)
		near(t, "mean", mean(x), .5, beta.StdDev())
		near(t, "variance", mean(squares), beta.Variance(), math.Sqrt(2)*beta.Variance())
		// Kolmogorov and Smirnov's greatest distance of the distribution functions, at p = 0.001.
		slices.Sort(x)
		var most float64
		for k, v := range x {
			if 0 < v && v < 1 { // where float32 rounds to 0 or 1 there are many draws at one value
				most = max(most, math.Abs(beta.CDF(v)-(float64(k)+.5)/draws))
			}
		}
		if most > 1.95/math.Sqrt(draws) {
			t.Errorf("Beta(%g, %g): distribution functions differ by %g", alpha, alpha, most)
		}
	}
}

func TestMixup(t *testing.T) {
	const n, height, width = 5, 4, 6
	pix := batch(n, height, width)
	out := several(t, func(state, images *Node) []*Node {
		mixed, partner, weight := Mixup{}.Apply(NewRandom(state), float(Reshape(images, n, height, width, 3)))
		return []*Node{mixed, float(partner), weight}
	}, wordsOf(State(1, 0)), pix)
	for i, image := range rows(out[0], n) {
		other, w := (i+1)%n, float64(out[2][i])
		if int(out[1][i]) != other {
			t.Errorf("image %d's partner is %g, want %d", i, out[1][i], other)
		}
		for k, v := range image {
			want := w*float64(pix[i*len(image)+k]) + (1-w)*float64(pix[other*len(image)+k])
			if math.Abs(float64(v)-want) > 1e-3 {
				t.Fatalf("image %d, value %d is %g, want %g", i, k, v, want)
			}
		}
	}
}

func TestCutMix(t *testing.T) {
	const n, height, width = 4096, 8, 12
	numbers := make([]float32, n*height*width)
	for i := range numbers {
		numbers[i] = float32(i / (height * width)) // an image's own number in all its pixels
	}
	out := several(t, func(state, images *Node) []*Node {
		mixed, partner, weight := CutMix{}.Apply(NewRandom(state), Reshape(images, n, height, width, 1))
		return []*Node{mixed, float(partner), weight}
	}, wordsOf(State(1, 0)), numbers)
	var taken, wanted []float64
	for i, image := range rows(out[0], n) {
		other := (i + 1) % n
		if int(out[1][i]) != other {
			t.Fatalf("image %d's partner is %g, want %d", i, out[1][i], other)
		}
		top, left, bottom, right, count := height, width, -1, -1, 0
		for at, v := range image {
			switch int(v) {
			case i:
			case other:
				top, left = min(top, at/width), min(left, at%width)
				bottom, right = max(bottom, at/width), max(right, at%width)
				count++
			default:
				t.Fatalf("image %d shows image %g", i, v)
			}
		}
		if count > 0 && count != (bottom-top+1)*(right-left+1) {
			t.Fatalf("image %d: the %d pixels of its partner are no rectangle", i, count)
		}
		if want := 1 - float64(count)/(height*width); math.Abs(float64(out[2][i])-want) > 1e-6 {
			t.Fatalf("image %d: weight %g, want %g", i, out[2][i], want)
		}
		taken = append(taken, float64(count))
	}
	// The paper's code (rand_bbox of github.com/clovaai/CutMix-PyTorch) in plain Go takes as many
	// pixels.
	random := splitMix(3)
	for range n {
		side := math.Sqrt(1 - random())
		along := func(size float64) float64 {
			half := math.Floor(math.Floor(size*side) / 2)
			centre := math.Floor(random() * size)
			return min(centre+half, size) - max(centre-half, 0)
		}
		wanted = append(wanted, along(height)*along(width))
	}
	near(t, "mean area", mean(taken), mean(wanted), 2*25)
	for _, limit := range []float64{1, 10, 30, 60} {
		below := func(v float64) bool { return v < limit }
		near(t, "share of smaller areas", fraction(taken, below), fraction(wanted, below), .71) // both sides are random
	}
}

func TestMixesAreAFunctionOfSeedAndStep(t *testing.T) {
	const n, side = 8, 8
	pix := batch(n, side, side)
	exec, err := NewExec(open(t), func(state, images *Node) *Node {
		images = float(Reshape(images, n, side, side, 3))
		mixed, _, _ := Mixup{Alpha: .4}.Apply(NewRandom(state), images)
		cut, _, _ := CutMix{}.Apply(NewRandom(state), images)
		return Stack([]*Node{mixed, cut}, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	mix := func(seed uint64, step int) [][]float32 {
		out, err := exec.Call1(wordsOf(State(seed, step)), pix)
		if err != nil {
			t.Fatal(err)
		}
		return rows(values(t, out), 2)
	}
	first, again, step, seed := mix(1, 2), mix(1, 2), mix(1, 3), mix(2, 2)
	for i := range first {
		if !slices.Equal(first[i], again[i]) || slices.Equal(first[i], step[i]) || slices.Equal(first[i], seed[i]) {
			t.Errorf("mix %d is no function of seed and step", i)
		}
	}
}

func TestBadMixes(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{Mixup{Alpha: -1}.Check(8), "augment.Mixup: Alpha is -1; it must be in [0.05, 100] (0 means 1)"},
		{CutMix{Alpha: math.NaN()}.Check(8), "augment.CutMix: Alpha is NaN; it must be in [0.05, 100] (0 means 1)"},
		{CutMix{}.Check(1), "augment.CutMix: the batch holds 1 images; it must hold at least 2"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("error %v, want %q", test.err, test.want)
		}
	}
	if err := (Mixup{}).Check(2); err != nil {
		t.Error(err)
	}
}
