package plots

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// digits are the first 600 of scikit-learn's load_digits (E. Alpaydin and C. Kaynak, "Optical recognition of
// handwritten digits", UCI machine learning repository, CC BY 4.0): 8×8 pixels from 0 to 16.
func digits(t testing.TB) (x []float32, n, dim int) {
	t.Helper()
	packed, err := os.ReadFile("testdata/digits.gz")
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	pixels, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range pixels {
		x = append(x, float32(v))
	}
	return x, len(x) / 64, 64
}

// What umap-learn 0.5.12 says of the digits, with a fraction for each value by which no two distances are
// equal, by
//
//	x = load_digits().data[:600].astype(np.float32)
//	x += (np.arange(x.size) * 7919 % 1000 / 1000).reshape(x.shape).astype(np.float32)
//	d = np.sqrt(((x.astype(float)[:, None] - x) ** 2).sum(-1))
//	near = np.argsort(d, axis=1)[:, :k]
//	graph, _, _ = fuzzy_simplicial_set(x, k, np.random.RandomState(0), "euclidean", knn_indices=near,
//		knn_dists=np.take_along_axis(d, near, 1).astype(np.float32))
//
// Left to itself, it looks for the neighbours by an approximation.
func TestFuzzyGraphAgainstUMAPLearn(t *testing.T) {
	t.Parallel()
	x, n, dim := digits(t)
	for i := range x {
		x[i] += float32(float64(i*7919%1000) / 1000)
	}
	for k, want := range map[int]struct {
		edges int
		sum   float64
		row7  map[int32]float64
	}{
		15: {10748, 3699.184, map[int32]float64{
			44: 1, 81: .08872, 118: .115098, 173: .125361, 222: .248498, 263: .510449, 273: .151604, 299: .161529, 430: .129836, 472: .083358,
			533: .54072, 560: .388476, 568: .28405, 577: .227195, 597: .296961,
		}},
		5: {3310, 2106.4272, map[int32]float64{44: 1, 263: .439252, 533: .509661, 560: .373017}},
	} {
		graph := newFuzzyGraph(x, n, dim, k)
		var sum float64
		for _, e := range graph.element {
			sum += e.p
		}
		if len(graph.element) != want.edges || math.Abs(sum-want.sum) > .002 {
			t.Errorf("k = %d: %d edges of weight %.3f, want %d of %.3f", k, len(graph.element), sum, want.edges, want.sum)
		}
		row := graph.element[graph.start[7]:graph.start[8]]
		if len(row) != len(want.row7) {
			t.Errorf("k = %d: point 7 has %d neighbours, want %d", k, len(row), len(want.row7))
		}
		for _, e := range row {
			if math.Abs(e.p-want.row7[e.column]) > 1e-4 {
				t.Errorf("k = %d: from 7 to %d the weight is %g, want %g", k, e.column, e.p, want.row7[e.column])
			}
		}
	}
}

// Powers of two scale float32 and all that is computed of it without rounding.
func TestFuzzyGraphIsTheSameInEveryUnit(t *testing.T) {
	t.Parallel()
	x, n, dim := digits(t)
	want := newFuzzyGraph(x, n, dim, 15)
	for _, power := range []int{-100, -60, 60, 100} {
		scaled := make([]float32, len(x))
		for i, v := range x {
			scaled[i] = float32(math.Ldexp(float64(v), power))
		}
		if got := newFuzzyGraph(scaled, n, dim, 15); !slices.Equal(got.element, want.element) {
			t.Errorf("the weights of vectors times 2^%d are others", power)
		}
	}
}

// counting is a source of 0, 1, 2, and so on.
type counting struct{ next uint64 }

func (c *counting) Uint64() uint64 {
	c.next++
	return c.next - 1
}

// What umap-learn's _optimize_layout_euclidean_single_epoch gives in float64, run as plain Python by the loop
// of optimize_layout_euclidean, with a tau_rand_int that counts from 0 and find_ab_params(1, .1). An edge of
// weight .04 is first due at epoch 25.
func TestUMAPDescentAgainstUMAPLearn(t *testing.T) {
	t.Parallel()
	graph := &affinities{start: []int{0, 3, 5, 7, 10}, element: []element{
		{1, 1}, {2, .5}, {3, .04}, {0, 1}, {3, .3}, {0, .5}, {3, 1}, {0, .04}, {1, .3}, {2, 1},
	}}
	for _, c := range []struct {
		epochs int
		rate   float64
		draws  uint64
		want   [4][2]float64
	}{
		{1, 1, 0, [4][2]float64{{0, 0}, {1, 0.5}, {10, 9}, {0.3, -2}}},
		{2, 1, 8, [4][2]float64{{0.820278538, 0.410139269}, {0.830415618, 0.486282317}, {9.83950412, 8.81769918}, {0.461500233, -1.81685794}}},
		{8, 1, 106, [4][2]float64{{0.220740931, 0.367439332}, {-0.374885166, -0.64014158}, {8.81385049, 7.77810119}, {1.14344974, -1.38434835}}},
		{20, .5, 304, [4][2]float64{{-0.819288212, -0.899465708}, {-1.24408906, -1.44051676}, {8.64115406, 7.51447346}, {1.26529139, -1.24859399}}},
		{30, .1, 474, [4][2]float64{{-0.131415896, 0.0928039061}, {0.425533685, -0.0719738546}, {9.59367903, 8.57685977}, {0.614489823, -1.51982445}}},
	} {
		y, source := [][2]float64{{0, 0}, {1, .5}, {10, 9}, {.3, -2}}, &counting{}
		u := UMAP{Epochs: c.epochs, LearningRate: c.rate, NegativeSamples: 3}.withDefaults(4)
		u.descend(y, graph, rand.New(source))
		if source.next != c.draws {
			t.Errorf("%d epochs at rate %g: %d points were drawn, want %d", c.epochs, c.rate, source.next, c.draws)
		}
		for i, p := range y {
			if math.Hypot(p[0]-c.want[i][0], p[1]-c.want[i][1]) > 1e-4 {
				t.Errorf("%d epochs at rate %g: point %d lies at %v, want %v", c.epochs, c.rate, i, p, c.want[i])
			}
		}
	}
}

// What umap-learn's find_ab_params(1, min_dist) gives.
func TestUMAPCurveAgainstUMAPLearn(t *testing.T) {
	t.Parallel()
	for minDist, want := range map[float64][2]float64{
		0: {1.93280839734315, 0.7904949732233831}, .1: {1.5769434602697652, 0.8950608778515733},
		.5: {0.5830300203414425, 1.3341669924314914}, 1: {0.11497568327441922, 1.929237144081752},
	} {
		if a, b := umapCurve(minDist); math.Abs(a-want[0]) > 1e-4 || math.Abs(b-want[1]) > 1e-4 {
			t.Errorf("MinDist %g: a = %g and b = %g, want %g and %g", minDist, a, b, want[0], want[1])
		}
	}
}

// trustworthiness is 1 − 2/(nk(2n−3k−1)) Σ_i Σ_j max(r(i, j) − k, 0), over the k nearest j of i in the plane,
// r being the rank among the nearest vectors (Venna and Kaski 2001), as in scikit-learn.
func trustworthiness(x []float32, y [][2]float64, n, dim, k int) float64 {
	flat := make([]float32, 0, 2*n)
	for _, p := range y {
		flat = append(flat, float32(p[0]), float32(p[1]))
	}
	near, _ := nearestNeighbours(flat, n, 2, k)
	order, _ := nearestNeighbours(x, n, dim, n-1)
	var penalty int
	for i := range n {
		row := order[i*(n-1) : (i+1)*(n-1)]
		for _, j := range near[i*k : (i+1)*k] {
			penalty += max(slices.Index(row, j)+1-k, 0)
		}
	}
	return 1 - 2*float64(penalty)/float64(n*k*(2*n-3*k-1))
}

// Of the digits, umap-learn 0.5.12 (init="pca", random_state 0 to 4) has a trustworthiness of 15 neighbours,
// by scikit-learn 1.9.1, from 0.98595 to 0.98678, and by its spectral layout from 0.98535 to 0.98733. At
// random it is about 0.5.
func TestUMAPIsAsTrustworthyAsUMAPLearn(t *testing.T) {
	t.Parallel()
	x, n, dim := digits(t)
	y, err := UMAP{Seed: 1}.Embed(x, n, dim)
	if err != nil {
		t.Fatal(err)
	}
	if trust := trustworthiness(x, y, n, dim, 15); trust < .985 {
		t.Errorf("the trustworthiness is %.5f, umap-learn's at least 0.98535", trust)
	} else {
		t.Logf("trustworthiness %.5f", trust)
	}
	shuffled := slices.Clone(y)
	slices.Reverse(shuffled)
	if trust := trustworthiness(x, shuffled, n, dim, 15); trust > .6 {
		t.Errorf("in another order the trustworthiness is %.5f", trust)
	}
}

func TestUMAPKeepsClustersApart(t *testing.T) {
	t.Parallel()
	const n, dim, k = 300, 16, 6
	x, labels := clusters(n, dim, k, 3, 1)
	y, err := UMAP{Epochs: 200, Seed: 1}.Embed(x, n, dim)
	if err != nil {
		t.Fatal(err)
	}
	if got := purity(y, labels, 10); got < .99 {
		t.Errorf("%.3f of the neighbours are of the same cluster", got)
	}
}

func TestUMAPIsAFunctionOfInputAndSeed(t *testing.T) {
	t.Parallel()
	x, _ := clusters(200, 8, 4, 2, 3)
	embed := func(seed uint64) [][2]float64 {
		y, err := UMAP{Epochs: 50, Seed: seed}.Embed(x, 200, 8)
		if err != nil {
			t.Fatal(err)
		}
		return y
	}
	if !slices.Equal(embed(1), embed(1)) {
		t.Error("runs with one seed differ")
	}
	if slices.Equal(embed(1), embed(2)) {
		t.Error("runs with two seeds are equal")
	}
}

func TestUMAPIsFinite(t *testing.T) {
	t.Parallel()
	line := make([]float32, 40) // One dimension, and equal vectors among others.
	for i := range line {
		line[i] = float32(i / 4)
	}
	outlier := make([]float32, 40)
	outlier[7] = math.MaxFloat32
	blobs, _ := clusters(40, 8, 4, 2, 3)
	for name, c := range map[string]struct {
		umap UMAP
		x    []float32
		dim  int
	}{
		"two":           {UMAP{Neighbors: 2}, []float32{3, 1, 4, 1, 5, 9}, 3},
		"three, line":   {UMAP{Neighbors: 3}, []float32{0, 1, 5}, 1},
		"equal vectors": {UMAP{Neighbors: 6}, line, 1},
		"two places":    {UMAP{Neighbors: 3}, []float32{0, 0, 0, 0, 1, 1, 1, 1}, 1},
		"outlier":       {UMAP{Neighbors: 40}, outlier, 1},
		"all, touching": {UMAP{Neighbors: 40, MinDist: new(0.)}, blobs, 8},
		"wide and fast": {UMAP{MinDist: new(1.), LearningRate: umapFastest}, blobs, 8},
	} {
		c.umap.Epochs = 100
		y, err := c.umap.Embed(c.x, len(c.x)/c.dim, c.dim)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i, p := range y {
			if math.IsNaN(p[0]+p[1]) || math.IsInf(p[0]+p[1], 0) {
				t.Errorf("%s: point %d lies at %v", name, i, p)
			}
		}
	}
}

func TestUMAPBadInput(t *testing.T) {
	t.Parallel()
	const n, dim = 100, 4
	good, _ := clusters(n, dim, 2, 2, 8)
	nan := slices.Clone(good)
	nan[13] = float32(math.NaN())
	for name, c := range map[string]struct {
		umap UMAP
		x    []float32
		n    int
		want string
	}{
		"neighbours":     {UMAP{Neighbors: 1}, good, n, "Neighbors is 1; it must be from 2 to the n = 100 vectors"},
		"more than all":  {UMAP{}, good[:10*dim], 10, "Neighbors is 15"},
		"distance":       {UMAP{MinDist: new(1.5)}, good, n, "MinDist is 1.5"},
		"nan distance":   {UMAP{MinDist: new(math.NaN())}, good, n, "MinDist is NaN"},
		"epochs":         {UMAP{Epochs: -1}, good, n, "Epochs is -1"},
		"negative":       {UMAP{NegativeSamples: -5}, good, n, "NegativeSamples is -5"},
		"rate":           {UMAP{LearningRate: math.Inf(1)}, good, n, "LearningRate is +Inf"},
		"high rate":      {UMAP{LearningRate: 1e160}, good, n, "LearningRate is 1e+160; it must be above 0 and at most 1000"},
		"one vector":     {UMAP{}, good[:dim], 1, "n is 1; it must be at least 2"},
		"not a number":   {UMAP{}, nan, n, "x[13] (vector 3)"},
		"another length": {UMAP{}, good, n + 1, "x has 400 values"},
		"empty":          {UMAP{}, nil, 0, "n is 0"},
	} {
		if _, err := c.umap.Embed(c.x, c.n, dim); err == nil || !strings.Contains(err.Error(), "plots.UMAP: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one that contains %q", name, err, c.want)
		}
	}
	if _, err := (UMAP{}).Embed(make([]float32, n*dim), n, dim); !errors.Is(err, ErrEqual) {
		t.Errorf("of equal vectors the error is %v", err)
	}
}

func BenchmarkUMAP(b *testing.B) {
	for _, size := range []struct{ n, dim int }{{2_000, 64}, {10_000, 512}} {
		x, _ := clusters(size.n, size.dim, 10, .5, 1)
		b.Run(fmt.Sprintf("%dx%d", size.n, size.dim), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (UMAP{Seed: 1}).Embed(x, size.n, size.dim); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
