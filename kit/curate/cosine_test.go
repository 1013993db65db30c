package curate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// thumbnails are the simplest features: [n, 768].
func thumbnails(t *testing.T, p *pictures) (x []float32, dim int) {
	t.Helper()
	looks, err := looksOf("set", p)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range looks {
		x = append(x, l.whole...)
	}
	return x, len(looks[0].whole)
}

// TestCosineFindsPlantedCopies uses thumbnails as features, which know nothing
// of cuts: those copies are left out.
func TestCosineFindsPlantedCopies(t *testing.T) {
	p := plant(t, cifar(t, 2000/smaller), 400/smaller, copyings[:len(copyings)-1])
	x, dim := thumbnails(t, p.pictures)
	for _, threshold := range []float64{0.95, 0.97, 0, 0.99} {
		groups, err := Cosine{Threshold: threshold}.Groups(x, p.Len(), dim)
		if err != nil {
			t.Fatal(err)
		}
		precision, recall := p.score(t, "CIFAR-10 thumbnails", pairsOf(groups), nil)
		if threshold == 0 && (precision < 0.95 || recall < 0.95) {
			t.Errorf("precision %.4f, recall %.4f, want at least 0.95", precision, recall)
		}
	}
	leaks, err := Cosine{}.Leaks(x[:p.n*dim], p.n, x[p.n*dim:], p.Len()-p.n, dim)
	if err != nil {
		t.Fatal(err)
	}
	var pairs [][2]int
	for _, leak := range leaks {
		pairs = append(pairs, [2]int{leak.Train, p.n + leak.Test})
	}
	if precision, recall := p.score(t, "CIFAR-10 thumbnails, leaks", pairs, nil); precision < 0.95 || recall < 0.95 {
		t.Errorf("leaks: precision %.4f, recall %.4f, want at least 0.95", precision, recall)
	}
}

// TestCosineAgainstPairs compares with a plain loop over all pairs, over more
// rows than a block holds.
func TestCosineAgainstPairs(t *testing.T) {
	const n, dim, threshold = productTile + 300, 3, 0.9999
	random := rand.New(rand.NewPCG(4, 4))
	x := make([]float32, n*dim)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	copy(x[5*dim:], []float32{0, 0, 0}) // near nothing
	copy(x[7*dim:], []float32{0, 0, 0})
	want := newForest(n)
	var leaked Leaks
	for i := range n {
		for j := range n {
			a, b := x[i*dim:(i+1)*dim], x[j*dim:(j+1)*dim]
			product := 0.0
			for k := range a {
				product += float64(a[k]) * float64(b[k])
			}
			if product >= (threshold-rounding)*math.Sqrt(square(a)*square(b)) && square(a) > 0 && square(b) > 0 {
				want.join(i, j)
				if i < 100 && j >= 100 {
					leaked = append(leaked, Leak{Train: i, Test: j - 100})
				}
			}
		}
	}
	groups, err := Cosine{Threshold: threshold}.Groups(x, n, dim)
	if err != nil || len(groups) == 0 || !slices.EqualFunc(groups, want.groups(), slices.Equal) {
		t.Errorf("%d groups, %v, want %d", len(groups), err, len(want.groups()))
	}
	leaks, err := Cosine{Threshold: threshold}.Leaks(x[:100*dim], 100, x[100*dim:], n-100, dim)
	if err != nil || !slices.Equal(leaks.Train(), leaked.Train()) || !slices.Equal(leaks.Test(), leaked.Test()) {
		t.Errorf("%d leaks, %v, want %d", len(leaks), err, len(leaked))
	}
}

func TestCosineOfTheSame(t *testing.T) {
	x := []float32{3, 4, 1, 1, 6, 8, -3, -4}
	groups, err := Cosine{Threshold: 1}.Groups(x, 4, 2)
	if err != nil || !slices.EqualFunc(groups, Groups{{0, 2}}, slices.Equal) {
		t.Errorf("groups %v, %v, want the two rows of one direction", groups, err)
	}
}

func TestCosineBadInput(t *testing.T) {
	nan, good := float32(math.NaN()), []float32{1, 2, 3, 4}
	for _, bad := range []struct {
		c      Cosine
		x      []float32
		n, dim int
		part   string
	}{
		{Cosine{Threshold: 1.1}, good, 2, 2, "curate.Cosine: Threshold is 1.1"},
		{Cosine{Threshold: -1}, good, 2, 2, "curate.Cosine: Threshold is -1"},
		{Cosine{}, good, 3, 2, "x holds 4 values; it must hold n*dim = 3*2"},
		{Cosine{}, nil, 0, 2, "x is [0, 2]"},
		{Cosine{}, []float32{1, 2, 3, nan}, 2, 2, "x row 1 column 1 is NaN"},
	} {
		_, err := bad.c.Groups(bad.x, bad.n, bad.dim)
		wantError(t, err, bad.part)
	}
	_, err := Cosine{}.Leaks([]float32{nan, 1}, 1, good, 2, 2)
	wantError(t, err, "train row 0 column 0 is NaN")
	_, err = Cosine{}.Leaks(good, 2, good, 4, 2)
	wantError(t, err, "test holds 4 values")
	_, err = Cosine{Threshold: 2}.Leaks(good, 2, good, 2, 2)
	wantError(t, err, "curate.Cosine: Threshold is 2")
}
