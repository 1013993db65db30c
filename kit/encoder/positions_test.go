package encoder

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

func TestResamplingIsPillows(t *testing.T) {
	// python3 -c 'from PIL import Image; import math
	// for n in (3, 8): im = Image.new("F", (5, 1)); im.putdata([1, -2, 4, 0, 3])
	//     print(list(im.resize((n, 1), Image.BICUBIC).getdata()))'
	golden := [][]float64{ // Pillow 13.0.0.
		{-0.307692, 1.683721, 1.815385},
		{1.215867, -0.486471, -1.853882, 2.561401, 3.25354, 0.07605, 1.614225, 3.215867},
	}
	line := []float64{1, -2, 4, 0, 3}
	for _, want := range golden {
		for i, weights := range resampling(len(line), len(want)) {
			var got float64
			for j, w := range weights {
				got += float64(w) * line[j]
			}
			if math.Abs(got-want[i]) > 1e-4 {
				t.Errorf("to %d samples, sample %d: %g, want %g", len(want), i, got, want[i])
			}
		}
	}
}

func TestResamplingToTheSameSizeIsTheIdentity(t *testing.T) {
	for i, weights := range resampling(7, 7) {
		for j, w := range weights {
			if want := float32(map[bool]int{true: 1}[i == j]); math.Abs(float64(w-want)) > 1e-7 {
				t.Errorf("weight %d, %d is %g, want %g", i, j, w, want)
			}
		}
	}
}

func TestPositionsServeImagesOfEverySize(t *testing.T) {
	v := tinyViT
	store, _ := initialised(t, v, images(1, 8), false)
	before := trainable(store)
	scramble(t, store.Scope("/encoder"))
	pos := store.GetVariable("/encoder/pos_embed")
	stored := tensors.MustCopyFlatData[float32](pos.MustValue())
	out := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
		v := v.WithDefaults()
		out := v.Encode(scope, in[0]) // 2 × 5 patches, with the same variables.
		_, same := v.positions(scope, in[0].Graph(), 4, 4)
		_, other := v.positions(scope, in[0].Graph(), 2, 5)
		return []*Node{same, other, out.Pooled}
	}, tensors.FromFlatDataAndDimensions(make([]float32, 4*10*3), 1, 4, 10, 3))
	if got := trainable(store); got != before {
		t.Errorf("images of another size brought the parameters from %d to %d", before, got)
	}
	same, other := tensors.MustCopyFlatData[float32](out[0]), out[1].Value().([][][]float32)[0]
	for i, got := range same {
		if got != stored[16+i] { // Behind the class token's.
			t.Fatalf("at the stored size, embedding %d is %g, want %g", i, got, stored[16+i])
		}
	}
	rows, columns := resampling(4, 2), resampling(4, 5)
	for r := range 2 {
		for c := range 5 {
			for d := range v.Width {
				var want float64
				for i := range 4 {
					for j := range 4 {
						want += float64(rows[r][i]) * float64(columns[c][j]) * float64(same[(4*i+j)*v.Width+d])
					}
				}
				if got := float64(other[5*r+c][d]); math.Abs(got-want) > 1e-5 {
					t.Errorf("row %d, column %d, feature %d: %g, want %g", r, c, d, got, want)
				}
			}
		}
	}
}

func TestSineCosineIsMAEs(t *testing.T) {
	// Row 1, column 2 of a grid of 3 with 8 features: half for the column, half for the row;
	// frequencies 1 and 1/100.
	got := sineCosine(1, 3, 8)[(1+5)*8:][:8]
	for i, want := range []float64{
		math.Sin(2), math.Sin(.02), math.Cos(2), math.Cos(.02), math.Sin(1), math.Sin(.01), math.Cos(1), math.Cos(.01),
	} {
		if math.Abs(float64(got[i])-want) > 1e-7 {
			t.Errorf("feature %d: %g, want %g", i, got[i], want)
		}
	}
	for i, class := range sineCosine(1, 3, 8)[:8] {
		if class != 0 {
			t.Errorf("the class token's feature %d is %g, want 0", i, class)
		}
	}

	v := tinyViT
	v.Positions = SineCosine
	store, _ := initialised(t, v, images(1, 8), true)
	pos := store.GetVariable("/encoder/pos_embed")
	if pos.Trainable {
		t.Error("fixed positions are trained")
	}
	for i, want := range sineCosine(1, 4, 16) {
		if got := tensors.MustCopyFlatData[float32](pos.MustValue())[i]; got != want {
			t.Fatalf("stored embedding %d is %g, want %g", i, got, want)
		}
	}
}
