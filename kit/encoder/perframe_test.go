package encoder

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

// frameMeans are pooled cells of a map, [height][width][dim], one place after another: the mean over
// the places whose cells of a finer grid, of height·grid × width·grid, lie in a cell or touch it.
func frameMeans(x [][][]float32, grid int) []float64 {
	height, width := len(x), len(x[0])
	touches := func(at, cell, side int) bool { return at*grid < (cell+1)*side && (at+1)*grid > cell*side }
	var means []float64
	for row := range grid {
		for column := range grid {
			sum, n := make([]float64, len(x[0][0])), 0.
			for i := range height {
				for j := range width {
					if touches(i, row, height) && touches(j, column, width) {
						n++
						for d, v := range x[i][j] {
							sum[d] += float64(v)
						}
					}
				}
			}
			for _, s := range sum {
				means = append(means, s/n)
			}
		}
	}
	return means
}

// Each frame of a clip is encoded as it would be alone, and what is kept of its map is the mean over
// the cells of the grid, also where these do not divide it.
func TestPerFrameEncodesEachFrameByItself(t *testing.T) {
	vit := ViT{Patch: 2, Width: 16, Depth: 1, Heads: 2, Size: 8, Pool: MeanPatches} // A map of 4 × 4.
	x := images(6, 8)
	store, _ := initialised(t, vit, x, false)
	scramble(t, store.Scope("/encoder"))
	grids := []int{0, 1, 2, 3, 4, 6}
	out := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
		alone := vit.Encode(scope, in[0]) // Of six frames: two clips of three.
		outputs := []*Node{alone.Pooled, alone.Map}
		clips := Reshape(in[0], 2, 24, 8, 3)
		for _, grid := range grids {
			outputs = append(outputs, PerFrame{Of: vit, Grid: grid}.Encode(scope, clips).Pooled)
		}
		clip := PerFrame{Of: vit}.Encode(scope, clips)
		return append(outputs, clip.Map, Reshape(alone.Map, 2, 12, 4, 16), clip.Tokens, Reshape(alone.Tokens, 2, 48, 16))
	}, x)
	maps := out[1].Value().([][][][]float32)
	for k, grid := range grids {
		of := PerFrame{Of: vit, Grid: grid}
		var want []float64
		if grid == 0 {
			for _, v := range tensors.MustCopyFlatData[float32](out[0]) {
				want = append(want, float64(v))
			}
		} else {
			for _, frame := range maps {
				want = append(want, frameMeans(frame, grid)...)
			}
		}
		got := tensors.MustCopyFlatData[float32](out[2+k])
		if dims := out[2+k].Shape().Dimensions; len(got) != len(want) || dims[0] != 2 || dims[1] != of.Dim() {
			t.Fatalf("grid %d: features of shape %v, want %d of %d", grid, dims, 2, of.Dim())
		}
		for i := range got {
			if math.Abs(float64(got[i])-want[i]) > 1e-5 {
				t.Fatalf("grid %d: feature %d is %g, want %g", grid, i, got[i], want[i])
			}
		}
	}
	after := out[2+len(grids):]
	for i, what := range []string{"the map", "the tokens"} {
		if d := far(t, after[2*i], after[2*i+1]); d > 1e-6 {
			t.Errorf("%s of the frames are %g away", what, d)
		}
	}
}

func TestPerFrameIsTheEncoderInAllElse(t *testing.T) {
	t.Parallel()
	class := ViT{Patch: 2, Width: 16, Depth: 2, Heads: 2, Size: 8, StochasticDepth: .5}
	of := PerFrame{Of: class, Frames: 4}
	if one, four := class.Cost(8, 8), of.Cost(32, 8); four.Params != one.Params || four.MultiplyAdds != 4*one.MultiplyAdds {
		t.Errorf("a frame costs %+v and four %+v", one, four)
	}
	if !of.PoolsClassToken() || (PerFrame{Of: class, Grid: 2}).PoolsClassToken() || (PerFrame{Of: ResNet{Depth: 10}}).PoolsClassToken() {
		t.Error("the class token is that of the encoder, where there is no grid")
	}
	if d := of.Deterministic().(PerFrame); d.Of.(ViT).StochasticDepth != 0 || d.Frames != 4 {
		t.Errorf("the deterministic one is %+v", d)
	}
	if name := (PerFrame{Of: ResNet{Depth: 10, Width: 8}, Grid: 4}).Name(); name != "resnet10-w8-3-frames-grid4" {
		t.Errorf("its name is %s", name)
	}
}

func TestPerFrameCheck(t *testing.T) {
	t.Parallel()
	vit := ViT{Patch: 2, Width: 16, Depth: 1, Heads: 2, Size: 8}
	for want, bad := range map[string]PerFrame{
		"encoder.PerFrame: Of is missing":                     {},
		"encoder.PerFrame: Frames is -1":                      {Of: vit, Frames: -1},
		"encoder.PerFrame: Frames is 5; it must be a divisor": {Of: vit, Frames: 5},
		"encoder.PerFrame: Grid is -1":                        {Of: vit, Grid: -1},
		"encoder.PerFrame: Grid is 9; it must be in [0, 8]":   {Of: vit, Grid: 9},
		"encoder.PerFrame: Of: encoder.ViT: images are 8×8":   {Of: ViT{Patch: 3, Width: 16}},
	} {
		if err := bad.Check(24, 8); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v does not say %q", bad, err, want)
		}
	}
	if err := (PerFrame{Of: vit, Grid: 8}).Check(24, 8); err != nil {
		t.Error(err)
	}
}

// A map that has other features than the representation, or none, has no cells.
func TestPerFrameGridNeedsAMap(t *testing.T) {
	t.Parallel()
	of := PerFrame{Of: Probed{Of: ViT{Patch: 2, Width: 16, Depth: 2, Heads: 2, Size: 8}, Blocks: 2}, Frames: 1, Grid: 2}
	exec, err := model.NewExec(devicetest.Backend(t), model.NewStore(), func(scope *model.Scope, x *Node) *Node {
		return of.Encode(scope.At("encoder"), x).Pooled
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Call(images(1, 8)); err == nil || !strings.Contains(err.Error(), "encoder.PerFrame: Grid is 2") {
		t.Errorf("error %v does not name Grid", err)
	}
}
