package encoder

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

func TestTransformerIsTheBlocksOfAViT(t *testing.T) {
	vit := ViT{Patch: 8, Width: 16, Depth: 2, Heads: 4, Size: 32}
	store, want := initialised(t, vit, images(2, 32), true)
	// The names of its variables are those of the ViT's blocks, so that it runs on them.
	got := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
		out := Transformer{Width: 16, Depth: 2, Heads: 4}.Apply(scope, vit.embed(scope, in[0], nil, nil).tokens)
		return []*Node{Squeeze(SliceAxis(out, 1, AxisElem(0)), 1)}
	}, images(2, 32))
	if d := far(t, got[0], want[0]); d > 1e-6 {
		t.Errorf("differs by %g from the ViT with the same weights", d)
	}
}

func TestTransformerDoesNotCareForOrder(t *testing.T) {
	tokens := [][][]float32{{{1, 0, 2, 0}, {0, 3, 0, -1}, {.5, .5, 1, 1}}}
	swapped := [][][]float32{{tokens[0][2], tokens[0][0], tokens[0][1]}}
	out := apply(t, model.NewStore(), func(scope *model.Scope, in []*Node) []*Node {
		decoder := Transformer{Width: 4, Depth: 2}
		return []*Node{decoder.Apply(scope, in[0]), decoder.Apply(scope, in[1])}
	}, tokens, swapped)
	a, b := out[0].Value().([][][]float32)[0], out[1].Value().([][][]float32)[0]
	for i, from := range []int{2, 0, 1} {
		for j := range b[i] {
			if d := math.Abs(float64(b[i][j] - a[from][j])); d > 1e-5 {
				t.Errorf("token %d differs by %g when the tokens change places", from, d)
			}
		}
	}
}

func TestTransformerPositions(t *testing.T) {
	const rows, columns, width = 2, 3, 8
	out := apply(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{Transformer{Width: width, Depth: 1}.Positions(in[0].Graph(), rows, columns)}
	}, tensors.FromScalar(float32(0)))
	at := out[0].Value().([][][]float32)[0]
	if len(at) != rows*columns {
		t.Fatalf("%d positions, want %d", len(at), rows*columns)
	}
	for i, e := range at {
		row, column := float64(i/columns), float64(i%columns)
		want := []float64{ // Frequencies 1 and 1/100.
			math.Sin(column), math.Sin(column / 100), math.Cos(column), math.Cos(column / 100),
			math.Sin(row), math.Sin(row / 100), math.Cos(row), math.Cos(row / 100),
		}
		for k := range want {
			if math.Abs(float64(e[k])-want[k]) > 1e-6 {
				t.Errorf("position %d, feature %d is %g, want %g", i, k, e[k], want[k])
			}
		}
	}
}

func TestTransformerCheck(t *testing.T) {
	if err := (Transformer{Width: 512, Depth: 8}).Check(); err != nil {
		t.Error(err)
	}
	if heads := (Transformer{Width: 512, Depth: 8}).WithDefaults().Heads; heads != 16 {
		t.Errorf("%d heads of 512 features, want MAE's 16", heads)
	}
	for field, bad := range map[string]Transformer{
		"Width": {Width: 6, Depth: 1}, "Depth": {Width: 8}, "Heads": {Width: 8, Depth: 1, Heads: 3},
	} {
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
}
