package semi

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// UDA asks that the classifier says of a strongly augmented view what it says, made sharper, of a
// weakly augmented one, where it is confident about that one. FixMatch is the same with the single
// most likely class in place of the sharpened probabilities.
//
//	recipe.Method = semi.UDA{Classes: 10}
//
// Xie et al. 2020, "Unsupervised Data Augmentation for Consistency Training", arXiv:1904.12848. The
// zero value, but for Classes, is what the authors' code (google-research/uda) has for CIFAR-10,
// with the views of FixMatch. Training signal annealing, which hides labelled images that are known
// already, is not here: the authors' command for CIFAR-10 leaves it off. The authors' code
// evaluates a running mean of the weights, kit.Recipe.EMA: .9999 (.999 in USB,
// microsoft/Semi-supervised-learning). Theirs is of the norms' running statistics too.
type UDA struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Temperature divides the logits of the weak view, in [1e-4, 1e4]; below 1 it sharpens. Default
	// 0.4.
	Temperature float64
	// Threshold is the confidence in (0, 1), before sharpening, above which an answer counts.
	// Default 0.8.
	Threshold float64
	// Weight multiplies the loss of the images without labels, above 0. Default 1.
	Weight float64
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/8: the authors have 7 images
	// without a label for each with one.
	Share float64
}

var _ ssl.SemiSupervised = UDA{}

// WithDefaults fills in the settings that were left at zero.
func (m UDA) WithDefaults() ssl.Method {
	m.Temperature = cmp.Or(m.Temperature, .4)
	m.Threshold = cmp.Or(m.Threshold, .8)
	m.Weight = cmp.Or(m.Weight, 1)
	m.Share = cmp.Or(m.Share, 1./8)
	return m
}

// Name is "uda".
func (m UDA) Name() string { return "uda" }

// Check returns an error where a field is out of range.
func (m UDA) Check(batch ssl.Batch) error {
	d := UDA{}.WithDefaults().(UDA)
	return cmp.Or(
		checkCommon("semi.UDA", m.Classes, share(m.Share), d.Share, batch.Images),
		setting.Divisor("semi.UDA: Temperature", m.Temperature, d.Temperature),
		setting.Fraction("semi.UDA: Threshold", m.Threshold, d.Threshold),
		setting.Positive("semi.UDA: Weight", m.Weight, d.Weight),
		batch.OneSize("semi.UDA", 0, 2),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m UDA) CheckLabels(classes []string) error { return allClasses("semi.UDA", m.Classes, classes) }

// LabelledOf is Share of the batch.
func (m UDA) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// Views are a weak one and a strong one.
func (m UDA) Views(height, width int) []augment.Pipeline { return weakAndStrong() }

// Loss is that of section 2 of the paper, with the confidence mask and the sharpening of its
// section on training techniques:
//
//	mean of H(label, weak) over the images with labels + λ × UDALoss over those without
func (m UDA) Loss(step *ssl.Step) *Node {
	labelled, weak, strong := encodeWeakStrong(step, m.Classes, m.LabelledOf)
	unsupervised := UDALoss(weak, strong, m.Temperature, m.Threshold)
	return Add(supervised(labelled, step.Labels), MulScalar(unsupervised, m.Weight))
}

// UDALoss is the mean over all images of [max q > threshold] KL(q' ‖ p), with q the probabilities
// of the weak view, q' those of its logits divided by the temperature, and p those of the strong
// view. It is at least 0. No gradient flows into the weak views.
//
//	weak, strong: logits, [n, classes] -> scalar
func UDALoss(weak, strong *Node, temperature, threshold float64) *Node {
	weak, strong = StopGradient(ConvertDType(weak, dtypes.Float32)), ConvertDType(strong, dtypes.Float32)
	_, confidence := pseudoLabels(weak)
	mask := ConvertDType(GreaterThan(confidence, Scalar(weak.Graph(), dtypes.Float32, threshold)), dtypes.Float32) // [n]
	target := LogSoftmax(DivScalar(weak, temperature), -1)                                                         // [n, classes]
	divergence := ReduceSum(Mul(Exp(target), Sub(target, LogSoftmax(strong, -1))), -1)                             // [n]
	return ReduceAllMean(Mul(divergence, mask))
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m UDA) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// Optimizer is that of the authors' code: the SGD of FixMatch, but with weight decay on norms and
// biases too. Their schedule ends at a fifth of its rate: optim.WarmupCosine{Final: .0058}.
func (m UDA) Optimizer() optim.Optimizer {
	sgd := paperSGD
	sgd.Exclude = optim.Nothing{}
	return sgd
}
