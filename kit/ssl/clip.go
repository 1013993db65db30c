package ssl

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// CLIP learns representations of images and of texts in one space, in which an image is closer to
// its own caption than to those of all other images in the batch, and a caption closer to its own
// image. What was never a class can then be recognised by describing it; see eval.TextZeroShot.
//
//	recipe.Data = data.CaptionFile{From: data.ImageFolder{Path: "photos"}, Path: "captions.json"} // Or data.Shapes{}.
//	recipe.Method = ssl.CLIP{Out: 128, Text: encoder.Text{Width: 64, Depth: 2}}
//
// Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision",
// arXiv:2103.00020. The zero value is figure 3 of the paper with its text encoder, for batches of
// thousands. Captions that stand more than once in a batch count as negatives of each other, as
// they do there.
type CLIP struct {
	// Temperature divides the cosine similarities at the start, at least 0.01; it is learned, as a
	// logarithm, and never falls below 0.01. Default 0.07.
	Temperature float64
	// Out is the number of features of the space that images and texts share. Default 512.
	Out int
	// Text encodes the captions.
	Text encoder.Text
}

// largestScale is the most that the similarities are multiplied by (section 2.5 of the paper).
const largestScale = 100

var (
	_ ReadsCaptions = CLIP{}
	_ CanCollapse   = CLIP{}
)

// WithDefaults fills in the settings that were left at zero.
func (m CLIP) WithDefaults() Method {
	m.Temperature = cmp.Or(m.Temperature, .07)
	m.Out = cmp.Or(m.Out, 512)
	m.Text = m.Text.WithDefaults()
	return m
}

// Name is "clip".
func (m CLIP) Name() string { return "clip" }

// Check returns an error where a field is out of range, or where the batch holds no negatives.
func (m CLIP) Check(batch Batch) error {
	d := CLIP{}.WithDefaults().(CLIP)
	if err := m.Text.Check(); err != nil {
		return fmt.Errorf("ssl.CLIP: Text: %w", err)
	}
	return cmp.Or(
		setting.Within(1./largestScale, 1e4, "ssl.CLIP: Temperature", m.Temperature, d.Temperature),
		setting.Features(1, "ssl.CLIP: Out", m.Out, d.Out),
		twoImages("ssl.CLIP", batch, "since the others are the negatives"),
	)
}

// Views is one view: a crop of nine tenths of the image or more. Captions say what is where, and of
// what colour, so nothing is mirrored or changes its colour; the paper has random crops alone.
func (m CLIP) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.9, 1}, Interpolation: augment.Bicubic},
		augment.Normalize{},
	}}
}

// ForCaptions fills in the vocabulary and the length of the text encoder; see ReadsCaptions.
func (m CLIP) ForCaptions(captions []string) (Method, error) {
	var err error
	if m.Text, err = m.Text.ForCaptions(captions); err != nil {
		return nil, fmt.Errorf("ssl.CLIP: Text: %w", err)
	}
	return m, nil
}

// Tokens are those of the text encoder; see ReadsCaptions.
func (m CLIP) Tokens(texts []string) (tokens []int32, length int, err error) {
	if tokens, err = m.Text.Tokens(texts); err != nil {
		return nil, 0, fmt.Errorf("ssl.CLIP: Text: %w", err)
	}
	return tokens, m.Text.Length, nil
}

// Loss is figure 3 of the paper:
//
//	I_e = l2_normalize(image_encoder(I) · W_i), T_e = l2_normalize(text_encoder(T) · W_t)
//	logits = I_e · T_eᵀ × exp(t)
//	loss = (cross_entropy(logits, own, axis=0) + cross_entropy(logits, own, axis=1)) / 2
func (m CLIP) Loss(step *Step) *Node {
	images := m.Embed(step.Scope, step.Encode(step.Views[0]).Pooled) // [batch, out]
	texts := m.EmbedText(step.Scope, step.Captions)                  // [batch, out]
	return ImageTextContrast(images, texts, m.scale(step.Scope, images.Graph()))
}

// scale is exp(t) with a learned t, at most 100: t is cut off before it is used, and the optimiser
// goes on from there, so that it can come down again.
//
//	-> scalar
func (m CLIP) scale(scope *model.Scope, g *Graph) *Node {
	start := func(g *Graph, shape shapes.Shape) *Node {
		return FillScalar(g, shape, -math.Log(m.Temperature))
	}
	t := scope.WithInitializer(start).VariableWithShape("logit_scale", shapes.Make(dtypes.Float32))
	t.SetNodeValue(MinScalar(t.NodeValue(g), math.Log(largestScale)))
	return Exp(t.NodeValue(g))
}

// ImageTextContrast is the symmetric InfoNCE of CLIP: the mean of two cross-entropies, of finding
// each image's own text among those of the batch, and each text's own image. With both
// l2-normalised and s the scale, it is the mean over i of
//
//	-½ log( exp(s x_i·y_i) / Σ_k exp(s x_i·y_k) ) - ½ log( exp(s x_i·y_i) / Σ_k exp(s x_k·y_i) )
//
// It is computed in float32.
//
//	images, texts: [batch, dim], row i of one belonging to row i of the other; scale: scalar -> scalar
func ImageTextContrast(images, texts, scale *Node) *Node {
	images, texts = unit(images), unit(texts)
	logits := Mul(Dot(images, Transpose(texts, 0, 1)).Product(), scale) // [batch, batch]
	own := Mul(ReduceSum(Mul(images, texts), -1), scale)                // [batch]
	ofTexts, ofImages := logSumExp(logits), logSumExp(Transpose(logits, 0, 1))
	return ReduceAllMean(Sub(MulScalar(Add(ofTexts, ofImages), .5), own))
}

// Embed is the linear projection W_i.
//
//	[batch, dim] -> [batch, out]
func (m CLIP) Embed(scope *model.Scope, features *Node) *Node {
	return m.project(scope.At("image_projection"), features)
}

// EmbedText is the text encoder and the linear projection W_t.
//
//	tokens: int32 [batch, length] -> [batch, out]
func (m CLIP) EmbedText(scope *model.Scope, tokens *Node) *Node {
	return m.project(scope.At("text_projection"), m.Text.Encode(scope.At("text"), tokens))
}

// project is a linear map without a bias, whose weights start normal with deviation 1/√dim, as in
// the reference code.
//
//	x: [batch, dim] -> [batch, out]
func (m CLIP) project(scope *model.Scope, x *Node) *Node {
	dim := x.Shape().Dim(-1)
	weight := scope.WithInitializer(initializer.RandomNormalFn(scope, 1/math.Sqrt(float64(dim)))).
		VariableWithShape("weight", shapes.Make(dtypes.Float32, dim, m.Out))
	return Dot(x, weight.NodeValue(x.Graph())).Product()
}

// Collapse of CLIP comes mostly from steps that are too long: the other captions keep images from
// all being the same.
func (m CLIP) Collapse() Collapse {
	return Collapse{Try: "a lower learning rate, or a longer warm-up; a higher Temperature; a larger Batch, since its captions " +
		"are the negatives"}
}

// Optimizer is the paper's for a ResNet-50 at a batch of 32,768 (appendix F): AdamW with a rate of
// 5e-4 and a weight decay of 0.2 on all but gains and biases. For a ViT open_clip has a Beta2 of 0.98
// and an Eps of 1e-6.
func (m CLIP) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 5e-4, Scaling: optim.Unscaled, WeightDecay: .2}
}
