package compress

import (
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/kit/encoder"
)

func sortedNames(weights map[string]encoder.Tensor) []string {
	return slices.Sorted(maps.Keys(weights))
}

// byHand are two layers, of which the second has the larger weights, and a norm.
func byHand() map[string]encoder.Tensor {
	return map[string]encoder.Tensor{
		"a.weight": {Name: "a.weight", Shape: []int{2, 2}, Data: []float32{.1, -.2, .3, -.4}},
		"b.weight": {Name: "b.weight", Shape: []int{1, 4, 1, 1}, Data: []float32{-5, 1, .15, -2}},
		"n.weight": {Name: "n.weight", Shape: []int{4}, Data: []float32{0, .01, .02, .03}},
	}
}

func TestMagnitudeByHand(t *testing.T) {
	for name, test := range map[string]struct {
		m    Magnitude
		a, b []float32
	}{
		"global":          {Magnitude{Sparsity: .5}, []float32{0, 0, 0, -.4}, []float32{-5, 1, 0, -2}},
		"layer by layer":  {Magnitude{Sparsity: .5, LayerWise: true}, []float32{0, 0, .3, -.4}, []float32{-5, 0, 0, -2}},
		"rounded":         {Magnitude{Sparsity: .3}, []float32{0, -.2, .3, -.4}, []float32{-5, 1, 0, -2}}, // 2 of 2.4 weights.
		"all but one":     {Magnitude{Sparsity: .9}, []float32{0, 0, 0, 0}, []float32{-5, 0, 0, 0}},
		"almost nothing":  {Magnitude{Sparsity: .01}, []float32{.1, -.2, .3, -.4}, []float32{-5, 1, .15, -2}},
		"layers, all but": {Magnitude{Sparsity: .75, LayerWise: true}, []float32{0, 0, 0, -.4}, []float32{-5, 0, 0, 0}},
	} {
		before := byHand()
		masks, err := test.m.Masks(before)
		if err != nil {
			t.Fatal(err)
		}
		pruned, err := masks.Apply(before)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(pruned["a.weight"].Data, test.a) || !slices.Equal(pruned["b.weight"].Data, test.b) {
			t.Errorf("%s: %v and %v, want %v and %v", name, pruned["a.weight"].Data, pruned["b.weight"].Data, test.a, test.b)
		}
		if !slices.Equal(pruned["n.weight"].Data, byHand()["n.weight"].Data) {
			t.Errorf("%s: the norm is pruned", name)
		}
		if !slices.Equal(before["a.weight"].Data, byHand()["a.weight"].Data) {
			t.Errorf("%s: the weights that were given are changed", name)
		}
	}
}

func TestMagnitudePrunesExactlyThatMany(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	weights := map[string]encoder.Tensor{}
	for _, name := range []string{"a", "b"} {
		w := encoder.Tensor{Name: name, Shape: []int{20, 25}}
		for range 500 {
			w.Data = append(w.Data, float32(math.Round(rng.NormFloat64()*3)/3)) // Many are equal.
		}
		weights[name] = w
	}
	earlier := Masks(nil)
	for _, sparsity := range []float64{.5, .8, .9} {
		masks, err := Magnitude{Sparsity: sparsity}.Masks(weights)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "sparsity", masks.Sparsity(), sparsity, 1e-9)
		for name, mask := range earlier { // Pruning further keeps the zeros.
			for i, stayed := range mask {
				if !stayed && masks[name][i] {
					t.Fatal("a weight that was pruned comes back")
				}
			}
		}
		if weights, err = masks.Apply(weights); err != nil {
			t.Fatal(err)
		}
		earlier = masks
	}
}

func TestMagnitudeRefuses(t *testing.T) {
	for _, sparsity := range []float64{0, 1, -.1, 2, math.NaN()} {
		if _, err := (Magnitude{Sparsity: sparsity}).Masks(byHand()); err == nil || !strings.Contains(err.Error(), "Sparsity") {
			t.Errorf("sparsity %g: error %v", sparsity, err)
		}
	}
	if _, err := (Magnitude{Sparsity: .5}).Masks(map[string]encoder.Tensor{"n": byHand()["n.weight"]}); err == nil {
		t.Error("weights without a kernel are pruned")
	}
	if _, err := (Masks{"a.weight": {true}}).Apply(byHand()); err == nil || !strings.Contains(err.Error(), "a.weight") {
		t.Errorf("a mask of another size: error %v", err)
	}
	to := filepath.Join(t.TempDir(), "to")
	if err := (Magnitude{Sparsity: .5}).PruneFile(filepath.Join(t.TempDir(), "nowhere"), to); err == nil {
		t.Error("a file that is not there is pruned")
	}
}

func TestCubic(t *testing.T) {
	// By hand: .9 × (1 - (1 - t/3)³) for t = 1, 2, 3.
	got, err := Cubic(0, .9, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{.9 * 19 / 27, .9 * 26 / 27, .9} {
		near(t, "sparsity", got[i], want, 1e-9)
	}
	if got, err = Cubic(.5, .8, 1); err != nil || len(got) != 1 || got[0] != .8 {
		t.Errorf("one round: %v, %v", got, err)
	}
	for what, bad := range map[string]func() ([]float64, error){
		"from":   func() ([]float64, error) { return Cubic(-.1, .9, 3) },
		"to":     func() ([]float64, error) { return Cubic(.5, .5, 3) },
		"below":  func() ([]float64, error) { return Cubic(0, 1, 3) },
		"rounds": func() ([]float64, error) { return Cubic(0, .9, 0) },
	} {
		if _, err := bad(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}
