package encoder

import (
	"math"
	"math/cmplx"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The formulas of a ViT, slowly and in float64, on weights under timm's names and with timm's
// layouts.

// scramble gives all variables in scope values far from their initial ones, so that nothing hides
// behind a 0 or a 1.
func scramble(t *testing.T, scope *model.Scope) map[string]Tensor {
	t.Helper()
	n := 0
	for v := range scope.IterVariables() {
		data := make([]float32, v.Shape().Size())
		for i := range data {
			data[i] = .6 * float32(math.Sin(1.7*float64(n)+.3*float64(i*i%101)))
			n++
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(data, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	weights, err := Weights(scope)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Tensor{}
	for _, w := range weights {
		byName[w.Name] = w
	}
	return byName
}

// referenceLinear is W x + b with PyTorch's layout: W is [out, in].
func referenceLinear(w map[string]Tensor, name string, x []float64) []float64 {
	weight, bias := w[name+".weight"], w[name+".bias"]
	y := make([]float64, weight.Shape[0])
	for o := range y {
		if bias.Data != nil {
			y[o] = float64(bias.Data[o])
		}
		for i := range x {
			y[o] += float64(weight.Data[o*len(x)+i]) * x[i]
		}
	}
	return y
}

func referenceNorm(w map[string]Tensor, name string, x []float64) []float64 {
	return referenceNormWith(1e-6, w, name, x)
}

func referenceNormWith(epsilon float64, w map[string]Tensor, name string, x []float64) []float64 {
	var mean, variance float64
	n := float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / n
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = (v-mean)/math.Sqrt(variance+epsilon)*float64(w[name+".weight"].Data[i]) + float64(w[name+".bias"].Data[i])
	}
	return y
}

func referenceGelu(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v * .5 * (1 + math.Erf(v/math.Sqrt2))
	}
	return y
}

// referenceHidden are the hidden features of a perceptron.
func referenceHidden(between Activation, w map[string]Tensor, name string, x []float64) []float64 {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	switch between {
	case QuickGELU:
		y := referenceLinear(w, name, x)
		for i, v := range y {
			y[i] = v * sigmoid(1.702*v)
		}
		return y
	case SwiGLU:
		gate, y := referenceLinear(w, name+"_g", x), referenceLinear(w, name+"_x", x)
		for i, g := range gate {
			y[i] *= g * sigmoid(g)
		}
		return y
	default:
		return referenceGelu(referenceLinear(w, name, x))
	}
}

// referenceTurn turns a head's features of the patch at a place of a square grid: as complex numbers,
// of a feature in the first half and its partner in the second, the first quarter by the row.
func referenceTurn(x []float64, row, column, side int) {
	half := len(x) / 2
	for i := range half {
		place, k := row, i
		if i >= half/2 {
			place, k = column, i-half/2
		}
		coordinate := 2*(float64(place)+.5)/float64(side) - 1
		period := math.Pow(100, float64(k)/float64(half/2))
		turned := complex(x[i], x[half+i]) * cmplx.Exp(complex(0, 2*math.Pi*coordinate/period))
		x[i], x[half+i] = real(turned), imag(turned)
	}
}

// referenceScale multiplies by the factors of a branch's LayerScale, as timm's VisionTransformer or
// its Eva names them, if there are any.
func referenceScale(w map[string]Tensor, block, branch string, x []float64) []float64 {
	gamma, ok := w[block+".ls"+branch+".gamma"]
	if !ok {
		gamma, ok = w[block+".gamma_"+branch]
	}
	if !ok {
		return x
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v * float64(gamma.Data[i])
	}
	return y
}

func plus(x, y []float64) []float64 {
	sum := make([]float64, len(x))
	for i := range x {
		sum[i] = x[i] + y[i]
	}
	return sum
}

// referenceViT returns the tokens behind the last norm, the class token first, and how much that
// reads from each token in the last block, for every head. image is [side × side × 3].
func referenceViT(v ViT, w map[string]Tensor, image []float32, side int) (tokens [][]float64, reads [][]float64) {
	v = v.WithDefaults()
	position := func(i int) []float64 {
		p := make([]float64, v.Width)
		if v.Positions == Rotary {
			return p
		}
		for d := range p {
			p[d] = float64(w["pos_embed"].Data[i*v.Width+d])
		}
		return p
	}
	class := make([]float64, v.Width)
	for d := range class {
		class[d] = float64(w["cls_token"].Data[d])
	}
	x := [][]float64{plus(class, position(0))}
	for row := range side / v.Patch {
		for column := range side / v.Patch {
			var pixels []float64 // As PyTorch's kernel has them: [3, patch, patch].
			for c := range 3 {
				for i := range v.Patch {
					for j := range v.Patch {
						pixels = append(pixels, float64(image[((row*v.Patch+i)*side+column*v.Patch+j)*3+c]))
					}
				}
			}
			x = append(x, plus(referenceLinear(w, "patch_embed.proj", pixels), position(len(x))))
		}
	}
	if v.PreNorm {
		for i := range x {
			x[i] = referenceNormWith(v.epsilon(), w, "norm_pre", x[i])
		}
	}
	for block := range v.Depth {
		name := "blocks." + string(rune('0'+block))
		var qkv [][]float64
		for _, token := range x {
			qkv = append(qkv, referenceLinear(w, name+".attn.qkv", referenceNormWith(v.epsilon(), w, name+".norm1", token)))
			for i := range v.Width {
				if v.AttentionBias == QueryValueBias {
					qkv[len(qkv)-1][i] += float64(w[name+".attn.q_bias"].Data[i])
					qkv[len(qkv)-1][2*v.Width+i] += float64(w[name+".attn.v_bias"].Data[i])
				}
			}
		}
		d := v.Width / v.Heads
		if v.Positions == Rotary {
			for i := range x[1:] { // The class token stays.
				for head := range 2 * v.Heads { // Of the queries, then of the keys.
					referenceTurn(qkv[i+1][head*d:][:d], i/(side/v.Patch), i%(side/v.Patch), side/v.Patch)
				}
			}
		}
		reads = make([][]float64, v.Heads)
		for i := range x {
			read := make([]float64, v.Width)
			for head := range v.Heads {
				scores, sum := make([]float64, len(x)), 0.
				for j := range x {
					for k := range d {
						scores[j] += qkv[i][head*d+k] * qkv[j][v.Width+head*d+k] / math.Sqrt(float64(d))
					}
					scores[j] = math.Exp(scores[j])
					sum += scores[j]
				}
				for j := range x {
					scores[j] /= sum
					for k := range d {
						read[head*d+k] += scores[j] * qkv[j][2*v.Width+head*d+k]
					}
				}
				if i == 0 {
					reads[head] = scores
				}
			}
			x[i] = plus(x[i], referenceScale(w, name, "1", referenceLinear(w, name+".attn.proj", read)))
		}
		for i := range x {
			hidden := referenceHidden(v.Activation, w, name+".mlp.fc1", referenceNormWith(v.epsilon(), w, name+".norm2", x[i]))
			x[i] = plus(x[i], referenceScale(w, name, "2", referenceLinear(w, name+".mlp.fc2", hidden)))
		}
	}
	for i := range x {
		x[i] = referenceNormWith(v.epsilon(), w, "norm", x[i])
	}
	return x, reads
}

func TestViTIsTheFormula(t *testing.T) {
	testFormula(t, ViT{Patch: 2, Width: 8, Depth: 2, Heads: 2, Size: 4})
}

func TestViTWithLayerScaleIsTheFormula(t *testing.T) {
	testFormula(t, ViT{Patch: 2, Width: 8, Depth: 2, Heads: 2, Size: 4, LayerScale: 1e-5})
}

func TestViTOfCLIPIsTheFormula(t *testing.T) {
	testFormula(t, ViT{Patch: 2, Width: 8, Depth: 2, Heads: 2, Size: 4, PreNorm: true, NormEpsilon: .1, Activation: QuickGELU})
}

func TestViTOfDINOv3IsTheFormula(t *testing.T) {
	testFormula(t, ViT{Patch: 2, Width: 16, Depth: 2, Heads: 2, Positions: Rotary, AttentionBias: QueryValueBias, LayerScale: 1e-5, NormEpsilon: 1e-5})
	testFormula(t, ViT{Patch: 2, Width: 16, Depth: 2, Heads: 2, Positions: Rotary, AttentionBias: NoAttentionBias, Activation: SwiGLU})
}

func testFormula(t *testing.T, v ViT) {
	t.Helper()
	x := images(3, 4)
	store, _ := initialised(t, v, x, false)
	weights := scramble(t, store.Scope("/encoder"))
	outputs := apply(t, store, func(scope *model.Scope, in []*Node) []*Node {
		out := v.Encode(scope, in[0])
		return []*Node{out.Pooled, out.Tokens, v.Attention(scope, in[0])}
	}, x)
	pooled, tokens := outputs[0].Value().([][]float32), outputs[1].Value().([][][]float32)
	attention := outputs[2].Value().([][][][]float32)
	pixels := tensors.MustCopyFlatData[float32](x)
	for n := range 3 {
		want, reads := referenceViT(v, weights, pixels[n*48:(n+1)*48], 4)
		for d := range v.Width {
			if math.Abs(float64(pooled[n][d])-want[0][d]) > 1e-4 {
				t.Errorf("image %d, pooled feature %d: %g, want %g", n, d, pooled[n][d], want[0][d])
			}
			for i := range 4 {
				if math.Abs(float64(tokens[n][i][d])-want[i+1][d]) > 1e-4 {
					t.Errorf("image %d, token %d, feature %d: %g, want %g", n, i, d, tokens[n][i][d], want[i+1][d])
				}
			}
		}
		for head := range 2 {
			for i := range 4 {
				if got, want := float64(attention[n][head][i/2][i%2]), reads[head][i+1]; math.Abs(got-want) > 1e-5 {
					t.Errorf("image %d, head %d reads %g from patch %d, want %g", n, head, got, i, want)
				}
			}
		}
	}
}
