package ssl

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
)

// NextPixel learns representations by telling the colour of each pixel from those before it, row by
// row, the way language models tell the next word. It needs an encoder.Causal, such as
// encoder.IGPT.
//
// Chen et al. 2020, "Generative Pretraining from Pixels" (ICML), with its auto-regressive
// objective. The paper learns from millions of images; what it learns of a few thousand tells
// colours well long before it separates classes.
type NextPixel struct{}

var _ NeedsEncoder = NextPixel{}

// WithDefaults is the method itself, which has no defaults.
func (m NextPixel) WithDefaults() Method { return m }

// Name is "nextpixel".
func (m NextPixel) Name() string { return "nextpixel" }

// Check returns nil: any batch will do, and what the sizes must be is the encoder's to say.
func (m NextPixel) Check(batch Batch) error { return nil }

// CheckEncoder returns an error where the encoder sees more than the pixels before a pixel, or
// where it would read other colours than the images' for want of the view's mean and deviation.
func (m NextPixel) CheckEncoder(e encoder.Encoder, batch Batch) error {
	causal, ok := e.(encoder.Causal)
	if !ok {
		return fmt.Errorf("ssl.NextPixel tells a pixel from those before it, and encoder %s sees all; take an encoder.Causal, "+
			"such as encoder.IGPT", e.Name())
	}
	mean, std := [3]float64{}, [3]float64{1, 1, 1}
	if normalize, ok := lastOf(batch.Views[0]).(augment.Normalize); ok {
		normalize = normalize.WithDefaults()
		mean, std = normalize.Mean, normalize.Std
	}
	if palette := causal.Palette(); palette.Mean != mean || palette.Std != std {
		return fmt.Errorf("ssl.NextPixel: the view's colours have Mean %v and Std %v; encoder %s expects %v and %v",
			mean, std, e.Name(), palette.Mean, palette.Std)
	}
	return nil
}

// Views is one view: a crop of at least a third of the image, as the paper's crops of ImageNet
// have, and flip. Its Normalize, which comes last, must be that of the encoder (Mean and Std of
// encoder.IGPT).
func (m NextPixel) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{1. / 3, 1}, Interpolation: augment.Bicubic},
		augment.Flip{}, augment.Normalize{},
	}}
}

// Loss is the negative log-likelihood of section 2.1 of the paper, in nats per pixel:
//
//	h = f(start, x_1, ..., x_{n-1})
//	loss = -mean over i of log p(x_i), p = softmax(linear(h_i))
func (m NextPixel) Loss(step *Step) *Node {
	past, next := step.EncodePast(step.Views[0])
	logits := m.logits(step.Scope.At("head"), past, step.Encoder.(encoder.Causal).Palette().Size())
	return NextPixelEntropy(logits, next)
}

// logits is a linear layer without bias that starts at zero, as in the paper: at first all colours
// are equally likely. The norm before it is the encoder's last.
//
//	past: [batch, pixels, dim] -> [batch, pixels, colours]
func (m NextPixel) logits(scope *model.Scope, past *Node, colours int) *Node {
	weight := scope.WithInitializer(initializer.Zero).
		VariableWithShape("weight", shapes.Make(dtypes.Float32, past.Shape().Dim(-1), colours)).NodeValue(past.Graph())
	return Einsum("bpd,dc->bpc", past, weight)
}

// NextPixelEntropy is the mean cross-entropy of the next pixel's colour, in nats. It is computed in
// float32.
//
//	logits: [batch, pixels, colours]; next: int32 [batch, pixels], in [0, colours) -> scalar
func NextPixelEntropy(logits, next *Node) *Node {
	pixels, colours := next.Shape().Size(), logits.Shape().Dim(-1)
	return CrossEntropy(Reshape(logits, pixels, colours), Reshape(next, pixels), 0)
}

// Embed returns the features as they are: the task compares no embeddings.
func (m NextPixel) Embed(_ *model.Scope, features *Node) *Node { return features }

// Optimizer is the paper's Adam (section 3.4), with betas of 0.9 and 0.95 and no weight decay told.
// The rate is 1e-3, one of those that it tries for its 128 images: 0.01, 0.003, 0.001 and so on,
// until the loss on validation images rises.
func (m NextPixel) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 1e-3, Beta2: .95, Scaling: optim.Unscaled}
}
