package augment

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// blended are a batch's images and weight in many steps: image i is i+1 everywhere.
func blended(t *testing.T, m BatchMix, steps int) (images [][][]float32, weights []float64) {
	t.Helper()
	const n, height, width = 4, 8, 12
	numbers := make([]float32, n*height*width)
	for i := range numbers {
		numbers[i] = float32(i/(height*width) + 1)
	}
	exec, err := NewExec(open(t), func(state, images *Node) []*Node {
		mixed, weight := m.Apply(NewRandom(state), Reshape(images, n, height, width, 1))
		return []*Node{mixed, weight}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	for step := range steps {
		out, err := exec.Call(wordsOf(State(1, step)), numbers)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, rows(values(t, out[0]), n))
		weights = append(weights, float64(out[1].Value().(float32)))
	}
	return images, weights
}

func TestBatchMixBlendsWithTheReversedBatch(t *testing.T) {
	const n, steps = 4, 400
	for name, c := range map[string]struct {
		m          BatchMix
		cut, plain float64 // Shares of the steps with a rectangle, and with nothing.
	}{
		"mixup":     {BatchMix{Mixup: 1}, 0, 0},
		"cutmix":    {BatchMix{CutMix: 1}, 1, 0},
		"both":      {BatchMix{Mixup: 1, CutMix: 1, Switch: .25}, .25, 0},
		"sometimes": {BatchMix{Mixup: 1, P: .5}, 0, .5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batches, weights := blended(t, c.m, steps)
			var cut, plain, mixed float64
			for step, batch := range batches {
				w, taken := weights[step], 0
				whole := true // All pixels are of one image or of the other.
				for i, image := range batch {
					own, other := float64(i+1), float64(n-i)
					taken = 0
					for at, v := range image {
						switch {
						case float64(v) == other && w < 1:
							taken++
						case float64(v) != own:
							whole = false
						}
						if other, here := batch[0][at] != 1, float64(v) != own; other != here {
							t.Fatalf("step %d: pixel %d is blended in one image and not in another", step, at)
						}
					}
				}
				switch {
				case w == 1 && whole && taken == 0:
					plain++
				case whole:
					cut++
					if want := 1 - float64(taken)/float64(len(batch[0])); math.Abs(w-want) > 1e-6 {
						t.Fatalf("step %d: the weight is %g, want %g, the share that is left", step, w, want)
					}
				default:
					mixed++
					for i, image := range batch {
						if want := w*float64(i+1) + (1-w)*float64(n-i); math.Abs(float64(image[7])-want) > 1e-5 {
							t.Fatalf("step %d: image %d is %g, want %g", step, i, image[7], want)
						}
					}
				}
			}
			// A rectangle may have no pixel, as in timm: that looks like no blend.
			if got := (cut + plain) / steps; math.Abs(got-c.cut-c.plain) > .08 { // 3 deviations of a share of 1/2.
				t.Errorf("%g of the steps have a rectangle or no blend, want %g", got, c.cut+c.plain)
			}
			if got := plain / steps; c.cut == 0 && math.Abs(got-c.plain) > .08 {
				t.Errorf("%g of the steps have no blend, want %g", got, c.plain)
			}
		})
	}
}

func TestBatchMixIsAFunctionOfSeedAndStep(t *testing.T) {
	m := BatchMix{Mixup: .8, CutMix: 1}
	first, weights := blended(t, m, 20)
	again, _ := blended(t, m, 20)
	for step := range first {
		if !slices.EqualFunc(first[step], again[step], slices.Equal[[]float32]) {
			t.Fatalf("step %d differs from itself", step)
		}
	}
	slices.Sort(weights)
	if different := len(slices.Compact(weights)); different < 15 {
		t.Errorf("%d different weights in 20 steps", different)
	}
}

func TestBatchMixOfNothingIsTheImages(t *testing.T) {
	batches, weights := blended(t, BatchMix{}, 1)
	if weights[0] != 1 || batches[0][2][5] != 3 {
		t.Errorf("weight %g, a pixel of image 2 is %g", weights[0], batches[0][2][5])
	}
}

func TestBadBatchMixes(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{BatchMix{Mixup: -1}.Check(8), "augment.BatchMix: Mixup is -1; it must be in [0.05, 100] (0 means none)"},
		{BatchMix{CutMix: math.NaN()}.Check(8), "augment.BatchMix: CutMix is NaN"},
		{BatchMix{Mixup: 1, P: 2}.Check(8), "augment.BatchMix: P is 2; it must be in (0, 1] (0 means 1)"},
		{BatchMix{Mixup: 1, Switch: 1}.Check(8), "augment.BatchMix: Switch is 1; it must be in (0, 1) (0 means 0.5)"},
		{BatchMix{Mixup: 1}.Check(1), "augment.BatchMix: the batch holds 1 images; it must hold at least 2"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("error %v, want %q", test.err, test.want)
		}
	}
	if err := (BatchMix{}).Check(1); err != nil {
		t.Error(err)
	}
	if m := (BatchMix{}).WithDefaults(); m != (BatchMix{}) { // So that it is in recipes as if it were not there.
		t.Errorf("the zero value becomes %+v", m)
	}
}
