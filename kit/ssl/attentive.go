package ssl

import (
	"cmp"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// AttentiveProbe is Supervised with a head that reads from each patch, on an encoder whose
// representation is the tokens of all patches: encoder.Probed with Tokens. It tells what is in the
// patches of an encoder that trains no vector for the whole image, such as one of a masked method.
// kit.Probing builds both.
//
// Bardes et al. 2024, "Revisiting Feature Prediction for Learning Visual Representations from
// Video", arXiv:2404.08471 (V-JEPA), after Chen et al. 2022, arXiv:2202.03026 (CAE);
// facebookresearch/jepa, src/models/attentive_pooler.py, AttentiveClassifier. The weights start as
// those of a ViT's block; there, those of a perceptron's second layer start at a 1/√2 of that. Its
// evaluation (evals/image_classification_frozen/eval.py) has AutoAugment and random erasing, which
// are not here.
type AttentiveProbe struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Tokens is the number of patches of an image, as in encoder.Probed. Required.
	Tokens int
	// Heads is the number of attention heads; they divide the features of a token. Default 0: these
	// divided by 64, at least 1.
	Heads int
	// Smoothing is as in Supervised. Default 0.
	Smoothing float64
}

var _ NeedsEncoder = AttentiveProbe{}

// WithDefaults is the method itself: Heads depends on the encoder.
func (m AttentiveProbe) WithDefaults() Method { return m }

// Name is "attentive".
func (m AttentiveProbe) Name() string { return "attentive" }

// Check returns an error where a field is out of range.
func (m AttentiveProbe) Check(batch Batch) error {
	return cmp.Or(
		setting.Features(2, "ssl.AttentiveProbe: Classes", m.Classes),
		setting.Features(1, "ssl.AttentiveProbe: Tokens", m.Tokens),
		setting.FeaturesOr("the features of a token divided by 64", "ssl.AttentiveProbe: Heads", m.Heads),
		setting.Below(1, "ssl.AttentiveProbe: Smoothing", m.Smoothing),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m AttentiveProbe) CheckLabels(classes []string) error {
	return setting.Must(len(classes) == m.Classes, "ssl.AttentiveProbe: Classes", m.Classes,
		fmt.Sprintf("%d, the number of classes of the training images", len(classes)))
}

// CheckEncoder returns an error where the representation is not that of Tokens tokens, or where
// Heads does not divide their features.
func (m AttentiveProbe) CheckEncoder(e encoder.Encoder, _ Batch) error {
	if e, ok := e.(encoder.Probed); !ok || e.Tokens != m.Tokens {
		return fmt.Errorf("ssl.AttentiveProbe: it reads %d tokens, and encoder %s does not give them; take an encoder.Probed with these Tokens",
			m.Tokens, e.Name())
	}
	features := e.Dim() / m.Tokens
	heads := encoder.AttentivePool{Heads: m.Heads}.HeadsOf(features)
	return setting.Must(features%heads == 0, "ssl.AttentiveProbe: Heads", heads,
		fmt.Sprintf("a divisor of the %d features of a token", features), "these divided by 64")
}

// Views are those of Supervised.
func (m AttentiveProbe) Views(height, width int) []augment.Pipeline {
	return Supervised{}.Views(height, width)
}

// Loss is the mean cross-entropy of the labelled images of the batch.
func (m AttentiveProbe) Loss(step *Step) *Node {
	return CrossEntropy(m.Embed(step.Scope, step.Encode(step.Views...).Pooled), step.Labels, m.Smoothing)
}

// Embed is the classifier: encoder.AttentivePool and a linear layer.
//
//	[batch, Tokens × dim] -> [batch, classes], logits
func (m AttentiveProbe) Embed(scope *model.Scope, features *Node) *Node {
	tokens := Reshape(features, features.Shape().Dim(0), m.Tokens, -1)
	pooled := encoder.AttentivePool{Heads: m.Heads}.Apply(scope.At("pooler"), tokens)
	return encoder.MLP{Out: m.Classes, Layers: 1}.Apply(scope.At("head"), pooled)
}

// Optimizer is that of V-JEPA's evaluation on ImageNet (configs/evals/vith16_in1k.yaml): AdamW with
// a rate of 0.001, whatever the batch, a decay that falls from 0.001 to next to nothing, and
// gradients clipped at 1.
func (m AttentiveProbe) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: .001, Scaling: optim.Unscaled, WeightDecay: .001, WeightDecayEnd: 1e-6, ClipNorm: 1}
}
