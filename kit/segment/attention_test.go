package segment

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/encoder"
	"sslkit/kit/metric"
)

// TestAttentionOfViT: all heads of all images are there, and no head reads more than all.
func TestAttentionOfViT(t *testing.T) {
	set, err := rectangles{3}.Open(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	a, err := tiny(t).Attention(set)
	if err != nil {
		t.Fatal(err)
	}
	if a.N != 3 || a.Heads != 2 || a.Rows != 8 || a.Columns != 8 || len(a.X) != 3*2*64 {
		t.Fatalf("attention is [%d, %d, %d, %d], %d values", a.N, a.Heads, a.Rows, a.Columns, len(a.X))
	}
	for head := range a.N * a.Heads {
		sum := 0.
		for _, v := range a.X[head*64 : (head+1)*64] {
			sum += float64(v)
		}
		if sum <= 0 || sum > 1+1e-5 {
			t.Errorf("head %d reads %g", head, sum)
		}
	}
	if _, err := (Frozen{Encoder: encoder.ResNet{}, Weights: "w"}).Attention(set); err == nil || !strings.Contains(err.Error(), "ClassToken") {
		t.Errorf("of a ResNet: %v", err)
	}
}

func TestAttentionMasksKeepMass(t *testing.T) {
	t.Parallel()
	a := Attention{X: []float32{.1, .3, .2, .2}, N: 1, Heads: 1, Rows: 2, Columns: 2} // .8 in all.
	for mass, want := range map[float64][]uint8{
		.3: {0, 1, 0, 0}, // The sums of the order 0, 2, 3, 1 are .1, .3, .5, .8; above .56 is the last.
		.6: {0, 1, 0, 1}, // Above .32 are the last two.
		.9: {1, 1, 1, 1},
	} {
		got, err := a.Masks(0, mass)
		if err != nil || !slices.Equal(got[0], want) {
			t.Errorf("mass %g: got %v, %v, want %v", mass, got, err, want)
		}
	}
	for _, bad := range []float64{0, 1.1} {
		if _, err := a.Masks(0, bad); err == nil {
			t.Errorf("mass %g is taken", bad)
		}
	}
	if _, err := a.Masks(1, .6); err == nil {
		t.Error("an image that is not there has masks")
	}
}

// TestPlantedAttention: one head looks at the object and one at the background, and which is which
// changes from image to image.
func TestPlantedAttention(t *testing.T) {
	t.Parallel()
	set, err := open(rectangles{6}, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	a := Attention{N: 6, Heads: 2, Rows: 8, Columns: 8}
	for i := range a.N {
		for head := range a.Heads {
			for patch := range 64 {
				inside := set.masks[i][patch/8*4*side+patch%8*4+3] != 0 // The last column, since the corner does not count.
				v := float32(1e-6)
				if inside == (head == i%2) {
					v = .02
				}
				a.X = append(a.X, v)
			}
		}
	}
	r, err := AttentionMasks{Mass: .99}.judge(a, set)
	if err != nil {
		t.Fatal(err)
	}
	if r.Jaccard.Value != 1 || r.Jaccard.Low != 1 || r.Jaccard.N != 6 {
		t.Errorf("planted attention has the Jaccard index %+v", r.Jaccard)
	}
	if math.Abs(r.Heads[0]-.5) > .01 || math.Abs(r.Heads[1]-.5) > .01 {
		t.Errorf("single heads have %v; each is right in half of the images", r.Heads)
	}
	for i := range set.masks {
		clear(set.masks[i])
	}
	if _, err := (AttentionMasks{Mass: .6}).judge(a, set); !errors.Is(err, metric.ErrUndefined) {
		t.Errorf("without objects the error is %v", err)
	}
}

// TestBestMasks: of each class the mask of the head that covers it best is taken.
func TestBestMasks(t *testing.T) {
	t.Parallel()
	truth := []uint8{0, 1, 1, 0, 2, 2, data.IgnoredPixel}
	masks := [][]uint8{{0, 0, 0, 1, 1, 1, 0}, {1, 1, 1, 0, 0, 0, 0}, {1, 1, 1, 1, 1, 1, 1}}
	got, err := bestMasks(truth, masks, 4)
	if want := []uint8{1, 1, 1, 2, 2, 2, 0}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestAttentionEvaluates(t *testing.T) {
	r, err := AttentionMasks{}.Evaluate(tiny(t), rectangles{4}, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if r.Jaccard.N != 4 || r.Jaccard.Value <= 0 || r.Jaccard.Value > 1 || !strings.Contains(r.Protocol, "0.6") || r.Encoder == "" {
		t.Errorf("%+v", r)
	}
	if _, err := (AttentionMasks{Mass: 2}).Evaluate(tiny(t), rectangles{4}, data.Test); err == nil {
		t.Error("a mass of 2 is taken")
	}
}
