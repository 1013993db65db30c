package curate

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// cover is the largest distance of any row to the nearest of the chosen, by a
// plain loop.
func cover(x []float32, n, dim int, chosen []int) float64 {
	worst := 0.0
	for i := range n {
		nearest := math.Inf(1)
		for _, c := range chosen {
			nearest = min(nearest, math.Sqrt(squaredDistance(x[i*dim:(i+1)*dim], x[c*dim:(c+1)*dim])))
		}
		worst = max(worst, nearest)
	}
	return worst
}

func distinct(chosen []int, n int) bool {
	sorted := slices.Sorted(slices.Values(chosen))
	return len(slices.Compact(sorted)) == len(chosen) && sorted[0] >= 0 && sorted[len(sorted)-1] < n
}

func TestKCenterCovers(t *testing.T) {
	const n, dim, m = 2000, 8, 50
	x, _ := blobs(n, dim, 10, 2, 1)
	best := math.Inf(1)
	for seed := range uint64(20) {
		best = min(best, cover(x, n, dim, rand.New(rand.NewPCG(seed, 5)).Perm(n)[:m]))
	}
	for seed := range uint64(3) {
		chosen, radius, err := KCenter{Seed: seed}.Choose(x, n, dim, m)
		if err != nil || len(chosen) != m || !distinct(chosen, n) {
			t.Fatalf("chose %v, %v", chosen, err)
		}
		if want := cover(x, n, dim, chosen); math.Abs(radius-want) > 1e-9 {
			t.Errorf("radius %g, want %g", radius, want)
		}
		t.Logf("seed %d: covers within %.3f; the best of 20 random choices within %.3f", seed, radius, best)
		if radius >= best {
			t.Errorf("covers within %.3f, no better than a random choice, %.3f", radius, best)
		}
		few, _, err := KCenter{Seed: seed}.Choose(x, n, dim, 10)
		if err != nil || !slices.Equal(few, chosen[:10]) {
			t.Errorf("10 are not the first of %d: %v", m, err)
		}
	}
	a, _, _ := KCenter{Seed: 1}.Choose(x, n, dim, m)
	b, _, _ := KCenter{Seed: 2}.Choose(x, n, dim, m)
	if slices.Equal(a, b) {
		t.Error("two seeds make one choice")
	}
}

// TestKCenterIsWithinTwice compares with the best of all choices of three.
func TestKCenterIsWithinTwice(t *testing.T) {
	const n, dim = 25, 2
	for seed := range uint64(10) {
		x, _ := blobs(n, dim, 4, 2, seed)
		best := math.Inf(1)
		for a := range n {
			for b := range a {
				for c := range b {
					best = min(best, cover(x, n, dim, []int{a, b, c}))
				}
			}
		}
		_, radius, err := KCenter{Seed: seed}.Choose(x, n, dim, 3)
		if err != nil || radius > 2*best+1e-9 {
			t.Errorf("radius %g, %v, want at most twice %g", radius, err, best)
		}
	}
}

func TestKCenterKeepsAwayFromLabelled(t *testing.T) {
	x := []float32{0, 1, 2, 10, 11, 20}
	chosen, radius, err := KCenter{Labelled: []int{5, 0}}.Choose(x, 6, 1, 1)
	if err != nil || !slices.Equal(chosen, []int{3}) || radius != 2 {
		t.Errorf("chose %v, radius %g, %v, want 3 and 2", chosen, radius, err)
	}
	// Copies of what is chosen can be chosen, when nothing else is left.
	chosen, radius, err = KCenter{}.Choose([]float32{7, 7, 7}, 3, 1, 3)
	if err != nil || !distinct(chosen, 3) || radius != 0 {
		t.Errorf("of three equal rows chose %v, radius %g, %v", chosen, radius, err)
	}
}

func TestBalancedIsEven(t *testing.T) {
	// Three clear clusters, of 900, 90 and 10.
	random := rand.New(rand.NewPCG(2, 2))
	var x []float32
	var cluster []int
	for i := range 1000 {
		c := 0
		switch {
		case i%100 == 7:
			c = 2
		case i%10 == 3 && i%100 != 7:
			c = 1
		}
		cluster = append(cluster, c)
		x = append(x, float32(20*c)+float32(random.NormFloat64()), float32(random.NormFloat64()))
	}
	count := func(chosen []int) (counts [3]int) {
		for _, i := range chosen {
			counts[cluster[i]]++
		}
		return counts
	}
	size := count(seq(1000))
	for seed := range uint64(5) {
		chosen, err := Balanced{Clusters: 3, Seed: seed}.Choose(x, 1000, 2, 30)
		if err != nil || !distinct(chosen, 1000) || !slices.IsSorted(chosen) || count(chosen) != [3]int{10, 10, 10} {
			t.Errorf("chose %v of clusters of %v, %v, want 10 of each", count(chosen), size, err)
		}
		again, err := Balanced{Clusters: 3, Seed: seed}.Choose(x, 1000, 2, 30)
		if err != nil || !slices.Equal(again, chosen) {
			t.Errorf("a second choice differs: %v", err)
		}
		// The small cluster gives all it has; the others share the rest.
		if chosen, err = (Balanced{Clusters: 3, Seed: seed}).Choose(x, 1000, 2, 120); err != nil {
			t.Fatal(err)
		}
		if got := count(chosen); got != [3]int{55, 55, 10} {
			t.Errorf("of 120 chose %v, want 55, 55, 10", got)
		}
	}
	a, _ := Balanced{Seed: 1}.Choose(x, 1000, 2, 30)
	b, _ := Balanced{Seed: 2}.Choose(x, 1000, 2, 30)
	if slices.Equal(a, b) {
		t.Error("two seeds make one choice")
	}
	if all, err := (Balanced{}).Choose(x, 1000, 2, 1000); err != nil || !slices.Equal(all, seq(1000)) {
		t.Errorf("all of the set is %d images, %v", len(all), err)
	}
	// More clusters than there are different rows.
	if chosen, err := (Balanced{Clusters: 4}).Choose([]float32{1, 1, 1, 2, 2, 2}, 6, 1, 4); err != nil || !distinct(chosen, 6) {
		t.Errorf("of few different rows chose %v, %v", chosen, err)
	}
}

func TestKMeansSeparates(t *testing.T) {
	const n, dim, classes = 3000, 8, 5
	x, labels := blobs(n, dim, classes, 6, 4)
	cluster, _ := kMeans(x, n, dim, classes, 50, rand.New(rand.NewPCG(1, 1)))
	seen := map[[2]int]int{}
	for i, c := range cluster {
		seen[[2]int{labels[i], c}]++
	}
	if len(seen) != classes {
		t.Errorf("classes fell into clusters as %v, want one each", seen)
	}
}

func TestChoicesDoNotDependOnCores(t *testing.T) {
	const n, dim = 1500, 8
	x, _ := blobs(n, dim, 7, 1, 3)
	choose := func() ([]int, []int) {
		a, _, err := KCenter{Seed: 4}.Choose(x, n, dim, 40)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Balanced{Seed: 4}.Choose(x, n, dim, 40)
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	}
	centers, even := choose()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	centers1, even1 := choose()
	if !slices.Equal(centers, centers1) || !slices.Equal(even, even1) {
		t.Error("one core chooses other images than all")
	}
}

func TestChoicesBadInput(t *testing.T) {
	x, _ := blobs(20, 2, 2, 3, 1)
	spoiled := slices.Clone(x)
	spoiled[7] = float32(math.NaN())
	for _, bad := range []struct {
		x    []float32
		n, m int
		part string
	}{
		{x, 20, 21, "m is 21; it must be from 1 to the 20"},
		{x, 20, 0, "m is 0"},
		{x, 19, 5, "x holds 40 values"},
		{nil, 0, 1, "x is [0, 2]"},
		{spoiled, 20, 5, "x row 3 column 1 is NaN"},
	} {
		_, _, err := KCenter{}.Choose(bad.x, bad.n, 2, bad.m)
		wantError(t, err, "KCenter", bad.part)
		_, err = Balanced{}.Choose(bad.x, bad.n, 2, bad.m)
		wantError(t, err, "Balanced", bad.part)
	}
	_, _, err := KCenter{Labelled: []int{3, 20}}.Choose(x, 20, 2, 5)
	wantError(t, err, "curate.KCenter: Labelled[1] is 20; it must be in [0, 19]")
	_, _, err = KCenter{Labelled: []int{3, 3}}.Choose(x, 20, 2, 5)
	wantError(t, err, "curate.KCenter: Labelled[1] is 3 for the second time")
	_, _, err = KCenter{Labelled: []int{3}}.Choose(x, 20, 2, 20)
	wantError(t, err, "m is 20; it must be from 1 to the 19")
	_, err = Balanced{Clusters: 21}.Choose(x, 20, 2, 5)
	wantError(t, err, "curate.Balanced: Clusters is 21")
	_, err = Balanced{Clusters: -1}.Choose(x, 20, 2, 5)
	wantError(t, err, "curate.Balanced: Clusters is -1")
	_, err = Balanced{Iterations: -1}.Choose(x, 20, 2, 5)
	wantError(t, err, "curate.Balanced: Iterations is -1")
}

func seq(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
