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

var tinyConvNeXt = ConvNeXt{Depths: [4]int{1, 1, 2, 1}, Widths: [4]int{4, 6, 8, 10}, Stem: 1}

func TestConvNeXtCostIsThePublishedOne(t *testing.T) {
	// Parameters with a classifier of 1000 classes, and multiply-adds at 224 pixels, as
	// torchvision's pages of convnext_tiny, _small and _base give them
	// (https://pytorch.org/vision/stable/models.html).
	for _, want := range []struct {
		convNeXt         ConvNeXt
		params           int64
		gigaMultiplyAdds float64
	}{
		{ConvNeXtTiny, 28_589_128, 4.456}, {ConvNeXt{}, 28_589_128, 4.456}, {ConvNeXtSmall, 50_223_688, 8.684},
		{ConvNeXtBase, 88_591_464, 15.355},
	} {
		cost := want.convNeXt.Cost(224, 224)
		classifier := int64(1000*want.convNeXt.Dim() + 1000)
		if got := cost.Params + classifier; got != want.params {
			t.Errorf("%s has %d parameters, want %d", want.convNeXt.Name(), got, want.params)
		}
		if got := float64(cost.MultiplyAdds+classifier) / 1e9; math.Abs(got/want.gigaMultiplyAdds-1) > .01 {
			t.Errorf("%s takes %.3f billion multiply-adds, want %.3f", want.convNeXt.Name(), got, want.gigaMultiplyAdds)
		}
	}
	// timm's card of convnext_atto: 3.7 million parameters, and 0.55 billion in its results files,
	// with a stem of 4.
	atto := ConvNeXtAtto
	atto.Stem = 4
	cost := atto.Cost(224, 224)
	if params := cost.Params + 321_000; math.Abs(float64(params)-3.7e6) > .05e6 || math.Abs(float64(cost.MultiplyAdds)-.55e9) > .01e9 {
		t.Errorf("%s: %+v", atto.Name(), cost)
	}
}

func TestConvNeXtShapesNamesAndWeights(t *testing.T) {
	c := tinyConvNeXt
	c.Stem = 2
	store, want := initialised(t, c, images(3, 18), false) // 9, 4, 2, 1 pixels: two cuts of a remainder.
	if err := want[0].Shape().Check(dtypes.Float32, 3, 10); err != nil {
		t.Error("pooled:", err)
	}
	if err := want[1].Shape().Check(dtypes.Float32, 3, 1, 1, 10); err != nil {
		t.Error("map:", err)
	}
	if got, want := trainable(store), c.Cost(18, 18).Params; got != want {
		t.Errorf("%d trainable parameters, Cost says %d", got, want)
	}
	weights, err := Weights(store.Scope("/encoder"))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Tensor{}
	for _, w := range weights {
		byName[w.Name] = w
	}
	for name, want := range map[string][]int{ // As timm.create_model("convnext_tiny").state_dict() has them, for these sizes.
		"stem.0.weight": {4, 3, 2, 2}, "stem.0.bias": {4}, "stem.1.weight": {4}, "stages.1.downsample.0.weight": {4},
		"stages.1.downsample.1.weight": {6, 4, 2, 2}, "stages.2.blocks.1.conv_dw.weight": {8, 1, 7, 7},
		"stages.2.blocks.1.conv_dw.bias": {8}, "stages.0.blocks.0.norm.bias": {4}, "stages.0.blocks.0.mlp.fc1.weight": {16, 4},
		"stages.0.blocks.0.mlp.fc2.weight": {4, 16}, "stages.3.blocks.0.gamma": {10}, "head.norm.weight": {10},
	} {
		if !slices.Equal(byName[name].Shape, want) {
			t.Errorf("%s has shape %v, want %v", name, byName[name].Shape, want)
		}
	}
	if gamma := byName["stages.2.blocks.1.gamma"].Data[3]; gamma != 1e-6 {
		t.Errorf("the scale of a branch starts at %g, want 1e-6", gamma)
	}
	other, _ := initialised(t, c, images(3, 18), true)
	scramble(t, other.Scope("/encoder"))
	if err := SetWeights(other.Scope("/encoder"), byName); err != nil {
		t.Fatal(err)
	}
	got := apply(t, other, func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{c.Encode(scope, in[0]).Pooled}
	}, images(3, 18))
	if !got[0].Equal(want[0]) {
		t.Error("the output differs after the weights travelled")
	}
}

// The three ways to convolve agree with each other and with GoMLX's convolution, and so do their
// gradients.
func TestDepthwiseConvolutionsAgree(t *testing.T) {
	for _, size := range [][3]int{{9, 10, 3}, {3, 5, 7}, {1, 2, 7}, {8, 1, 7}} { // Height, width, kernel.
		ways := []func(x, w *Node) *Node{depthwiseConv, depthwiseByShifts, depthwiseByRows, depthwiseByMap}
		outputs, err := CallOnceN(devicetest.Backend(t), func(g *Graph) []*Node {
			x := Sin(IotaFull(g, shapes.Make(dtypes.Float32, 2, size[0], size[1], 3)))
			w := Cos(IotaFull(g, shapes.Make(dtypes.Float32, size[2], size[2], 1, 3)))
			pad := size[2] / 2
			want := Convolve(x, w).ChannelGroupCount(3).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
			wantGradients := Gradient(ReduceAllSum(Sin(want)), x, w)
			var differences []*Node
			for _, way := range ways {
				got := way(x, w)
				gradients := Gradient(ReduceAllSum(Sin(got)), x, w)
				differences = append(differences, ReduceAllMax(Abs(Sub(got, want))),
					ReduceAllMax(Abs(Sub(gradients[0], wantGradients[0]))), ReduceAllMax(Abs(Sub(gradients[1], wantGradients[1]))))
			}
			return differences
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, difference := range outputs {
			if d := difference.Value().(float32); !(d < 1e-4) {
				t.Errorf("%v, way %d: %s differs by %g", size, i/3, []string{"the map", "the gradient of x", "that of the kernel"}[i%3], d)
			}
		}
	}
}

// referenceConvNeXtBlock is a block in float64, on [side × side] positions of a map.
func referenceConvNeXtBlock(w map[string]Tensor, name string, x [][]float64, side int) [][]float64 {
	out := make([][]float64, len(x))
	kernel, bias := w[name+".conv_dw.weight"].Data, w[name+".conv_dw.bias"].Data
	for p := range x {
		y := make([]float64, len(x[p]))
		for c := range y {
			y[c] = float64(bias[c])
			for i := range 7 {
				for j := range 7 {
					if row, column := p/side+i-3, p%side+j-3; 0 <= row && row < side && 0 <= column && column < side {
						y[c] += float64(kernel[(c*7+i)*7+j]) * x[row*side+column][c]
					}
				}
			}
		}
		hidden := referenceGelu(referenceLinear(w, name+".mlp.fc1", referenceNorm(w, name+".norm", y)))
		y = referenceLinear(w, name+".mlp.fc2", hidden)
		for c := range y {
			y[c] *= float64(w[name+".gamma"].Data[c])
		}
		out[p] = plus(x[p], y)
	}
	return out
}

// referenceShrink is a convolution of 2 × 2 pixels with stride 2, on weights [out, in, 2, 2].
func referenceShrink(w map[string]Tensor, name string, x [][]float64, side int) [][]float64 {
	var out [][]float64
	for row := 0; row+1 < side; row += 2 {
		for column := 0; column+1 < side; column += 2 {
			var pixels []float64
			for c := range x[0] {
				for tap := range 4 {
					pixels = append(pixels, x[(row+tap/2)*side+column+tap%2][c])
				}
			}
			out = append(out, referenceLinear(w, name, pixels))
		}
	}
	return out
}

func TestConvNeXtIsTheFormula(t *testing.T) {
	const side = 24 // The first stage has 12 × 12 pixels, more than are convolved by map.
	c := ConvNeXt{Depths: [4]int{1, 1, 1, 1}, Widths: [4]int{4, 5, 6, 8}, Stem: 2}
	x := images(1, side)
	store, _ := initialised(t, c, x, false)
	weights := scramble(t, store.Scope("/encoder"))
	out := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
		return []*Node{c.Encode(scope, in[0]).Pooled}
	}, x)
	pixels := tensors.MustCopyFlatData[float32](x)
	var positions [][]float64
	for p := range side * side {
		positions = append(positions, []float64{float64(pixels[3*p]), float64(pixels[3*p+1]), float64(pixels[3*p+2])})
	}
	norm := func(name string) {
		for p := range positions {
			positions[p] = referenceNorm(weights, name, positions[p])
		}
	}
	positions = referenceShrink(weights, "stem.0", positions, side)
	norm("stem.1")
	now := side / 2
	for stage := range 4 {
		name := "stages." + string(rune('0'+stage))
		if stage > 0 {
			norm(name + ".downsample.0")
			positions = referenceShrink(weights, name+".downsample.1", positions, now)
			now /= 2
		}
		positions = referenceConvNeXtBlock(weights, name+".blocks.0", positions, now)
	}
	mean := make([]float64, 8)
	for _, p := range positions {
		for i := range mean {
			mean[i] += p[i] / float64(len(positions))
		}
	}
	want := referenceNorm(weights, "head.norm", mean)
	for i, got := range out[0].Value().([][]float32)[0] {
		if math.Abs(float64(got)-want[i]) > 1e-4 {
			t.Errorf("feature %d: %g, want %g", i, got, want[i])
		}
	}
}

func TestConvNeXtCheck(t *testing.T) {
	for field, bad := range map[string]ConvNeXt{
		"Depths[2]": {Depths: [4]int{1, 1, 0, 1}}, "Widths[3]": {Widths: [4]int{1, 2, 3, -1}}, "Stem": {Stem: -1},
		"StochasticDepth": {StochasticDepth: -.1}, "at least 64×64": {Stem: 8},
	} {
		if err := bad.Check(32, 32); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v does not name %s", bad, err, field)
		}
	}
	if got, want := ConvNeXtAtto.Name(), "convnext2.2.6.2-w40-s2"; got != want {
		t.Errorf("name %q, want %q", got, want)
	}
	if got, want := tinyConvNeXt.Name(), "convnext1.1.2.1-w4.6.8.10-s1"; got != want {
		t.Errorf("name %q, want %q", got, want)
	}
}
