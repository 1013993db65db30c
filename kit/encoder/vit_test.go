package encoder

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

var tinyViT = ViT{Patch: 2, Width: 16, Depth: 2, Heads: 2, Size: 8}

func TestViTCostIsThePublishedOne(t *testing.T) {
	// Parameters with a classifier of 1000 classes, exactly, as timm's vit_*_patch16_224 have them
	// and torchvision's page of vit_b_16 says; multiply-adds at 224 pixels of timm's
	// results/model_benchmark files (ViT-Ti, ViT-S)
	// and of torchvision's page (ViT-B). They count the products of attention: ViT-B has 16.85
	// without.
	for _, want := range []struct {
		vit              ViT
		params           int64
		gigaMultiplyAdds float64
	}{{ViTTiny, 5_717_416, 1.26}, {ViTSmall, 22_050_664, 4.61}, {ViT{}, 22_050_664, 4.61}, {ViTBase, 86_567_656, 17.56}} {
		cost := want.vit.Cost(224, 224)
		if got := cost.Params + int64(1000*want.vit.Dim()+1000); got != want.params {
			t.Errorf("%s has %d parameters, want %d", want.vit.Name(), got, want.params)
		}
		if got := float64(cost.MultiplyAdds+int64(1000*want.vit.Dim())) / 1e9; math.Abs(got/want.gigaMultiplyAdds-1) > .01 {
			t.Errorf("%s takes %.3f billion multiply-adds, want %.3f", want.vit.Name(), got, want.gigaMultiplyAdds)
		}
	}
}

func TestViTShapesAndParameters(t *testing.T) {
	for _, change := range []func(v *ViT){
		func(v *ViT) {},
		func(v *ViT) { v.Pool = MeanPatches },
		func(v *ViT) { v.Positions = SineCosine },
		func(v *ViT) { v.Registers = 3 },
		func(v *ViT) { v.LayerScale = 1e-5 },
		func(v *ViT) { v.Pool, v.AttentionBias, v.MLPRatio = MeanBesideClassToken, NoAttentionBias, 2.7 },
		func(v *ViT) { v.PreNorm, v.NormEpsilon, v.Activation = true, 1e-5, QuickGELU },
		func(v *ViT) {
			v.Positions, v.AttentionBias, v.Activation, v.LayerScale = Rotary, QueryValueBias, SwiGLU, .1
		},
		func(v *ViT) { v.Registers, v.Pool, v.MLPRatio, v.Patch, v.Size = 1, MeanPatches, 2, 4, 12 },
	} {
		v := tinyViT
		change(&v)
		store, outputs := initialised(t, v, images(3, 8), false)
		if err := outputs[0].Shape().Check(dtypes.Float32, 3, 16); err != nil {
			t.Errorf("%s: pooled: %v", v.Name(), err)
		}
		if err := outputs[1].Shape().Check(dtypes.Float32, 3, 8/v.Patch, 8/v.Patch, 16); err != nil {
			t.Errorf("%s: map: %v", v.Name(), err)
		}
		if got, want := trainable(store), v.Cost(8, 8).Params; got != want {
			t.Errorf("%s has %d trainable parameters, Cost says %d", v.Name(), got, want)
		}
	}
}

func TestPoolAndTokensAgree(t *testing.T) {
	v := tinyViT
	v.Pool = MeanPatches
	store, _ := initialised(t, v, images(2, 8), false)
	scramble(t, store.Scope("/encoder"))
	out := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
		out := v.Encode(scope, in[0])
		return []*Node{out.Pooled, ReduceMean(out.Tokens, 1), Reshape(out.Map, 2, 16, 16), out.Tokens}
	}, images(2, 8))
	if d := far(t, out[0], out[1]); d > 1e-6 {
		t.Errorf("pooled and the mean of the tokens differ by %g", d)
	}
	if !out[2].Equal(out[3]) {
		t.Error("map and tokens differ")
	}
}

// What the blocks make of the patches is what a network of fewer blocks makes, and the norm of the
// last are the tokens.
func TestLayersOfTheBlocks(t *testing.T) {
	for _, pool := range []Pool{ClassToken, MeanPatches} {
		v := tinyViT
		v.Pool, v.Registers = pool, 1
		store, _ := initialised(t, v, images(2, 8), false)
		scramble(t, store.Scope("/encoder"))
		shallow := v
		shallow.Depth = 1
		out := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
			layers := v.EncodeLayers(scope, in[0], 2)
			return []*Node{
				layers[0], shallow.EncodeLayers(scope, in[0], 1)[0], v.EncodeLayers(scope, in[0], 1)[0], layers[1],
				layerNorm(scope.At("norm"), layers[1]), v.Encode(scope, in[0]).Tokens,
			}
		}, images(2, 8))
		for i := 0; i < len(out); i += 2 {
			if d := far(t, out[i], out[i+1]); d > 1e-5 {
				t.Errorf("pool %d: %d and %d differ by %g", pool, i, i+1, d)
			}
		}
		if far(t, out[0], out[3]) < 1e-3 {
			t.Error("both blocks make the same")
		}
	}
	if n := tinyViT.Layers(); n != 2 {
		t.Errorf("%d layers, want 2", n)
	}
}

func TestVisiblePatches(t *testing.T) {
	for _, positions := range []Positions{LearnedPositions, SineCosine, Rotary} {
		v := tinyViT
		v.Positions = positions
		x := images(2, 8)
		store, _ := initialised(t, v, x, false)
		scramble(t, store.Scope("/encoder"))
		all := make([]int32, 32)
		for i := range all {
			all[i] = int32(i % 16)
		}
		whole := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
			encoded, visible := v.Encode(scope, in[0]), v.EncodeVisible(scope, in[0], in[1])
			if visible.Map != nil {
				t.Error("EncodeVisible has a map")
			}
			return []*Node{encoded.Pooled, visible.Pooled, encoded.Tokens, visible.Tokens}
		}, x, tensors.FromFlatDataAndDimensions(all, 2, 16))
		if d := max(far(t, whole[0], whole[1]), far(t, whole[2], whole[3])); d > 1e-5 {
			t.Errorf("with all patches visible, EncodeVisible differs from Encode by %g", d)
		}

		// The order of keep is that of the tokens, and the pixels of the other patches have no
		// influence.
		visible := func(x *tensors.Tensor, keep ...int32) []*tensors.Tensor {
			return apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
				out := v.EncodeVisible(scope, in[0], in[1])
				return []*Node{out.Pooled, out.Tokens, Reverse(out.Tokens, 1)}
			}, x, tensors.FromFlatDataAndDimensions(keep, 2, 3))
		}
		a := visible(x, 3, 0, 9, 5, 6, 7)
		b := visible(changed(x, 0, 1, 1, 2), 9, 0, 3, 7, 6, 5) // Pixels of patch 1 of image 0, and of patch 2 of image 1.
		if d := far(t, a[0], b[0]); d > 1e-5 {
			t.Errorf("pooled depends on the order of keep, or on patches that are not in it: %g", d)
		}
		if d := far(t, a[1], b[2]); d > 1e-5 {
			t.Errorf("tokens are not in the order of keep: %g", d)
		}
		if d := far(t, a[1], b[1]); d < 1e-3 {
			t.Errorf("all tokens are alike: %g", d)
		}
	}
}

// changed is x, images of 8 pixels, with other pixels in some patches of 2: pairs of image and
// patch.
func changed(x *tensors.Tensor, where ...int) *tensors.Tensor {
	pixels := tensors.MustCopyFlatData[float32](x)
	for i := 0; i < len(where); i += 2 {
		row, column := where[i+1]/4*2, where[i+1]%4*2
		pixels[((where[i]*8+row)*8+column)*3] += 5
		pixels[((where[i]*8+row+1)*8+column+1)*3+2] -= 7
	}
	return tensors.FromFlatDataAndDimensions(pixels, x.Shape().Dimensions...)
}

func TestHiddenPatches(t *testing.T) {
	v, x := tinyViT, images(2, 8)
	store, _ := initialised(t, v, x, false)
	if store.GetVariable("/encoder/mask_token") != nil {
		t.Error("Encode makes a mask token")
	}
	hide := func(x *tensors.Tensor, where ...int) []*tensors.Tensor {
		hidden := make([]bool, 32)
		for _, i := range where {
			hidden[i] = true
		}
		return apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
			out := v.EncodeHidden(scope, in[0], in[1])
			return []*Node{out.Pooled, out.Map, v.Encode(scope, in[0]).Map}
		}, x, tensors.FromFlatDataAndDimensions(hidden, 2, 16))
	}
	hide(x)
	scramble(t, store.Scope("/encoder"))
	if out := hide(x); !out[1].Equal(out[2]) {
		t.Error("with nothing hidden, EncodeHidden differs from Encode")
	}
	a, b := hide(x, 1, 16+2), hide(changed(x, 0, 1, 1, 2), 1, 16+2)
	if !a[0].Equal(b[0]) || !a[1].Equal(b[1]) {
		t.Error("the pixels of hidden patches have an influence")
	}
	if far(t, a[1], a[2]) < 1e-3 {
		t.Error("hiding patches changes nothing")
	}
}

func TestGradientsReachEveryVariable(t *testing.T) {
	v := tinyViT
	v.Registers, v.LayerScale = 2, .5
	clip, rotary := tinyViT, v
	clip.PreNorm, clip.NormEpsilon, clip.Activation, clip.Projection, clip.AttentionBias = true, 1e-5, QuickGELU, 6, QueryValueBias
	rotary.Positions, rotary.AttentionBias, rotary.Activation, rotary.Pool = Rotary, QueryValueBias, SwiGLU, MeanBesideClassToken
	for name, build := range map[string]func(scope *model.Scope, x *Node) *Node{
		"ViT": func(scope *model.Scope, x *Node) *Node {
			hidden := LessThan(Iota(x.Graph(), shapes.Make(dtypes.Int32, 2, 25), 1), Scalar(x.Graph(), dtypes.Int32, 5))
			out := v.EncodeHidden(scope, x, hidden) // Of another size than the stored positions.
			return Add(ReduceAllSum(Square(out.Pooled)), ReduceAllSum(Sin(out.Tokens)))
		},
		"ViT, visible patches": func(scope *model.Scope, x *Node) *Node {
			out := v.EncodeVisible(scope, x, Iota(x.Graph(), shapes.Make(dtypes.Int32, 2, 9), 1))
			return Add(ReduceAllSum(Square(out.Pooled)), ReduceAllSum(Sin(out.Tokens)))
		},
		"ViT of CLIP": func(scope *model.Scope, x *Node) *Node {
			return ReduceAllSum(Square(clip.Encode(scope, x).Pooled))
		},
		"ViT of DINOv3": func(scope *model.Scope, x *Node) *Node {
			out := rotary.Encode(scope, x)
			return Add(ReduceAllSum(Square(out.Pooled)), ReduceAllSum(Sin(out.Tokens)))
		},
		"ConvNeXt": func(scope *model.Scope, x *Node) *Node {
			return ReduceAllSum(Sin(tinyConvNeXt.Encode(scope, x).Pooled))
		},
	} {
		store := model.NewStore()
		var names []string
		build := func(scope *model.Scope, in []*Node) []*Node {
			loss := build(scope, in[0])
			var nodes []*Node
			names = nil
			for v := range scope.IterVariables() {
				names = append(names, v.Path())
				nodes = append(nodes, v.NodeValue(loss.Graph()))
			}
			return Gradient(loss, nodes...)
		}
		apply(t, store, build, images(2, 10))
		scramble(t, store.Scope("/encoder"))
		for i, gradient := range apply(t, store, build, images(2, 10)) {
			var largest float64
			for _, g := range tensors.MustCopyFlatData[float32](gradient) {
				largest = max(largest, math.Abs(float64(g)))
			}
			if largest < 1e-6 || math.IsNaN(largest) || math.IsInf(largest, 0) {
				t.Errorf("%s: the gradient of %s is at most %g", name, names[i], largest)
			}
		}
	}
}

func TestViTHasTimmsNames(t *testing.T) {
	v := tinyViT
	store, want := initialised(t, v, images(2, 8), false)
	weights, err := Weights(store.Scope("/encoder"))
	if err != nil {
		t.Fatal(err)
	}
	shape := map[string][]int{}
	byName := map[string]Tensor{}
	for _, w := range weights {
		shape[w.Name], byName[w.Name] = w.Shape, w
	}
	for name, want := range map[string][]int{ // As timm.create_model("vit_tiny_patch16_224").state_dict() has them, for these sizes.
		"cls_token": {1, 1, 16}, "pos_embed": {1, 17, 16}, "patch_embed.proj.weight": {16, 3, 2, 2}, "patch_embed.proj.bias": {16},
		"blocks.1.norm1.weight": {16}, "blocks.1.norm2.bias": {16}, "blocks.0.attn.qkv.weight": {48, 16},
		"blocks.0.attn.qkv.bias": {48}, "blocks.0.attn.proj.weight": {16, 16}, "blocks.0.mlp.fc1.weight": {64, 16},
		"blocks.0.mlp.fc2.weight": {16, 64}, "norm.weight": {16}, "norm.bias": {16},
	} {
		if !slices.Equal(shape[name], want) {
			t.Errorf("%s has shape %v, want %v", name, shape[name], want)
		}
	}
	if want := 4 + 2*12 + 2; len(weights) != want {
		t.Errorf("%d weights, want %d", len(weights), want)
	}
	other, _ := initialised(t, v, images(2, 8), false)
	scramble(t, other.Scope("/encoder"))
	if err := SetWeights(other.Scope("/encoder"), byName); err != nil {
		t.Fatal(err)
	}
	got := apply(t, other, func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{v.Encode(scope, in[0]).Pooled}
	}, images(2, 8))
	if !got[0].Equal(want[0]) {
		t.Error("the output differs after the weights travelled")
	}
}

// As timm.create_model("vit_tiny_patch16_224", init_values=1e-5).state_dict() has them.
func TestLayerScaleHasTimmsNamesAndStartsAtItsValue(t *testing.T) {
	v := tinyViT
	v.LayerScale = 1e-5
	store, _ := initialised(t, v, images(2, 8), false)
	weights, err := Weights(store.Scope("/encoder"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, w := range weights {
		if !strings.HasSuffix(w.Name, ".gamma") {
			continue
		}
		found[w.Name] = true
		if !slices.Equal(w.Shape, []int{16}) || w.Data[3] != 1e-5 {
			t.Errorf("%s has shape %v and starts at %g", w.Name, w.Shape, w.Data[3])
		}
	}
	for _, name := range []string{"blocks.0.ls1.gamma", "blocks.0.ls2.gamma", "blocks.1.ls1.gamma", "blocks.1.ls2.gamma"} {
		if !found[name] {
			t.Errorf("there is no %s", name)
		}
	}
	if len(found) != 4 {
		t.Errorf("%d scales, want 4: %v", len(found), found)
	}
}

func TestTransformersStayCloseInBFloat16(t *testing.T) {
	for _, test := range []struct {
		encoder Encoder
		size    int
	}{{tinyViT, 8}, {tinyConvNeXt, 12}} {
		store, want := initialised(t, test.encoder, images(2, test.size), false)
		got := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
			out := test.encoder.Encode(scope, ConvertDType(in[0], dtypes.BFloat16))
			if out.Pooled.DType() != dtypes.BFloat16 || out.Map.DType() != dtypes.BFloat16 {
				t.Errorf("%s: the output is %s and %s, want bfloat16", test.encoder.Name(), out.Pooled.DType(), out.Map.DType())
			}
			return []*Node{ConvertDType(out.Pooled, dtypes.Float32)}
		}, images(2, test.size))
		if d := far(t, got[0], want[0]); d > .05 {
			t.Errorf("%s: bfloat16 is %g away from float32", test.encoder.Name(), d)
		}
	}
}

func TestViTCheck(t *testing.T) {
	for field, bad := range map[string]ViT{
		"Patch is -1; it must be at least 1 (0 means 16)": {Patch: -1}, "Width": {Width: -1}, "Depth": {Depth: -2}, "Heads": {Heads: 5}, "MLPRatio": {MLPRatio: -1},
		"Pool is": {Pool: 3}, "Pool is ClassToken": {Pool: MeanPatches, Projection: 4}, "Projection": {Projection: -1},
		"MLPRatio is 0.001; it must be at least 1/384": {MLPRatio: .001}, "Activation": {Activation: 3}, "AttentionBias": {AttentionBias: -1},
		"NormEpsilon": {NormEpsilon: -1}, "a multiple of 4 × Heads, which is 6, with Positions Rotary": {Width: 12, Heads: 6, Positions: Rotary},
		"NoClassPosition": {Positions: Rotary, NoClassPosition: true},
		"Positions is":    {Positions: -1}, "a multiple of 4 with": {Width: 6, Positions: SineCosine}, "Registers": {Registers: -1},
		"LayerScale": {LayerScale: -1}, "StochasticDepth": {StochasticDepth: 1}, "StochasticDepth is NaN": {StochasticDepth: math.NaN()}, "Size": {Size: 40},
		"multiples of Patch": {Patch: 5},
	} {
		if err := bad.Check(32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := (ViT{}).Check(32, 48); err != nil {
		t.Error(err)
	}
	v := tinyViT
	v.Pool = MeanPatches
	store := model.NewStore()
	exec := model.MustNewExec(devicetest.Backend(t), store, func(scope *model.Scope, x *Node) *Node { return v.Attention(scope, x) })
	if _, err := exec.Call(images(1, 8)); err == nil || !strings.Contains(err.Error(), "Pool") {
		t.Errorf("Attention without a class token: error %v", err)
	}
	for want, v := range map[string]ViT{
		"vit2-w16-h2-p2-mean": v, "vit12-w384-h6-p16-sincos-r4": {Registers: 4, Positions: SineCosine}, "vit12-w192-h3-p16": ViTTiny,
		"vit12-w384-h6-p16-ls":                                     {LayerScale: .1},
		"vit12-w768-h12-p16-quickgelu-prenorm-eps1e-05":            ViTBaseCLIP,
		"vit12-w384-h6-p16-swiglu-nokeybias-rotary-r4-eps1e-05-ls": ViTSmallPlusDINOv3,
		"vit40-w1408-h22-p16-mlp4.364-mean":                        {Width: 1408, Depth: 40, MLPRatio: 48. / 11, Pool: MeanPatches},
		"vit12-w384-h6-p16-noqkvbias-meanbeside":                   {AttentionBias: NoAttentionBias, Pool: MeanBesideClassToken},
		"vit12-w384-h6-p16-proj512":                                {Projection: 512},
	} {
		if got := v.Name(); got != want {
			t.Errorf("name %q, want %q", got, want)
		}
	}
}
