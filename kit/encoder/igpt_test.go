package encoder

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

var tinyIGPT = IGPT{Side: 3, Levels: 2, Width: 8, Depth: 3, Heads: 2}

func TestIGPTCostIsThePublishedOne(t *testing.T) {
	// Parameters as section 3.2 of the paper has them: iGPT-S 76 million, iGPT-M 455 million,
	// iGPT-L 1.4 billion.
	for _, want := range []struct {
		igpt             IGPT
		millions, within float64
	}{{IGPT{}, 76, .5}, {IGPT{Width: 1024, Depth: 36}, 455, 1}, {IGPT{Width: 1536, Depth: 48}, 1400, 50}} {
		if got := float64(want.igpt.Cost(32, 32).Params) / 1e6; math.Abs(got-want.millions) > want.within {
			t.Errorf("%s has %.1f million parameters, want %g", want.igpt.Name(), got, want.millions)
		}
	}
	// By hand, of the tiny one: 9 pixels times the 12 × 8² weights of a block, and 9 × 9 × 8 for
	// each product of attention.
	if got, want := tinyIGPT.Cost(9, 9).MultiplyAdds, int64(3*(9*12*64+2*81*8)); got != want {
		t.Errorf("%d multiply-adds, want %d", got, want)
	}
}

func TestIGPTShapesAndParameters(t *testing.T) {
	for _, change := range []func(e *IGPT){
		func(e *IGPT) {},
		func(e *IGPT) { e.Layer = 3 },
		func(e *IGPT) { e.Layer, e.MLPRatio, e.Levels, e.Side, e.Depth = 1, 2, 3, 2, 1 },
	} {
		e := tinyIGPT
		change(&e)
		store, outputs := initialised(t, e, images(2, 6), false)
		if err := outputs[0].Shape().Check(dtypes.Float32, 2, 8); err != nil {
			t.Errorf("%s: pooled: %v", e.Name(), err)
		}
		if err := outputs[1].Shape().Check(dtypes.Float32, 2, e.Side, e.Side, 8); err != nil {
			t.Errorf("%s: map: %v", e.Name(), err)
		}
		params := trainable(store)
		if want := e.Cost(6, 6).Params; params != want {
			t.Errorf("%s has %d trainable parameters, Cost says %d", e.Name(), params, want)
		}
		past := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
			past, next := e.EncodePast(scope, in[0])
			return []*Node{past, next}
		}, images(2, 6))
		if err := past[0].Shape().Check(dtypes.Float32, 2, e.Side*e.Side, 8); err != nil {
			t.Errorf("%s: past: %v", e.Name(), err)
		}
		if err := past[1].Shape().Check(dtypes.Int32, 2, e.Side*e.Side); err != nil {
			t.Errorf("%s: next: %v", e.Name(), err)
		}
		if trainable(store) != params {
			t.Errorf("%s: EncodePast makes other variables than Encode", e.Name())
		}
	}
}

func TestPaletteByHand(t *testing.T) {
	// Of 4 levels: below 1/4 is level 0, from 3/4 on is level 3, also beyond the ends of [0, 1].
	palette := Palette{Levels: 4, Std: [3]float64{1, 1, 1}}
	colours := [][][][]float32{{{{0, 0, 0}, {1, 1, 1}, {.2, .3, .8}, {.26, .74, .49}, {-.1, 1.2, .5}}}}
	out := apply(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{palette.Indices(in[0])}
	}, colours)
	want := []int32{0, 63, 0 + 4*1 + 3, 16*1 + 4*2 + 1, 0 + 4*3 + 2}
	if got := out[0].Value().([][][]int32)[0][0]; !slices.Equal(got, want) {
		t.Errorf("colours %v, want %v", got, want)
	}
	if got, want := palette.Colour(16*1+4*2+3), [3]float64{.375, .625, .875}; got != want {
		t.Errorf("colour %v, want %v", got, want)
	}
}

func TestPaletteThereAndBack(t *testing.T) {
	for _, levels := range []int{2, 3, 8} {
		palette := IGPT{Levels: levels}.Palette()
		if palette.Size() != levels*levels*levels {
			t.Errorf("%d levels have %d colours", levels, palette.Size())
		}
		normalised := make([]float32, 0, 3*palette.Size())
		for i := range palette.Size() {
			for c, v := range palette.Colour(i) {
				v += .49 / float64(levels) * math.Sin(float64(7*i+c)) // Within the colour's part of [0, 1].
				normalised = append(normalised, float32((v-palette.Mean[c])/palette.Std[c]))
			}
		}
		out := apply(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
			return []*Node{palette.Indices(in[0])}
		}, tensors.FromFlatDataAndDimensions(normalised, 1, 1, palette.Size(), 3))
		for i, index := range tensors.MustCopyFlatData[int32](out[0]) {
			if int(index) != i {
				t.Errorf("of %d levels, colour %d comes back as %d", levels, i, index)
			}
		}
	}
}

func TestIGPTReadsMeansOverRectangles(t *testing.T) {
	// An image of 2 × 4 pixels becomes one of 2 × 2: means of pairs side by side.
	e := IGPT{Side: 2, Levels: 2, Width: 4, Depth: 1, Std: [3]float64{1, 1, 1}}
	red := func(values ...float32) (row [][]float32) {
		for _, v := range values {
			row = append(row, []float32{v, 0, 1})
		}
		return row
	}
	out := apply(t, model.NewStore(), func(_ *model.Scope, in []*Node) []*Node {
		return []*Node{e.pixels(in[0])}
	}, [][][][]float32{{red(.9, .3, .3, .5), red(0, .9, .2, 1)}})
	if got, want := out[0].Value().([][]int32)[0], []int32{5, 1, 1, 5}; !slices.Equal(got, want) {
		t.Errorf("pixels %v, want %v", got, want)
	}
}

func TestIGPTSeesOnlyWhatCameBefore(t *testing.T) {
	for _, layer := range []int{1, 3} {
		e := tinyIGPT
		e.Layer = layer
		store, _ := initialised(t, e, images(2, 3), false)
		scramble(t, store.Scope("/encoder"))
		encode := func(x *tensors.Tensor) []*tensors.Tensor {
			return apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
				past, next := e.EncodePast(scope, in[0])
				return []*Node{past, e.Encode(scope, in[0]).Tokens, next}
			}, x)
		}
		before := encode(images(2, 3))
		for pixel := range 9 {
			data := tensors.MustCopyFlatData[float32](images(2, 3))
			for c := range 3 {
				data[pixel*3+c] = float32(math.Copysign(3, -float64(data[pixel*3+c]))) // Of the first image, to the other end.
			}
			after := encode(tensors.FromFlatDataAndDimensions(data, 2, 3, 3, 3))
			was, is := before[2].Value().([][]int32), after[2].Value().([][]int32)
			if was[0][pixel] == is[0][pixel] {
				t.Fatalf("pixel %d has the same colour", pixel)
			}
			for which, name := range []string{"past", "tokens"} {
				a, b := before[which].Value().([][][]float32), after[which].Value().([][][]float32)
				for place := range 9 {
					if same := slices.Equal(a[0][place], b[0][place]); same != (place <= pixel) {
						t.Errorf("layer %d, %s: place %d is the same: %t, with another pixel %d", layer, name, place, same, pixel)
					}
					if !slices.Equal(a[1][place], b[1][place]) {
						t.Errorf("layer %d, %s: place %d of another image moves", layer, name, place)
					}
				}
			}
		}
	}
}

// referenceIGPT returns what each norm says that follows a block, slowly and in float64:
// [layer][pixel][dim].
func referenceIGPT(e IGPT, w map[string]Tensor, colours []int32) (layers [][][]float64) {
	e = e.WithDefaults()
	row := func(name string, i int) []float64 {
		v := make([]float64, e.Width)
		for d := range v {
			v[d] = float64(w[name].Data[i*e.Width+d])
		}
		return v
	}
	x := [][]float64{plus(row("start_token", 0), row("pos_embed", 0))}
	for i := 1; i < len(colours); i++ {
		x = append(x, plus(row("colour_embed", int(colours[i-1])), row("pos_embed", i)))
	}
	return referenceCausal(w, e.Depth, e.Heads, x)
}

// referenceCausal is the blocks of causal attention and perceptrons on what enters the first:
// [layer][place][dim].
func referenceCausal(w map[string]Tensor, depth, heads int, x [][]float64) (layers [][][]float64) {
	width := len(x[0])
	normed := func(name string) [][]float64 {
		y := make([][]float64, len(x))
		for i := range x {
			y[i] = referenceNorm(w, name, x[i])
		}
		return y
	}
	d := width / heads
	for block := range depth {
		name := fmt.Sprintf("blocks.%d", block)
		in := normed(name + ".norm1")
		if block > 0 {
			layers = append(layers, in)
		}
		var qkv [][]float64
		for _, token := range in {
			qkv = append(qkv, referenceLinear(w, name+".attn.qkv", token))
		}
		for i := range x {
			read := make([]float64, width)
			for head := range heads {
				scores, sum := make([]float64, i+1), 0.
				for j := range scores {
					for k := range d {
						scores[j] += qkv[i][head*d+k] * qkv[j][width+head*d+k] / math.Sqrt(float64(d))
					}
					scores[j] = math.Exp(scores[j])
					sum += scores[j]
				}
				for j := range scores {
					for k := range d {
						read[head*d+k] += scores[j] / sum * qkv[j][2*width+head*d+k]
					}
				}
			}
			x[i] = plus(x[i], referenceLinear(w, name+".attn.proj", read))
		}
		for i, token := range normed(name + ".norm2") {
			hidden := referenceGelu(referenceLinear(w, name+".mlp.fc1", token))
			x[i] = plus(x[i], referenceLinear(w, name+".mlp.fc2", hidden))
		}
	}
	return append(layers, normed("norm"))
}

func TestIGPTIsTheFormula(t *testing.T) {
	x := images(2, 6)
	store, _ := initialised(t, tinyIGPT, x, false)
	weights := scramble(t, store.Scope("/encoder"))
	out := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
		past, next := tinyIGPT.EncodePast(scope, in[0])
		outputs := []*Node{next, past}
		for layer := 1; layer <= tinyIGPT.Depth; layer++ {
			e := tinyIGPT
			e.Layer = layer
			encoded := e.Encode(scope, in[0])
			outputs = append(outputs, encoded.Tokens, encoded.Pooled, Reshape(encoded.Map, 2, 9, 8))
		}
		return outputs
	}, x)
	close := func(what string, got []float32, want []float64) {
		for d := range want {
			if math.Abs(float64(got[d])-want[d]) > 1e-4 {
				t.Errorf("%s, feature %d: %g, want %g", what, d, got[d], want[d])
			}
		}
	}
	for n, colours := range out[0].Value().([][]int32) {
		layers := referenceIGPT(tinyIGPT, weights, colours)
		for i := range colours {
			close(fmt.Sprintf("image %d, past of pixel %d", n, i), out[1].Value().([][][]float32)[n][i], layers[2][i])
		}
		for layer, want := range layers {
			mean := make([]float64, 8)
			for i := range colours {
				close(fmt.Sprintf("image %d, layer %d, token %d", n, layer+1, i), out[2+3*layer].Value().([][][]float32)[n][i], want[i])
				for d := range mean {
					mean[d] += want[i][d] / 9
				}
			}
			close(fmt.Sprintf("image %d, layer %d, pooled", n, layer+1), out[3+3*layer].Value().([][]float32)[n], mean)
			if !out[2+3*layer].Equal(out[4+3*layer]) {
				t.Error("map and tokens differ")
			}
		}
	}
}

func TestIGPTGradientsReachEveryVariable(t *testing.T) {
	store := model.NewStore()
	var names []string
	build := func(scope *model.Scope, in []*Node) []*Node {
		past, _ := tinyIGPT.EncodePast(scope, in[0])
		var nodes []*Node
		names = nil
		for v := range scope.IterVariables() {
			names, nodes = append(names, v.Path()), append(nodes, v.NodeValue(past.Graph()))
		}
		return Gradient(ReduceAllSum(Sin(past)), nodes...)
	}
	apply(t, store, build, images(2, 6))
	scramble(t, store.Scope("/encoder"))
	for i, gradient := range apply(t, store, build, images(2, 6)) {
		var largest float64
		for _, g := range tensors.MustCopyFlatData[float32](gradient) {
			largest = max(largest, math.Abs(float64(g)))
		}
		if !(largest > 1e-6) || math.IsInf(largest, 0) {
			t.Errorf("the gradient of %s is at most %g", names[i], largest)
		}
	}
}

func TestIGPTWeightsTravelAndBFloat16IsClose(t *testing.T) {
	x := images(2, 6)
	store, want := initialised(t, tinyIGPT, x, false)
	weights, err := Weights(store.Scope("/encoder"))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Tensor{}
	for _, w := range weights {
		byName[w.Name] = w
	}
	for name, shape := range map[string][]int{
		"colour_embed": {1, 8, 8}, "pos_embed": {1, 9, 8}, "start_token": {1, 1, 8}, "norm.weight": {8},
		"blocks.2.norm1.bias": {8}, "blocks.0.attn.qkv.weight": {24, 8}, "blocks.1.mlp.fc2.weight": {8, 32},
	} {
		if got := byName[name].Shape; !slices.Equal(got, shape) {
			t.Errorf("%s has shape %v, want %v", name, got, shape)
		}
	}
	if want := 3 + 3*12 + 2; len(weights) != want {
		t.Errorf("%d weights, want %d", len(weights), want)
	}
	other, _ := initialised(t, tinyIGPT, x, false)
	scramble(t, other.Scope("/encoder"))
	if err := SetWeights(other.Scope("/encoder"), byName); err != nil {
		t.Fatal(err)
	}
	got := apply(t, other, func(scope *model.Scope, in []*Node) []*Node {
		rough := tinyIGPT.Encode(scope, ConvertDType(in[0], dtypes.BFloat16)).Pooled
		if rough.DType() != dtypes.BFloat16 {
			t.Errorf("the output is %s, want bfloat16", rough.DType())
		}
		return []*Node{tinyIGPT.Encode(scope, in[0]).Pooled, ConvertDType(rough, dtypes.Float32)}
	}, x)
	if !got[0].Equal(want[0]) {
		t.Error("the output differs after the weights travelled")
	}
	if d := far(t, got[1], want[0]); d > .05 {
		t.Errorf("bfloat16 is %g away from float32", d)
	}
}

func TestIGPTCheck(t *testing.T) {
	for field, bad := range map[string]IGPT{
		"Side is 1; it must be at least 2 (0 means 32)": {Side: 1}, "Side is 5": {Side: 5}, "Side is 64": {Side: 64}, "Levels is 1": {Levels: 1},
		"Levels is 33": {Levels: 33}, "Width": {Width: -1}, "Depth": {Depth: -2}, "Heads": {Heads: 5}, "MLPRatio": {MLPRatio: -1},
		"Layer is -1": {Layer: -1}, "[1, 24]": {Layer: 25}, "Std": {Mean: [3]float64{.5, .5, .5}},
	} {
		if err := bad.Check(32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if err := (IGPT{}).Check(32, 64); err != nil {
		t.Error(err)
	}
	for want, e := range map[string]IGPT{
		"igpt24-w512-h8-s32-l8": {}, "igpt3-w8-h2-s3-l2": tinyIGPT, "igpt4-w96-h1-s8-l4-mlp2-at4": {
			Side: 8, Levels: 4, Width: 96, Depth: 4, MLPRatio: 2, Layer: 4,
		},
	} {
		if got := e.Name(); got != want {
			t.Errorf("name %q, want %q", got, want)
		}
	}
}
