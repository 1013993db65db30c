package compress

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/kit/encoder"
)

var (
	basic      = encoder.ResNet{Depth: 10, Width: 4, Stem: encoder.HalfStem}
	bottleneck = encoder.ResNet{Depth: 26, Width: 2, Stem: encoder.HalfStem}
)

// silenced are the weights with zeros in place of the channels that pruning removes: their filters,
// and the scale and offset of their norms, so that they are zero behind the ReLU.
func silenced(t *testing.T, r encoder.ResNet, c Channels, weights map[string]encoder.Tensor) map[string]encoder.Tensor {
	t.Helper()
	places, err := innerPlaces(r, weights)
	if err != nil {
		t.Fatal(err)
	}
	var importance [][]float64
	for _, p := range places {
		importance = append(importance, c.By.of(p, weights))
	}
	zeroed := maps.Clone(weights)
	for i, kept := range c.kept(importance) {
		for _, name := range []string{places[i].made + ".weight", places[i].norm + ".weight", places[i].norm + ".bias"} {
			w := zeroed[name]
			w.Data = slices.Clone(w.Data)
			size := len(w.Data) / w.Shape[0]
			for n := range w.Shape[0] {
				if !slices.Contains(kept, n) {
					clear(w.Data[n*size : (n+1)*size])
				}
			}
			zeroed[name] = w
		}
	}
	return zeroed
}

func TestSmallNetworkIsTheMaskedOne(t *testing.T) {
	for _, r := range []encoder.ResNet{basic, bottleneck} {
		weights := scrambled(t, r)
		whole, _ := represent(t, r, weights)
		for _, c := range []Channels{{Remove: .5}, {Remove: .3, By: NormScale}, {Remove: .6, Global: true}} {
			small, pruned, err := c.Prune(r, weights)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := represent(t, small, pruned)
			want, _ := represent(t, r, silenced(t, r, c, weights))
			if slices.Equal(want, whole) {
				t.Errorf("%s, %+v: nothing changed", r.Name(), c)
			}
			for i := range want {
				near(t, small.Name()+": a feature", float64(got[i]), float64(want[i]), 1e-5)
			}
		}
	}
}

func TestRemovingSilentChannelsChangesNothing(t *testing.T) {
	weights := scrambled(t, basic)
	silent := silenced(t, basic, Channels{Remove: .5}, weights)
	want, _ := represent(t, basic, silent)
	for _, by := range []Importance{FilterNorm, NormScale} { // Both find the silent ones.
		small, pruned, err := Channels{Remove: .5, By: by}.Prune(basic, silent)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := represent(t, small, pruned)
		for i := range want {
			near(t, by.String()+": a feature", float64(got[i]), float64(want[i]), 1e-6)
		}
	}
}

func TestSmallNetworkIsCountedByHand(t *testing.T) {
	small, pruned, err := Channels{Remove: .5}.Prune(basic, scrambled(t, basic))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(small.Inner, []int{2, 4, 8, 16}) {
		t.Fatalf("the inner widths are %v", small.Inner)
	}
	if want := "resnet10-w4-3x3s2-i2.4.8.16"; small.Name() != want || small.Dim() != basic.Dim() {
		t.Errorf("%s of %d features, want %s of %d", small.Name(), small.Dim(), want, basic.Dim())
	}
	// Kernels: the stem 3·3·3·4, each block in·inner·9 + inner·out·9, its shortcut in·out from the
	// second on; norms: two for each of their channels. Multiply-adds: kernels times the pixels of
	// their output, from 8 × 8 for images of 16.
	blocks := [][3]int{{4, 2, 4}, {4, 4, 8}, {8, 8, 16}, {16, 16, 32}} // In, inner, out.
	params, multiplyAdds := 108+2*4, 108*64
	for i, b := range blocks {
		kernels := 9*b[0]*b[1] + 9*b[1]*b[2]
		norms := 2 * (b[1] + b[2])
		if i > 0 {
			kernels, norms = kernels+b[0]*b[2], norms+2*b[2]
		}
		params += kernels + norms
		multiplyAdds += kernels * (64 >> (2 * i))
	}
	cost := small.Cost(16, 16)
	if cost.Params != int64(params) || cost.MultiplyAdds != int64(multiplyAdds) {
		t.Errorf("%+v, want %d parameters and %d multiply-adds", cost, params, multiplyAdds)
	}
	count := 0
	for name, w := range pruned {
		if !strings.Contains(name, "running") {
			count += len(w.Data)
		}
	}
	if count != params {
		t.Errorf("the weights hold %d parameters, want %d", count, params)
	}
}

func TestChannelsThatStay(t *testing.T) {
	importance := [][]float64{{3, 1, 2, 4}, {.1, .3, .2, .4}}
	for _, test := range []struct {
		c    Channels
		want [][]int
	}{
		{Channels{Remove: .5}, [][]int{{0, 3}, {1, 3}}},
		{Channels{Remove: .25}, [][]int{{0, 2, 3}, {1, 2, 3}}},
		{Channels{Remove: .99}, [][]int{{3}, {3}}},
		{Channels{Remove: .25, Global: true}, [][]int{{0, 1, 2, 3}, {1, 3}}},
		{Channels{Remove: .5, Global: true}, [][]int{{0, 2, 3}, {3}}}, // The best of each place stays.
		{Channels{Remove: .99, Global: true}, [][]int{{3}, {3}}},
	} {
		got := test.c.kept(importance)
		for i := range got {
			if !slices.Equal(got[i], test.want[i]) {
				t.Errorf("%+v: %v stay, want %v", test.c, got, test.want)
				break
			}
		}
	}
}

func TestImportanceByHand(t *testing.T) {
	weights := map[string]encoder.Tensor{
		"conv.weight": {Shape: []int{2, 1, 1, 3}, Data: []float32{1, -2, 3, -1, 0, 0}},
		"bn.weight":   {Shape: []int{2}, Data: []float32{.5, -2}},
	}
	p := place{made: "conv", norm: "bn"}
	if got := FilterNorm.of(p, weights); !slices.Equal(got, []float64{6, 1}) {
		t.Errorf("norms of filters %v", got)
	}
	if got := NormScale.of(p, weights); !slices.Equal(got, []float64{.5, 2}) {
		t.Errorf("scales of norms %v", got)
	}
}

func TestTakeByHand(t *testing.T) {
	x := encoder.Tensor{Shape: []int{2, 3, 2}, Data: []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}
	got := take(x, 1, []int{0, 2})
	if !slices.Equal(got.Shape, []int{2, 2, 2}) || !slices.Equal(got.Data, []float32{0, 1, 4, 5, 6, 7, 10, 11}) {
		t.Errorf("%+v", got)
	}
}

func TestChannelsRefuses(t *testing.T) {
	weights := scrambled(t, basic)
	for field, bad := range map[string]Channels{
		"Remove is 0": {}, "Remove is 1": {Remove: 1}, "Remove is -": {Remove: -1}, "Remove is NaN": {Remove: math.NaN()},
		"By": {Remove: .5, By: 7},
	} {
		if _, _, err := bad.Prune(basic, weights); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	half := Channels{Remove: .5}
	for what, other := range map[string]encoder.ResNet{
		"axis 0": {Depth: 10, Width: 8}, "another network": {Depth: 18, Width: 4}, "the weights": {Depth: 26, Width: 4},
	} {
		if _, _, err := half.Prune(other, weights); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	to := filepath.Join(t.TempDir(), "to.safetensors")
	if _, err := half.PruneFile(basic, filepath.Join(t.TempDir(), "nowhere"), to); err == nil {
		t.Error("a file that is not there is pruned")
	}
	from := filepath.Join(t.TempDir(), "from.safetensors")
	if err := encoder.WriteSafetensors(from, slices.Collect(maps.Values(weights)), nil); err != nil {
		t.Fatal(err)
	}
	small, err := half.PruneFile(basic, from, to)
	if err != nil {
		t.Fatal(err)
	}
	again, err := half.PruneFile(small, to, from) // What was pruned can be pruned again.
	if err != nil || !slices.Equal(again.Inner, []int{1, 2, 4, 8}) {
		t.Errorf("pruned again: %v, %v", again.Inner, err)
	}
}

// What the weights say of their images goes on to what is made of them, also where timm's config.json
// beside them says it: a training that starts from them would normalise images otherwise.
func TestPrunedWeightsWantTheSameImages(t *testing.T) {
	weights := slices.Collect(maps.Values(scrambled(t, basic)))
	want := encoder.Preprocessing{Mean: [3]float64{.1, .2, .3}, Std: [3]float64{.4, .5, .6}}
	said := map[string]string{}
	if err := want.Metadata(said); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]struct {
		metadata map[string]string
		beside   string
	}{
		"in the file": {metadata: said},
		"beside it":   {beside: `{"architecture": "resnet10", "pretrained_cfg": {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "model.safetensors")
			if err := encoder.WriteSafetensors(path, weights, from.metadata); err != nil {
				t.Fatal(err)
			}
			if from.beside != "" {
				if err := os.WriteFile(filepath.Join(filepath.Dir(path), "config.json"), []byte(from.beside), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			small, sparse := filepath.Join(t.TempDir(), "small"), filepath.Join(t.TempDir(), "sparse")
			if _, err := (Channels{Remove: .5}).PruneFile(basic, path, small); err != nil {
				t.Fatal(err)
			}
			if err := (Magnitude{Sparsity: .5}).PruneFile(path, sparse); err != nil {
				t.Fatal(err)
			}
			for _, pruned := range []string{small, sparse} {
				got, _, known, err := encoder.PreprocessingOf(pruned)
				if err != nil || !known || !got.SameNormalization(want) {
					t.Errorf("%s: %+v, known %t, %v; want %+v", filepath.Base(pruned), got, known, err, want)
				}
			}
		})
	}
}
