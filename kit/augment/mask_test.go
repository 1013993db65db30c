package augment

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

func TestRandomMask(t *testing.T) {
	const n, patches = 4096, 10
	mask := RandomMask{Ratio: .6}
	out := several(t, func(state *Node) []*Node {
		keep, masked := mask.Split(NewRandom(state), n, patches)
		return []*Node{float(keep), float(masked), float(mask.Hidden(NewRandom(state), n, patches)), float(Restore(keep, masked))}
	}, wordsOf(State(1, 0)))
	keeps, maskeds, hiddens, restores := rows(out[0], n), rows(out[1], n), rows(out[2], n), rows(out[3], n)
	var share, pairs [patches]float64
	for i := range n {
		order := append(slices.Clone(keeps[i]), maskeds[i]...)
		if len(maskeds[i]) != 6 || len(order) != patches {
			t.Fatalf("%d masked of %d, want 6 of 10", len(maskeds[i]), len(order))
		}
		for p, place := range restores[i] {
			if order[int(place)] != float32(p) {
				t.Fatalf("patch %d is not at place %g of %v", p, place, order)
			}
			if slices.Contains(maskeds[i], float32(p)) != (hiddens[i][p] == 1) {
				t.Fatalf("masked %v, hidden %v", maskeds[i], hiddens[i])
			}
			share[p] += float64(hiddens[i][p]) / n
			pairs[p] += float64(hiddens[i][p]*hiddens[i][0]) / n
		}
	}
	for p := range patches {
		near(t, "share of masks with a patch", share[p], .6, math.Sqrt(.6*.4))
		if p > 0 {
			near(t, "share of masks with two patches", pairs[p], .6*5/9, .48)
		}
	}
}

// What is kept is rounded down: facebookresearch/mae, models_mae.py, random_masking; microsoft/SimMIM,
// data/data_simmim.py, MaskGenerator (the hidden squares are rounded up); facebookresearch/msn,
// src/deit.py, forward_features.
func TestRandomMaskRoundsAsItsSources(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ratio         float64
		patches, want int
	}{{.75, 196, 147}, {.6, 49, 30}, {.6, 64, 39}, {.15, 196, 30}, {.6, 10, 6}, {.7, 10, 7}, {.9, 10, 9}} {
		if got := (RandomMask{Ratio: test.ratio}).Count(test.patches); got != test.want {
			t.Errorf("%g hides %d of %d, want %d", test.ratio, got, test.patches, test.want)
		}
	}
}

func TestBlockMask(t *testing.T) {
	const n = 1024
	for _, test := range []struct {
		mask          BlockMask
		height, width int
		tolerance     float64
	}{
		{BlockMask{}, 14, 14, .01},
		{BlockMask{Ratio: .3}, 8, 8, .01},
		{BlockMask{Ratio: .6}, 16, 12, .01},
		{BlockMask{Ratio: .5}, 4, 4, 1. / 16},
	} {
		flat := run(t, func(state *Node) *Node {
			return float(test.mask.Hidden(NewRandom(state), n, test.height, test.width))
		}, wordsOf(State(1, 0)))
		most := test.mask.count(test.height, test.width)
		var hidden, neighbours, edges float64
		used := make([]float64, test.height*test.width)
		for _, mask := range rows(flat, n) {
			count := 0
			for at, v := range mask {
				count += int(v)
				used[at] += float64(v) / n
				if at%test.width > 0 && v != mask[at-1] {
					edges++
				}
				if at%test.width > 0 {
					neighbours++
				}
			}
			if count > most {
				t.Fatalf("%+v on %d x %d hides %d, more than %d", test.mask, test.height, test.width, count, most)
			}
			hidden += float64(count) / float64(len(mask)) / n
		}
		ratio := float64(most) / float64(test.height*test.width)
		t.Logf("%+v on %d x %d: hides %.4f of %.4f, a patch %.2f to %.2f, borders %.2f of a random mask's",
			test.mask, test.height, test.width, hidden, ratio, slices.Min(used), slices.Max(used), edges/neighbours/(2*ratio*(1-ratio)))
		if hidden > ratio+1e-9 || hidden < ratio-test.tolerance {
			t.Errorf("%+v on %d x %d hides %.4f on average, want up to %g less than %.4f",
				test.mask, test.height, test.width, hidden, test.tolerance, ratio)
		}
		if slices.Min(used) < ratio/16 { // corners lie in few blocks
			t.Errorf("%+v hides a patch in only %.3f of the masks", test.mask, slices.Min(used))
		}
		// Blocks hang together: much fewer borders between hidden and seen than in a random mask.
		if chance := 2 * ratio * (1 - ratio); edges/neighbours > .75*chance {
			t.Errorf("%+v on %d x %d: %.3f of neighbours differ, by chance %.3f", test.mask, test.height, test.width, edges/neighbours, chance)
		}
	}
}

// Each image has at most as many patches hidden as it is told, and nearly as many.
func TestBlockMaskOfCounts(t *testing.T) {
	const n, side = 256, 8
	counts := make([]float32, n)
	for i := range counts {
		counts[i] = float32(i % 33)
	}
	mask := BlockMask{Ratio: .5, MinPatches: 4}
	flat := run(t, func(state, counts *Node) *Node {
		return float(mask.HiddenCounts(NewRandom(state), counts, side, side))
	}, wordsOf(State(1, 0)), counts)
	var missing float64
	for i, mask := range rows(flat, n) {
		hidden := sum(mask)
		if hidden > float64(counts[i]) || counts[i] > 0 && hidden == 0 {
			t.Errorf("%g patches are hidden, want %g", hidden, counts[i])
		}
		missing += (float64(counts[i]) - hidden) / n
	}
	if missing > .01*side*side {
		t.Errorf("%.2f patches too few are hidden on average", missing)
	}
}

func TestMultiBlockMask(t *testing.T) {
	const n, height, width = 512, 14, 14
	var mask MultiBlockMask
	if target, context := mask.Sizes(height, width); target != [2]int{6, 5} || context != [2]int{13, 13} {
		t.Fatalf("blocks of %v and %v", target, context)
	}
	out := several(t, func(state *Node) []*Node {
		blocks := mask.Draw(NewRandom(state), n, height, width)
		out := []*Node{float(blocks.Context)}
		for i := range blocks.Targets {
			out = append(out, float(blocks.Targets[i]), float(blocks.Patches[i]))
		}
		return out
	}, wordsOf(State(1, 0)))
	if len(out) != 1+2*4 {
		t.Fatalf("%d outputs", len(out))
	}
	context := rows(out[0], n)
	corners := map[float32]int{}
	for i := range n {
		covered := make([]bool, height*width)
		for k := range 4 {
			target, patches := rows(out[1+2*k], n)[i], rows(out[2+2*k], n)[i]
			corners[patches[0]]++
			first := int(patches[0])
			for j, p := range patches {
				if want := first + j/5*width + j%5; int(p) != want || target[want] != 1 {
					t.Fatalf("image %d, target %d: patch %d is %g, want %d", i, k, j, p, want)
				}
			}
			for at, v := range target {
				covered[at] = covered[at] || v == 1
			}
			if count := int(sum(target)); count != 30 {
				t.Fatalf("image %d, target %d has %d patches", i, k, count)
			}
		}
		free := 0
		for at, v := range context[i] {
			if !covered[at] {
				free++
			}
			if v == 1 && covered[at] {
				t.Fatalf("image %d: the context shows patch %d of a target", i, at)
			}
		}
		// The context block leaves out one row and one column of the grid: 27 patches.
		if seen := int(sum(context[i])); seen < 1 || seen < free-27 || seen > free {
			t.Fatalf("image %d: the context has %d patches, %d are in no target", i, seen, free)
		}
	}
	if len(corners) != 9*10 {
		t.Errorf("targets lie in %d places, want all 90", len(corners))
	}
}

func TestMasksAreAFunctionOfSeedAndStep(t *testing.T) {
	exec, err := NewExec(open(t), func(state *Node) *Node {
		r := NewRandom(state)
		blocks := MultiBlockMask{}.Draw(r, 8, 8, 8)
		all := []*Node{RandomMask{}.Hidden(r, 8, 64), Reshape(BlockMask{}.Hidden(r, 8, 8, 8), 8, 64), Reshape(blocks.Context, 8, 64)}
		return float(Stack(all, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	masks := func(seed uint64, step int) [][]float32 {
		out, err := exec.Call1(wordsOf(State(seed, step)))
		if err != nil {
			t.Fatal(err)
		}
		return rows(values(t, out), 3)
	}
	first, again, step, seed := masks(1, 2), masks(1, 2), masks(1, 3), masks(2, 2)
	for i := range first {
		if !slices.Equal(first[i], again[i]) {
			t.Errorf("mask %d: the same seed and step give different masks", i)
		}
		if slices.Equal(first[i], step[i]) || slices.Equal(first[i], seed[i]) {
			t.Errorf("mask %d: another seed or step gives the same mask", i)
		}
	}
}

func TestBadMasks(t *testing.T) {
	type checker interface{ Check(height, width int) error }
	for _, test := range []struct {
		mask          checker
		height, width int
		want          string
	}{
		{RandomMask{Ratio: 1}, 8, 8, "augment.RandomMask: Ratio is 1; it must be in (0, 1) (0 means 0.75)"},
		{RandomMask{Ratio: -.1}, 8, 8, "Ratio is -0.1; it must be in (0, 1)"},
		{RandomMask{Ratio: math.NaN()}, 8, 8, "Ratio is NaN"},
		{RandomMask{Ratio: 1e-12}, 4, 4, "Ratio is 1e-12; it must be such that it hides at least one patch and keeps one; it hides 0 of 16"},
		{RandomMask{Ratio: .99}, 4, 4, "Ratio is 0.99; it must be such that it hides at least one patch and keeps one; it hides 16 of 16"},
		{RandomMask{}, 1, 1, "the grid is 1 x 1 patches; it must have at least 2"},
		{BlockMask{Ratio: 1}, 8, 8, "augment.BlockMask: Ratio is 1; it must be in (0, 1) (0 means 0.4)"},
		{BlockMask{Aspect: [2]float64{0, 1}}, 8, 8, "Aspect[0] is 0; it must be above 0 and finite (0 means 0.3)"},
		{BlockMask{MinPatches: 30}, 8, 8, "MinPatches is 30; it must be in [1, 26]"},
		{BlockMask{MinPatches: -1}, 8, 8, "MinPatches is -1"},
		{MultiBlockMask{TargetScale: 1}, 8, 8, "augment.MultiBlockMask: TargetScale is 1; it must be in (0, 1) (0 means 0.175)"},
		{MultiBlockMask{TargetAspect: -1}, 8, 8, "TargetAspect is -1; it must be above 0 and finite (0 means 1.06"},
		{MultiBlockMask{ContextScale: 1.5}, 8, 8, "ContextScale is 1.5; it must be in (0, 1] (0 means 0.925)"},
		{MultiBlockMask{Targets: 9}, 14, 14, "Targets is 9; it must be in [1, 5]"},
		{MultiBlockMask{Targets: -1}, 14, 14, "Targets is -1; it must be at least 1 (0 means 4)"},
	} {
		if err := test.mask.Check(test.height, test.width); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%T %+v: error %v, want %q", test.mask, test.mask, err, test.want)
		}
	}
	for _, side := range []int{4, 7, 8, 14, 16} {
		for _, mask := range []checker{RandomMask{}, BlockMask{}, MultiBlockMask{}} {
			if err := mask.Check(side, side); err != nil {
				t.Errorf("%T on %d x %d: %v", mask, side, side, err)
			}
		}
	}
}
