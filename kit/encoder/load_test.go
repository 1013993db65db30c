package encoder

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// otherProgram is a file of weights that benchmarks/peers/weights/golden.py has written.
type otherProgram struct {
	file    string
	encoder Encoder
	sides   []int  // Of the images whose features are in features.safetensors.
	prefix  string // Of the names in the file.
	left    string // A part of what is said of the tensors that are left out.
	naming  string
	golden  string // The name of the features, where it is not that of the file.
}

var smallViT = ViT{Patch: 14, Width: 8, Depth: 2, Heads: 2, Size: 56}

func withRegisters(v ViT) ViT {
	v.Registers, v.LayerScale = 4, 1e-5
	return v
}

func otherPrograms() []otherProgram {
	plain := ResNet{Depth: 10, Width: 2, Stem: ImageNetStem}
	deit3, mean, scaled := smallViT, smallViT, smallViT
	deit3.NoClassPosition, deit3.LayerScale = true, 1e-6
	mean.Pool = MeanPatches
	scaled.LayerScale = 1
	beside := ViT{Patch: 14, Width: 8, Depth: 2, Heads: 2, Size: 56, Pool: MeanBesideClassToken, Registers: 1, AttentionBias: NoAttentionBias, MLPRatio: 2.7}
	clip := ViT{Patch: 14, Width: 8, Depth: 2, Heads: 2, Size: 56, PreNorm: true, NormEpsilon: 1e-5, Activation: QuickGELU}
	projected, openCLIP := clip, clip
	projected.Projection, openCLIP.Projection, openCLIP.Activation = 6, 6, GELU
	ijepa := mean
	ijepa.MLPRatio = 4.5
	dinov3 := ViT{Patch: 7, Width: 16, Depth: 2, Heads: 2, Positions: Rotary, AttentionBias: QueryValueBias, Registers: 4, LayerScale: 1e-5, NormEpsilon: 1e-5}
	gated, gatedMean := dinov3, dinov3
	gated.Activation, gated.MLPRatio = SwiGLU, 3
	gatedMean.Activation, gatedMean.Pool, gatedMean.AttentionBias = SwiGLU, MeanBesideClassToken, NoAttentionBias
	convNeXt := ConvNeXt{Depths: [4]int{1, 1, 1, 1}, Widths: [4]int{4, 8, 12, 16}}
	return []otherProgram{
		{file: "resnet10", encoder: plain, sides: []int{48}, prefix: "module.", left: "fc.bias, module.fc.weight and 12 counters"},
		{file: "resnet26", encoder: ResNet{Depth: 26, Width: 2, Stem: ImageNetStem}, sides: []int{48}, left: "fc.bias, fc.weight and 29 counters"},
		{file: "convnext", encoder: convNeXt, sides: []int{64, 72}, left: "head.fc.bias, head.fc.weight"},
		{file: "vit", encoder: smallViT, sides: []int{56, 42, 84}, prefix: "backbone.", left: "backbone.head.bias, backbone.head.weight"},
		{file: "vit-registers", encoder: withRegisters(smallViT), sides: []int{56, 98}, left: "head.bias, head.weight"},
		{file: "deit3", encoder: deit3, sides: []int{56}, left: "head.bias, head.weight"},
		{file: "vit-mean", encoder: mean, sides: []int{56, 70}, left: "head.bias, head.weight"},
		{file: "vit-mean-beside", encoder: beside, sides: []int{56}, left: "head.bias, head.weight"},
		{file: "clip", encoder: clip, sides: []int{56, 84}, left: "head.bias, head.weight"},
		{file: "clip", encoder: projected, sides: []int{56}, golden: "clip-projected"},
		{file: "dinov3", encoder: dinov3, sides: []int{28, 42}},
		{file: "dinov3-gated", encoder: gatedMean, sides: []int{28, 35}},
		{file: "openclip", encoder: openCLIP, sides: []int{56}, prefix: "visual.", naming: "OpenAI's CLIP",
			left: "logit_scale, positional_embedding, text_projection, transformer.resblocks.0.ln_1.weight"},
		{file: "dinov2-authors", encoder: withRegisters(smallViT), sides: []int{56}, left: "left out: mask_token", naming: "DINOv2 with registers"},
		{file: "transformers-vit", encoder: smallViT, sides: []int{56}, left: "pooler.dense.bias, pooler.dense.weight", naming: "transformers' ViT"},
		{file: "transformers-dinov2", encoder: scaled, sides: []int{56}, left: "left out: mask_token", naming: "transformers' Dinov2"},
		{file: "transformers-dinov2-registers", encoder: withRegisters(smallViT), sides: []int{56}, left: "left out: mask_token", naming: "transformers' Dinov2"},
		{file: "transformers-resnet", encoder: plain, sides: []int{48}, left: "12 counters", naming: "transformers' ResNet"},
		{file: "transformers-convnext", encoder: convNeXt, sides: []int{64}, naming: "transformers' ConvNext"},
		{file: "transformers-clip-vision", encoder: clip, sides: []int{56}, naming: "transformers' CLIP"},
		{file: "transformers-clip", encoder: openCLIP, sides: []int{56}, prefix: "vision_model.", naming: "transformers' CLIP",
			left: "logit_scale, text_model.embeddings.position_embedding.weight, text_model.embeddings.token_embedding.weight and 19 more"},
		{file: "transformers-ijepa", encoder: ijepa, sides: []int{56}, naming: "transformers' ViT"},
		{file: "transformers-dinov3", encoder: dinov3, sides: []int{35}, left: "left out: mask_token", naming: "transformers' DINOv3ViT"},
		{file: "transformers-dinov3-gated", encoder: gated, sides: []int{28}, left: "left out: mask_token", naming: "transformers' DINOv3ViT"},
		{file: "transformers-dinov3-convnext", encoder: convNeXt, sides: []int{64}, naming: "transformers' DINOv3ConvNext"},
		{file: "torchvision-resnet", encoder: plain, sides: []int{48}, left: "fc.bias, fc.weight and 12 counters"},
		{file: "torchvision-convnext", encoder: convNeXt, sides: []int{64}, left: "head.fc.bias, head.fc.weight", naming: "torchvision's ConvNeXt"},
		{file: "torchvision-vit", encoder: smallViT, sides: []int{56}, left: "heads.head.bias, heads.head.weight", naming: "torchvision's VisionTransformer"},
	}
}

// read gives the content of a file of that program.
func (p otherProgram) read(t *testing.T) map[string]Tensor {
	t.Helper()
	weights, _, err := ReadSafetensors(filepath.Join("testdata", "weights", p.file+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return weights
}

// built is the encoder's variables, for images of side × side pixels.
func built(t *testing.T, e Encoder, side int) *model.Store {
	t.Helper()
	store, _ := initialised(t, e, images(1, side), false)
	return store
}

// sixteenImages are those of golden.py.
func sixteenImages(side int) *tensors.Tensor {
	pixels := make([]float32, 0, 16*side*side*3)
	for n := range 16 {
		for y := range side {
			for x := range side {
				for c := range 3 {
					value := (n*7 + y*13 + x*29 + c*53 + y*x*3 + n*x*y) % 256
					pixels = append(pixels, float32((float64(value)/255-.45)/.25))
				}
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(pixels, 16, side, side, 3)
}

func TestFeaturesAreThoseOfOtherPrograms(t *testing.T) {
	golden, _, err := ReadSafetensors(filepath.Join("testdata", "weights", "features.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, p := range otherPrograms() {
		t.Run(cmp.Or(p.golden, p.file), func(t *testing.T) {
			for _, side := range p.sides {
				store := built(t, p.encoder, side)
				loaded, err := Load(store.Scope("/encoder"), p.read(t))
				if err != nil {
					t.Fatal(err)
				}
				if text := loaded.String(); !strings.Contains(text, p.left) || !strings.Contains(loaded.Naming, p.naming) || loaded.Network != p.prefix {
					t.Errorf("it says %q, naming %q, network %q", text, loaded.Naming, loaded.Network)
				}
				got := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
					return []*Node{p.encoder.Encode(scope, in[0]).Pooled}
				}, sixteenImages(side))[0]
				want := golden[fmt.Sprintf("%s-%d", cmp.Or(p.golden, p.file), side)]
				if !slices.Equal(got.Shape().Dimensions, want.Shape) {
					t.Fatalf("features of shape %s, want %v", got.Shape(), want.Shape)
				}
				compared++
				var apart, all float64
				for i, x := range tensors.MustCopyFlatData[float32](got) {
					apart += math.Pow(float64(x-want.Data[i]), 2)
					all += math.Pow(float64(want.Data[i]), 2)
				}
				if relative := math.Sqrt(apart / all); !(relative < 1e-4) {
					t.Errorf("at %d pixels the features are %.2g apart, relative to their norm", side, relative)
				}
			}
		})
	}
	if compared != len(golden) {
		t.Errorf("%d of %d features are compared", compared, len(golden))
	}
}

// TestWeightsGoBackBitForBit: what timm wrote is what timm gets.
func TestWeightsGoBackBitForBit(t *testing.T) {
	for _, p := range otherPrograms() {
		if p.naming != "" {
			continue
		}
		t.Run(cmp.Or(p.golden, p.file), func(t *testing.T) {
			file := p.read(t)
			store := built(t, p.encoder, p.sides[0])
			loaded, err := Load(store.Scope("/encoder"), file)
			if err != nil {
				t.Fatal(err)
			}
			weights, err := Weights(store.Scope("/encoder"))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range weights {
				was := file[p.prefix+w.Name]
				same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
				if !slices.Equal(w.Shape, was.Shape) || !slices.EqualFunc(w.Data, was.Data, same) {
					t.Errorf("%s is not as it was", w.Name)
				}
				delete(file, p.prefix+w.Name)
			}
			if loaded.Used != len(weights) || len(file) != len(loaded.Left) {
				t.Errorf("%d used and %d left out, of %d and %d", loaded.Used, len(loaded.Left), len(weights), len(file))
			}
		})
	}
}

// TestProjectionWithoutABias: the bias of a Projection that the file does not have is 0, and does not
// count as a tensor of the file.
func TestProjectionWithoutABias(t *testing.T) {
	projected := ViT{Patch: 14, Width: 8, Depth: 2, Heads: 2, Size: 56, PreNorm: true, NormEpsilon: 1e-5, Projection: 6}
	for _, file := range []string{"openclip", "transformers-clip"} {
		weights := otherProgram{file: file}.read(t)
		store := built(t, projected, 56)
		scope := store.Scope("/encoder")
		before := scramble(t, scope)
		loaded, err := Load(scope, weights)
		if err != nil {
			t.Fatal(err)
		}
		after, err := Weights(scope)
		if err != nil {
			t.Fatal(err)
		}
		if loaded.Used != len(before)-1 {
			t.Errorf("%s: %d tensors are used, want %d", file, loaded.Used, len(before)-1)
		}
		for _, w := range after {
			if w.Name == "head.bias" && !slices.Equal(w.Data, make([]float32, 6)) {
				t.Errorf("%s: the bias is %v", file, w.Data)
			}
		}
	}
}
