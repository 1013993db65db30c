package ssl

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// Supervised is the baseline that every method is measured against: the same encoder with a linear
// classifier on it, trained by cross-entropy on labels. Images without a label do not count. Its
// embedding is the classes' logits.
type Supervised struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Smoothing moves this fraction of each target to all classes alike, in [0, 1). Default 0
	// (Szegedy et al. 2016, arXiv:1512.00567, took 0.1).
	Smoothing float64
	// Mix blends the images of a batch and their labels alike, by Mixup and CutMix. The zero value
	// blends nothing; DeiT and MAE's fine-tuning have Mixup 0.8 and CutMix 1, with a Smoothing of
	// 0.1.
	Mix augment.BatchMix
}

// WithDefaults is the method itself, which has no defaults.
func (m Supervised) WithDefaults() Method { return m }

// Name is "supervised".
func (m Supervised) Name() string { return "supervised" }

// Check returns an error where a field is out of range.
func (m Supervised) Check(batch Batch) error {
	if err := cmp.Or(
		setting.Features(2, "ssl.Supervised: Classes", m.Classes),
		setting.Must(m.Smoothing >= 0 && m.Smoothing < 1, "ssl.Supervised: Smoothing", m.Smoothing, "in [0, 1)"),
	); err != nil {
		return err
	}
	if err := m.Mix.Check(batch.Images); err != nil {
		return fmt.Errorf("ssl.Supervised: Mix: %w", err)
	}
	return nil
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m Supervised) CheckLabels(classes []string) error {
	if len(classes) != m.Classes {
		return fmt.Errorf("ssl.Supervised: Classes is %d; the training images have %d classes, and it must be that number",
			m.Classes, len(classes))
	}
	return nil
}

// Views is one view: a crop of at least a quarter of the image, flip and normalise.
func (m Supervised) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.25, 1}}, augment.Flip{}, augment.Normalize{},
	}}
}

// Loss is the mean cross-entropy of the labelled images of the batch. Where Mix blends them with
// others by the weight w, it is w times that to their own labels, and 1-w times that to their
// partners'.
func (m Supervised) Loss(step *Step) *Node {
	if !m.Mix.Blends() {
		logits := m.Embed(step.Scope, step.Encode(step.Views...).Pooled) // [batch, classes]
		return CrossEntropy(logits, step.Labels, m.Smoothing)
	}
	images, weight := m.Mix.Apply(step.Random, step.Views[0])
	logits := m.Embed(step.Scope, step.Encode(images).Pooled)
	own := CrossEntropy(logits, step.Labels, m.Smoothing)
	partners := CrossEntropy(logits, Reverse(step.Labels, 0), m.Smoothing)
	return Add(Mul(weight, own), Mul(OneMinus(weight), partners))
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m Supervised) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Out: m.Classes, Layers: 1}.Apply(scope.At("head"), features)
}

// Optimizer is SGD with the settings that He et al. 2015 (section 4.2) took for CIFAR-10: a rate of
// 0.1 for 128 images, which is 0.2 for 256.
func (m Supervised) Optimizer() optim.Optimizer {
	return optim.SGD{LR: .2, Momentum: .9, WeightDecay: 1e-4}
}

// CrossEntropy is the mean over the labelled rows of the cross-entropy between softmax(logits) and
// the labels, each smoothed by moving the fraction `smoothing` to all classes alike. It is 0 where
// no row has a label.
//
//	logits: [batch, classes]; labels: int32 [batch], -1 for none -> scalar
func CrossEntropy(logits, labels *Node, smoothing float64) *Node {
	classes := logits.Shape().Dim(-1)
	logits = ConvertDType(logits, dtypes.Float32)
	labelled := ConvertDType(GreaterOrEqual(labels, ZerosLike(labels)), dtypes.Float32) // [batch]
	targets := OneHot(MaxScalar(labels, 0), classes, dtypes.Float32)                    // [batch, classes]
	targets = AddScalar(MulScalar(targets, 1-smoothing), smoothing/float64(classes))
	losses := Neg(ReduceSum(Mul(targets, LogSoftmax(logits, -1)), -1)) // [batch]
	return Div(ReduceAllSum(Mul(losses, labelled)), MaxScalar(ReduceAllSum(labelled), 1))
}
