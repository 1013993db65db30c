package ssl

import (
	"cmp"
	"fmt"

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

// MAE learns representations from which the pixels of hidden patches can be told. The encoder sees
// the other patches only, a quarter of the image, which makes it quick; a small decoder, thrown
// away later, puts in what is missing.
//
// He et al. 2021, "Masked Autoencoders Are Scalable Vision Learners", arXiv:2111.06377. The zero
// value is the paper's recipe. It needs an encoder on patches, such as encoder.ViT. What it learns
// shows when the encoder is fine-tuned; it separates classes less by itself than what contrastive
// methods learn does.
type MAE struct {
	// Ratio is the share of the patches that is hidden, in (0, 1). Default 0.75.
	Ratio float64
	// Decoder makes pixels of tokens. Default: Width 512, Depth 8; a small encoder is well served
	// with less.
	Decoder encoder.Transformer
}

var (
	_ NeedsEncoder = MAE{}
	_ Reconstructs = MAE{}
)

// WithDefaults fills in the settings that were left at zero.
func (m MAE) WithDefaults() Method {
	m.Ratio = cmp.Or(m.Ratio, .75)
	m.Decoder.Width = cmp.Or(m.Decoder.Width, 512)
	m.Decoder.Depth = cmp.Or(m.Decoder.Depth, 8)
	m.Decoder = m.Decoder.WithDefaults()
	return m
}

// Name is "mae".
func (m MAE) Name() string { return "mae" }

// Check returns an error where a field is out of range.
func (m MAE) Check(batch Batch) error {
	if err := m.Decoder.Check(); err != nil {
		return fmt.Errorf("ssl.MAE: Decoder: %w", err)
	}
	d := MAE{}.WithDefaults().(MAE)
	return setting.Fraction("ssl.MAE: Ratio", m.Ratio, d.Ratio)
}

// CheckEncoder returns an error where the encoder can't leave patches out, or has too few for
// Ratio.
func (m MAE) CheckEncoder(e encoder.Encoder, batch Batch) error {
	if err := needsMasked("ssl.MAE", e); err != nil {
		return err
	}
	patch := e.(encoder.Masked).PatchSize()
	height, width := batch.ViewSize(0)
	if err := m.mask().Check(height/patch, width/patch); err != nil {
		return fmt.Errorf("ssl.MAE: %w", err)
	}
	return nil
}

func (m MAE) mask() augment.RandomMask { return augment.RandomMask{Ratio: m.Ratio} }

// Views is the paper's one view: a crop of at least a fifth of the image, and flip.
func (m MAE) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.2, 1}, Interpolation: augment.Bicubic},
		augment.Flip{}, augment.Normalize{},
	}}
}

// Loss is section 3 of the paper:
//
//	keep, masked = a random split of the patches
//	seen = f(patches in keep);  all = seen in their places, a mask token in all others, with positions
//	loss = mean squared error of decoder(all) to the normalised pixels, on the masked patches
func (m MAE) Loss(step *Step) *Node {
	images := step.Views[0]
	pixels, hidden, patch := m.tell(step.Network, step.Random, images)
	return MaskedSquares(pixels, NormalizedPatches(pixelPatches(images, patch)), hidden)
}

// Reconstruct gives each patch the mean and the deviation of the true one, which the decoder is not asked
// for: what it tells is the contrasts inside.
func (m MAE) Reconstruct(network Network, random *augment.Random, images *Node) Reconstruction {
	told, hidden, patch := m.tell(network, random, images)
	mean, deviation := momentsOfPatches(pixelPatches(images, patch))
	return reconstruction(images, Add(Mul(told, deviation), mean), hidden, patch)
}

// tell is what the decoder makes of a part of the patches.
//
//	-> pixels: [batch, patches, patch² × 3]; hidden: [batch, patches], 1 where a patch was not seen
func (m MAE) tell(network Network, random *augment.Random, images *Node) (pixels, hidden *Node, patch int) {
	patch = network.Encoder.(encoder.Masked).PatchSize()
	rows, columns := images.Shape().Dim(1)/patch, images.Shape().Dim(2)/patch

	keep, masked := m.mask().Split(random, images.Shape().Dim(0), rows*columns) // [batch, kept], [batch, masked]
	seen := network.EncodeVisible(images, keep)                                 // Tokens [batch, kept, dim]
	pixels = m.decode(network, seen, keep, rows, columns, patch)                // [batch, patches, patch² × 3]
	hidden = ReduceSum(OneHot(masked, rows*columns, dtypes.Float32), 1)         // [batch, patches]
	return pixels, hidden, patch
}

// decode is the decoder: it sees the tokens of the kept patches, a learned token for each of the
// others, and the encoder's representation of the image, so that this is trained too.
//
//	seen.Tokens: [batch, kept, dim]; keep: int32 [batch, kept] -> [batch, patches, patch² × 3]
func (m MAE) decode(network Network, seen encoder.Output, keep *Node, rows, columns, patch int) *Node {
	scope, g := network.Scope.At("decoder"), keep.Graph()
	x := onTokens(scope.At("embed"), Concatenate([]*Node{InsertAxes(seen.Pooled, 1), seen.Tokens}, 1), m.Decoder.Width)
	image, tokens := SliceAxis(x, 1, AxisElem(0)), SliceAxis(x, 1, AxisRangeToEnd(1)) // [batch, 1, width], [batch, kept, width]

	// Products with zeros and ones put tokens in their places: see encoder.ViT on why not Gather.
	places := OneHot(keep, rows*columns, dtypes.Float32)                                         // [batch, kept, patches]
	tokens = Einsum("bkp,bkd->bpd", places, tokens)                                              // [batch, patches, width]
	missing := InsertAxes(OneMinus(ReduceSum(places, 1)), -1)                                    // [batch, patches, 1]
	tokens = Add(tokens, Mul(missing, maskToken(scope, g, m.Decoder.Width)))                     // [batch, patches, width]
	tokens = Add(tokens, m.Decoder.Positions(g, rows, columns))                                  // [batch, patches, width]
	x = ConvertDType(Concatenate([]*Node{image, tokens}, 1), network.Precision)                  // [batch, 1 + patches, width]
	x = ConvertDType(SliceAxis(m.Decoder.Apply(scope, x), 1, AxisRangeToEnd(1)), dtypes.Float32) // [batch, patches, width]
	return onTokens(scope.At("pixels"), x, patch*patch*3)
}

// Embed returns the features as they are: MAE compares pixels.
func (m MAE) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is AdamW as solo-learn runs it on CIFAR-10, with the paper's betas and, as in the
// authors' code, no weight decay on norms and biases.
func (m MAE) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 2e-4, WeightDecay: .05, Beta2: .95}
}

// MaskedSquares is the mean squared error over the features of the hidden patches (MAE, section 3,
// "Reconstruction target"). It is computed in float32.
//
//	prediction, target: [batch, patches, features]; hidden: [batch, patches], 1 where a patch counts and 0 elsewhere -> scalar
func MaskedSquares(prediction, target, hidden *Node) *Node {
	difference := Sub(ConvertDType(prediction, dtypes.Float32), ConvertDType(target, dtypes.Float32))
	return maskedMean(ReduceMean(Square(difference), -1), hidden)
}

// maskedMean is the mean of the losses that count, 0 where none does.
//
//	losses, counts: [batch, patches] -> scalar
func maskedMean(losses, counts *Node) *Node {
	counts = ConvertDType(counts, dtypes.Float32)
	return Div(ReduceAllSum(Mul(losses, counts)), MaxScalar(ReduceAllSum(counts), 1))
}

// NormalizedPatches takes the mean of each patch from its pixels and divides them by their
// deviation, which makes the decoder draw contrasts, not brightness. The variance is the unbiased
// one with 1e-6 added, as in the paper's code.
//
//	pixels: [batch, patches, features] -> float32 of the same shape
func NormalizedPatches(pixels *Node) *Node {
	mean, deviation := momentsOfPatches(pixels)
	return Div(Sub(ConvertDType(pixels, dtypes.Float32), mean), deviation)
}

// momentsOfPatches are those by which NormalizedPatches normalises.
//
//	pixels: [batch, patches, features] -> float32 [batch, patches, 1] both
func momentsOfPatches(pixels *Node) (mean, deviation *Node) {
	pixels = ConvertDType(pixels, dtypes.Float32)
	features := float64(pixels.Shape().Dim(-1))
	mean = ReduceAndKeep(pixels, ReduceMean, -1)
	variance := MulScalar(ReduceAndKeep(Square(Sub(pixels, mean)), ReduceMean, -1), features/max(features-1, 1))
	return mean, Sqrt(AddScalar(variance, 1e-6))
}

// pixelPatches cuts images into patches, row by row.
//
//	images: [batch, height, width, 3] -> [batch, patches, patch² × 3]
func pixelPatches(images *Node, patch int) *Node {
	dims := images.Shape().Dimensions
	rows, columns := dims[1]/patch, dims[2]/patch
	return Reshape(augment.Tiles(images, rows, columns), dims[0], rows*columns, patch*patch*dims[3])
}

// onTokens is a linear layer on every token.
//
//	x: [batch, tokens, in] -> [batch, tokens, out]
func onTokens(scope *model.Scope, x *Node, out int) *Node {
	dims := x.Shape().Dimensions
	y := encoder.MLP{Out: out, Layers: 1}.Apply(scope, Reshape(x, dims[0]*dims[1], dims[2]))
	return Reshape(y, dims[0], dims[1], out)
}

// maskToken is what stands for a patch that the decoder or predictor has not seen: a learned
// vector, [1, 1, width].
func maskToken(scope *model.Scope, g *Graph, width int) *Node {
	scope = scope.WithInitializer(initializer.RandomNormalFn(scope, .02))
	return scope.VariableWithShape("mask_token", shapes.Make(dtypes.Float32, 1, 1, width)).NodeValue(g)
}
