package plots

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// clusters returns n vectors around well separated centres, with their labels.
func clusters(n, dim, k int, separation float64, seed uint64) ([]float32, []int) {
	random := rand.New(rand.NewPCG(seed, 7))
	centres := make([]float64, k*dim)
	for i := range centres {
		centres[i] = separation * random.NormFloat64()
	}
	x, labels := make([]float32, n*dim), make([]int, n)
	for i := range n {
		labels[i] = i % k
		for d := range dim {
			x[i*dim+d] = float32(centres[labels[i]*dim+d] + random.NormFloat64())
		}
	}
	return x, labels
}

// purity is the mean share of a point's k nearest neighbours that have its label.
func purity(y [][2]float64, labels []int, k int) float64 {
	var same float64
	for i, a := range y {
		order := make([]int, 0, len(y))
		for j := range y {
			if j != i {
				order = append(order, j)
			}
		}
		slices.SortFunc(order, func(p, q int) int {
			if math.Hypot(y[p][0]-a[0], y[p][1]-a[1]) < math.Hypot(y[q][0]-a[0], y[q][1]-a[1]) {
				return -1
			}
			return 1
		})
		for _, j := range order[:k] {
			if labels[j] == labels[i] {
				same++
			}
		}
	}
	return same / float64(k*len(y))
}

func TestTSNEKeepsClustersApart(t *testing.T) {
	const n, dim, k = 300, 16, 6
	x, labels := clusters(n, dim, k, 3, 1)
	y, err := TSNE{Perplexity: 20, Iterations: 500, Seed: 1}.Embed(x, n, dim)
	if err != nil {
		t.Fatal(err)
	}
	if got := purity(y, labels, 10); got < 0.99 {
		t.Errorf("neighbour purity of separated clusters is %.3f, want at least 0.99", got)
	}
	// Without structure in the labels there is none in the embedding: the measure itself can fail.
	random := rand.New(rand.NewPCG(3, 3))
	random.Shuffle(n, func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	if got := purity(y, labels, 10); got > 0.4 {
		t.Errorf("neighbour purity of shuffled labels is %.3f, want about 1/6", got)
	}
}

// exactForces is a quarter of the t-SNE gradient by its formula over all pairs.
func exactForces(p *affinities, y [][2]float64) [][2]float64 {
	n := len(y)
	dense := make([]float64, n*n)
	for i := range n {
		for e := p.start[i]; e < p.start[i+1]; e++ {
			dense[i*n+int(p.element[e].column)] = p.element[e].p
		}
	}
	w := func(i, j int) float64 {
		return 1 / (1 + math.Pow(y[i][0]-y[j][0], 2) + math.Pow(y[i][1]-y[j][1], 2))
	}
	var z float64
	for i := range n {
		for j := range n {
			if i != j {
				z += w(i, j)
			}
		}
	}
	force := make([][2]float64, n)
	for i := range n {
		for j := range n {
			if i != j {
				for axis := range 2 {
					force[i][axis] += (dense[i*n+j] - w(i, j)/z) * w(i, j) * (y[i][axis] - y[j][axis])
				}
			}
		}
	}
	return force
}

func divergence(p *affinities, y [][2]float64) float64 {
	var z, kl float64
	w := func(i, j int) float64 {
		return 1 / (1 + math.Pow(y[i][0]-y[j][0], 2) + math.Pow(y[i][1]-y[j][1], 2))
	}
	for i := range y {
		for j := range y {
			if i != j {
				z += w(i, j)
			}
		}
	}
	for i := range y {
		for e := p.start[i]; e < p.start[i+1]; e++ {
			kl += p.element[e].p * math.Log(p.element[e].p*z/w(i, int(p.element[e].column)))
		}
	}
	return kl
}

func TestForcesAgainstAllPairs(t *testing.T) {
	const n, dim = 400, 8
	x, _ := clusters(n, dim, 4, 2, 2)
	p := newAffinities(x, n, dim, 15)
	random := rand.New(rand.NewPCG(5, 5))
	y := make([][2]float64, n)
	for i := range y {
		y[i] = [2]float64{10 * random.NormFloat64(), 5 * random.NormFloat64()}
	}
	y[7], y[8], y[9] = y[6], y[6], y[6] // points at one place
	forces := newForces(p)
	want := exactForces(p, y)
	got := make([][2]float64, n)
	for _, c := range []struct{ theta, tolerance float64 }{{1e-9, 1e-12}, {0.2, 0.003}, {0.5, 0.03}} {
		forces.at(y, c.theta, 1, got)
		var diff, norm float64
		for i := range got {
			for axis := range 2 {
				diff += math.Pow(got[i][axis]-want[i][axis], 2)
				norm += want[i][axis] * want[i][axis]
			}
		}
		if rel := math.Sqrt(diff / norm); rel > c.tolerance {
			t.Errorf("theta %g: relative error of the forces is %g, want at most %g", c.theta, rel, c.tolerance)
		}
	}
	// Four times the force is the gradient of the divergence, by central differences.
	for _, i := range []int{0, 11, 200} {
		for axis := range 2 {
			const h = 1e-4
			at := y[i][axis]
			y[i][axis] = at + h
			up := divergence(p, y)
			y[i][axis] = at - h
			down := divergence(p, y)
			y[i][axis] = at
			if slope := (up - down) / (2 * h); math.Abs(slope-4*want[i][axis]) > 1e-6*(1+math.Abs(slope)) {
				t.Errorf("point %d axis %d: slope of KL is %g, 4·force is %g", i, axis, slope, 4*want[i][axis])
			}
		}
	}
}

func TestPerplexityIsMet(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	for _, perplexity := range []float64{1.5, 5, 30} {
		for _, size := range []float64{1e-6, 1, 1e6} {
			row := make([]float64, int(3*perplexity)+1)
			for i := range row {
				row[i] = size * (3 + random.Float64())
			}
			slices.Sort(row)
			calibrate(row, slices.Clone(row), perplexity)
			var entropy, sum float64
			for _, p := range row {
				sum += p
				if p > 0 {
					entropy -= p * math.Log2(p)
				}
			}
			if got := math.Exp2(entropy); math.Abs(got-perplexity) > 1e-6*perplexity || math.Abs(sum-1) > 1e-12 {
				t.Errorf("perplexity %g at scale %g: got %g, sum %g", perplexity, size, got, sum)
			}
		}
	}
	tied := []float64{2, 2, 2, 2, 5, 5}
	calibrate(tied, slices.Clone(tied), 2) // four neighbours are equally near: no bandwidth has a perplexity of two
	for j, want := range []float64{0.25, 0.25, 0.25, 0.25, 0, 0} {
		if math.Abs(tied[j]-want) > 1e-9 {
			t.Errorf("tied neighbours: p[%d] is %g, want %g", j, tied[j], want)
		}
	}
}

func TestAffinitiesAreSymmetricAndSumToOne(t *testing.T) {
	const n, dim = 120, 5
	x, _ := clusters(n, dim, 3, 2, 4)
	p := newAffinities(x, n, dim, 10)
	dense := map[[2]int]float64{}
	var sum float64
	for i := range n {
		for e := p.start[i]; e < p.start[i+1]; e++ {
			dense[[2]int{i, int(p.element[e].column)}] = p.element[e].p
			sum += p.element[e].p
		}
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("P sums to %v, want 1", sum)
	}
	for at, v := range dense {
		if dense[[2]int{at[1], at[0]}] != v {
			t.Fatalf("p[%d,%d] is %g, its mirror image %g", at[0], at[1], v, dense[[2]int{at[1], at[0]}])
		}
	}
}

func TestTSNEIsAFunctionOfInputAndSeed(t *testing.T) {
	const n, dim = 150, 6
	x, _ := clusters(n, dim, 3, 2, 6)
	copy(x[dim:3*dim], x[:dim]) // the same vector three times
	embed := func(seed uint64, processors int) [][2]float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		y, err := TSNE{Perplexity: 10, Iterations: 60, Seed: seed}.Embed(x, n, dim)
		if err != nil {
			t.Fatal(err)
		}
		return y
	}
	first := embed(1, 1)
	if !slices.Equal(first, embed(1, 2)) {
		t.Error("two runs with one seed differ")
	}
	if slices.Equal(first, embed(2, 1)) {
		t.Error("runs with two seeds are equal")
	}
}

func TestTSNEBadInput(t *testing.T) {
	const n, dim = 100, 4
	good, _ := clusters(n, dim, 2, 2, 8)
	nan := slices.Clone(good)
	nan[13] = float32(math.NaN())
	for name, c := range map[string]struct {
		tsne TSNE
		x    []float32
		n    int
		want string
	}{
		"perplexity": {TSNE{Perplexity: 34}, good, n, "Perplexity is 34"},
		"default":    {TSNE{}, good[:50*dim], 50, "Perplexity is 30"},
		"below one":  {TSNE{Perplexity: 0.5}, good, n, "Perplexity"},
		"iterations": {TSNE{Iterations: -1}, good, n, "Iterations"},
		"theta":      {TSNE{Theta: 0.9}, good, n, "Theta"},
		"nan theta":  {TSNE{Theta: math.NaN()}, good, n, "Theta"},
		"rate":       {TSNE{LearningRate: -1}, good, n, "LearningRate"},
		"exaggerate": {TSNE{Exaggeration: 0.5}, good, n, "Exaggeration"},
		"nan":        {TSNE{}, nan, n, "x[13] (vector 3)"},
		"length":     {TSNE{}, good, n + 1, "x has 400 values"},
		"empty":      {TSNE{}, nil, 0, "n is 0"},
		"constant":   {TSNE{}, make([]float32, n*dim), n, "no variance"},
	} {
		if _, err := c.tsne.Embed(c.x, c.n, dim); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one that contains %q", name, err, c.want)
		}
	}
}

func BenchmarkTSNE(b *testing.B) {
	for _, size := range []struct{ n, dim int }{{2_000, 64}, {10_000, 512}} {
		x, _ := clusters(size.n, size.dim, 10, .5, 1)
		b.Run(fmt.Sprintf("%dx%d", size.n, size.dim), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (TSNE{Seed: 1}).Embed(x, size.n, size.dim); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a collapsed encoder gives differs by rounding alone: that is nothing to draw. Features that
// lie close together, but differ by more, are.
func TestEqualVectorsAreNothingToDraw(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const n = 120
	for _, dim := range []int{1, 3, 64, 512} {
		centre := make([]float32, dim)
		for j := range centre {
			centre[j] = 100 * float32(random.NormFloat64())
		}
		jittered := func(by float64) []float32 {
			var x []float32
			for range n {
				for _, v := range centre {
					x = append(x, v*float32(1+by*random.NormFloat64()))
				}
			}
			return x
		}
		for what, x := range map[string][]float32{
			"equal": jittered(0), "rounded": jittered(0x1p-23), "zero": make([]float32, n*dim),
		} {
			if _, _, err := PCA(x, n, dim, 1); !errors.Is(err, ErrEqual) {
				t.Errorf("PCA of %s vectors of %d values: error %v", what, dim, err)
			}
			if _, err := (TSNE{}).Embed(x, n, dim); !errors.Is(err, ErrEqual) {
				t.Errorf("t-SNE of %s vectors of %d values: error %v", what, dim, err)
			}
		}
		if _, _, err := PCA(jittered(1e-4), n, dim, 1); err != nil {
			t.Errorf("vectors of %d values that differ by a ten-thousandth: %v", dim, err)
		}
	}
}
