package encoder

import (
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The output of a block behind the last norm is that of a network which ends there.
func TestProbedPutsTheLastBlocksBehindEachOther(t *testing.T) {
	deep := ViT{Patch: 2, Width: 16, Depth: 3, Heads: 2, Size: 8, Registers: 1}
	shallow := deep
	shallow.Depth = 2
	x := images(2, 8)
	store, _ := initialised(t, deep, x, false)
	scramble(t, store.Scope("/encoder"))
	four := Probed{Of: deep, Blocks: 2, Patches: true}
	out := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
		probed, last, before := four.Encode(scope, in[0]), deep.Encode(scope, in[0]), shallow.Encode(scope, in[0])
		patches := Probed{Of: deep, Tokens: 16}.Encode(scope, in[0])
		return []*Node{
			probed.Pooled, Concatenate([]*Node{before.Pooled, last.Pooled, ReduceMean(last.Tokens, 1)}, -1),
			patches.Pooled, Reshape(last.Tokens, 2, -1), probed.Map, last.Map,
		}
	}, x)
	for i, what := range []string{"the blocks", "the tokens", "the map"} {
		if d := far(t, out[2*i], out[2*i+1]); d > 1e-6 {
			t.Errorf("%s are %g away", what, d)
		}
	}
	if dims := out[0].Shape().Dimensions; dims[1] != four.Dim() || four.Dim() != 3*16 {
		t.Errorf("%d features, Dim is %d, want 48", dims[1], four.Dim())
	}
	if dims := out[2].Shape().Dimensions; dims[1] != (Probed{Of: deep, Tokens: 16}).Dim() {
		t.Errorf("%d features of all tokens", dims[1])
	}
}

func TestProbedStaysAsItIs(t *testing.T) {
	for _, of := range []Encoder{tinyViT, ResNet{Depth: 10, Width: 2, Stem: HalfStem}, ViT{Patch: 2, Width: 16, Depth: 2, Heads: 2, Size: 8, StochasticDepth: .9}} {
		store, _ := initialised(t, of, images(2, 8), false)
		if _, ok := of.(ViT); ok { // Variances are positive.
			scramble(t, store.Scope("/encoder"))
		}
		var names []string
		for v := range store.Scope("/encoder").IterVariables() {
			names = append(names, v.Path())
		}
		var before [][]float32
		for v := range store.Scope("/encoder").IterVariables() {
			before = append(before, tensors.MustCopyFlatData[float32](v.MustValue()))
		}
		out := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
			scope.Store().SetTraining(in[0].Graph(), false)
			want := of.Encode(scope, in[0]).Pooled
			scope.Store().SetTraining(in[0].Graph(), true)
			got := Probed{Of: of}.Encode(scope, in[0]).Pooled
			if !scope.Store().IsTraining(in[0].Graph()) {
				t.Errorf("%s: what is built on it is not in training", of.Name())
			}
			return []*Node{got, want, Gradient(ReduceAllSum(Square(got)), in[0])[0]}
		}, images(2, 8))
		if d := far(t, out[0], out[1]); d != 0 {
			t.Errorf("%s: in training it is %g away from itself", of.Name(), d)
		}
		if slices.ContainsFunc(tensors.MustCopyFlatData[float32](out[2]), func(v float32) bool { return v != 0 }) {
			t.Errorf("%s: a gradient flows into it", of.Name())
		}
		if got := trainable(store); got != 0 {
			t.Errorf("%s: %d parameters are trained", of.Name(), got)
		}
		i := 0
		for v := range store.Scope("/encoder").IterVariables() {
			if v.Path() != names[i] || !slices.Equal(tensors.MustCopyFlatData[float32](v.MustValue()), before[i]) {
				t.Errorf("%s: %s changes", of.Name(), names[i])
			}
			i++
		}
	}
}

func TestProbedCheck(t *testing.T) {
	means := tinyViT
	means.Pool = MeanPatches
	projected := tinyViT
	projected.Projection = 4
	for want, bad := range map[string]Probed{
		"Of is missing":                        {},
		"Of: encoder.ViT: Heads":               {Of: ViT{Heads: 5}},
		"Blocks is 3; it must be from 1 to 2":  {Of: tinyViT, Blocks: 3},
		"Blocks is 2; it must be from 1 to 1":  {Of: ResNet{Depth: 10}, Blocks: 2},
		"Patches is true":                      {Of: means, Patches: true},
		"Tokens is 15; it must be 16":          {Of: tinyViT, Tokens: 15},
		"Tokens is 16; it must be 0 with seve": {Of: tinyViT, Tokens: 16, Blocks: 2},
		"Of.Projection is 4; it must be 0":     {Of: projected, Patches: true},
	} {
		if err := bad.Check(8, 8); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", bad, err, want)
		}
	}
	for want, good := range map[string]Probed{
		"vit2-w16-h2-p2-probed": {Of: tinyViT}, "vit2-w16-h2-p2-probed-last2-patches": {Of: tinyViT, Blocks: 2, Patches: true},
		"vit2-w16-h2-p2-probed-tokens": {Of: tinyViT, Tokens: 16},
	} {
		if err := good.Check(8, 8); err != nil || good.Name() != want {
			t.Errorf("name %q, want %q; error %v", good.Name(), want, err)
		}
	}
}
