package metric

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// normal is an [n, dim] matrix of independent standard normal values.
func normal(n, dim int, seed uint64) []float32 {
	random := rand.New(rand.NewPCG(seed, 0))
	x := make([]float32, n*dim)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	return x
}

func identity(dim int) []float32 {
	x := make([]float32, dim*dim)
	for i := range dim {
		x[i*dim+i] = 3
	}
	return x
}

// An orthogonal matrix uses all its directions alike; an outer product uses one.
func TestRankMeKnownValues(t *testing.T) {
	const dim = 16
	got, err := RankMe(identity(dim), dim, dim)
	if err != nil || !near(got, dim, 1e-3) {
		t.Errorf("orthogonal: got %g, %v, want %d", got, err, dim)
	}
	line := make([]float32, 40*dim)
	for i := range line {
		line[i] = float32(i/dim+1) * float32(i%dim-7)
	}
	got, err = RankMe(line, 40, dim)
	if err != nil || got < 1 || got > 1.001 {
		t.Errorf("rank one: got %g, %v, want 1", got, err)
	}
	// Two singular values 3 and 1: entropy of (3/4, 1/4), computed by hand.
	got, err = RankMe([]float32{3, 0, 0, 0, 1, 0}, 2, 3)
	if want := math.Exp(-0.75*math.Log(0.75) - 0.25*math.Log(0.25)); err != nil || !near(got, want, 1e-5) {
		t.Errorf("two values: got %g, %v, want %g", got, err, want)
	}
}

// The Gram matrix route agrees with a singular value decomposition, for tall,
// wide and nearly rank-deficient matrices, and scale does not matter.
func TestRankMeAgainstSVD(t *testing.T) {
	deficient := normal(60, 24, 5)
	for i := range deficient {
		if i%24 >= 4 {
			deficient[i] *= 1e-5
		}
	}
	for name, c := range map[string]struct {
		x      []float32
		n, dim int
	}{
		"tall":      {normal(50, 12, 1), 50, 12},
		"wide":      {normal(9, 40, 2), 9, 40},
		"deficient": {deficient, 60, 24},
	} {
		data := make([]float64, len(c.x))
		scaled := make([]float32, len(c.x))
		for i, v := range c.x {
			data[i] = float64(v)
			scaled[i] = v * (1 << 70)
		}
		var svd mat.SVD
		if !svd.Factorize(mat.NewDense(c.n, c.dim, data), mat.SVDNone) {
			t.Fatal("SVD failed")
		}
		values := svd.Values(nil)
		var total, entropy float64
		for _, s := range values {
			total += s
		}
		for _, s := range values {
			p := s/total + 1e-7
			entropy -= p * math.Log(p)
		}
		want := math.Exp(entropy)
		got, err := RankMe(c.x, c.n, c.dim)
		if err != nil || !near(got, want, 1e-5*want) {
			t.Errorf("%s: got %.9g, %v, want %.9g", name, got, err, want)
		}
		again, err := RankMe(scaled, c.n, c.dim)
		if err != nil || !near(again, got, 1e-9) {
			t.Errorf("%s: scaled by 2^70 %.9g, %v, want %.9g", name, again, err, got)
		}
	}
}

func TestAlignmentKnownValues(t *testing.T) {
	x := []float32{2, 0, 0, 5}
	for name, c := range map[string]struct {
		y    []float32
		want float64
	}{
		"same direction": {[]float32{7, 0, 0, 1}, 0},
		"orthogonal":     {[]float32{0, 1, 1, 0}, 2},
		"opposite":       {[]float32{-1, 0, 0, -9}, 4},
		"half and half":  {[]float32{1, 0, 0, -1}, 2},
	} {
		got, err := Alignment(x, c.y, 2, 2)
		if err != nil || !near(got, c.want, 1e-12) {
			t.Errorf("%s: got %g, %v, want %g", name, got, err, c.want)
		}
	}
}

func TestUniformityKnownValues(t *testing.T) {
	for name, c := range map[string]struct {
		x      []float32
		n, dim int
		want   float64
	}{
		"antipodal":  {[]float32{1, 2, -2, -4}, 2, 2, -8},
		"collapsed":  {[]float32{1, 2, 2, 4, 3, 6}, 3, 2, 0},
		"orthogonal": {identity(6), 6, 6, -4},
		// Pairs at squared distance 2, 2 and 4.
		"three": {[]float32{1, 0, 0, 1, -1, 0}, 3, 2, math.Log((2*math.Exp(-4) + math.Exp(-8)) / 3)},
	} {
		got, err := Uniformity(c.x, c.n, c.dim)
		if err != nil || !near(got, c.want, 1e-6) {
			t.Errorf("%s: got %g, %v, want %g", name, got, err, c.want)
		}
	}
}

// The blocked products agree with a plain loop over the pairs, with a last
// block that is not full.
func TestUniformityAgainstLoop(t *testing.T) {
	const n, dim = 700, 5
	x := normal(n, dim, 9)
	unit := normalised(x, dim)
	var sum float64
	for i := range n {
		for j := range i {
			var squared float64
			for k := range dim {
				d := unit[i*dim+k] - unit[j*dim+k]
				squared += d * d
			}
			sum += math.Exp(-2 * squared)
		}
	}
	want := math.Log(sum / (n * (n - 1) / 2))
	got, err := Uniformity(x, n, dim)
	if err != nil || !near(got, want, 1e-10) {
		t.Errorf("got %.12g, %v, want %.12g", got, err, want)
	}
}

func TestEmbeddingStdKnownValues(t *testing.T) {
	const n, dim = 20000, 32
	got, err := EmbeddingStd(normal(n, dim, 4), n, dim)
	if want := 1 / math.Sqrt(dim); err != nil || !near(got, want, 0.005*want) {
		t.Errorf("isotropic: got %g, %v, want %g", got, err, want)
	}
	collapsed := make([]float32, 8*dim)
	for i := range collapsed {
		collapsed[i] = float32((i/dim + 1) * (i%dim - 3)) // one direction, different lengths
	}
	got, err = EmbeddingStd(collapsed, 8, dim)
	if err != nil || !near(got, 0, 1e-9) {
		t.Errorf("collapsed: got %g, %v, want 0", got, err)
	}
	// (1, 0) and (0, 1): each dimension holds 0 and 1, deviation one half.
	got, err = EmbeddingStd([]float32{4, 0, 0, 9}, 2, 2)
	if err != nil || !near(got, 0.5, 1e-12) {
		t.Errorf("two axes: got %g, %v, want 0.5", got, err)
	}
}

func TestEmbeddingBadInput(t *testing.T) {
	good, nan := []float32{1, 2, 3, 4}, []float32{1, 2, float32(math.NaN()), 4}
	infinite := []float32{1, 2, float32(math.Inf(-1)), 4}
	failures := map[string]error{}
	for name, f := range map[string]func(x []float32, n, dim int) (float64, error){
		"RankMe": RankMe, "Uniformity": Uniformity, "EmbeddingStd": EmbeddingStd,
		"Alignment x": func(x []float32, n, dim int) (float64, error) { return Alignment(x, good, n, dim) },
		"Alignment y": func(x []float32, n, dim int) (float64, error) { return Alignment(good, x, n, dim) },
	} {
		_, failures[name+" empty"] = f(nil, 0, 2)
		_, failures[name+" no columns"] = f(nil, 2, 0)
		_, failures[name+" mismatched"] = f(good[:3], 2, 2)
		_, failures[name+" NaN"] = f(nan, 2, 2)
		_, failures[name+" infinite"] = f(infinite, 2, 2)
	}
	_, failures["RankMe zero"] = RankMe(make([]float32, 4), 2, 2)
	_, failures["Uniformity one row"] = Uniformity(good, 1, 4)
	_, failures["Uniformity zero row"] = Uniformity([]float32{1, 2, 0, 0}, 2, 2)
	_, failures["EmbeddingStd one row"] = EmbeddingStd(good, 1, 4)
	for name, err := range failures {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
