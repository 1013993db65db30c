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

// FixMatch lets the classifier's own answer be the label of an image, where it is confident about a
// weakly augmented view, and asks for that label on a strongly augmented one.
//
// Sohn et al. 2020, "FixMatch: Simplifying Semi-Supervised Learning with Consistency and
// Confidence", arXiv:2001.07685. The zero value, but for Classes, is the paper's recipe for
// CIFAR-10. The paper evaluates a running mean of the weights, kit.Recipe.EMA: .999; a learning rate
// that falls to 0 brings the weights themselves near to that mean.
type FixMatch struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Threshold is the confidence in (0, 1) from which on an answer counts as a label. Default
	// 0.95.
	Threshold float64
	// Weight multiplies the loss of the images without labels, above 0. Default 1.
	Weight float64
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/8: the paper has 7 images
	// without a label for each with one.
	Share float64
}

var _ ssl.SemiSupervised = FixMatch{}

// WithDefaults fills in the settings that were left at zero.
func (m FixMatch) WithDefaults() ssl.Method {
	m.Threshold = cmp.Or(m.Threshold, .95)
	m.Weight = cmp.Or(m.Weight, 1)
	m.Share = cmp.Or(m.Share, 1./8)
	return m
}

// Name is "fixmatch".
func (m FixMatch) Name() string { return "fixmatch" }

// Check returns an error where a field is out of range.
func (m FixMatch) Check(batch ssl.Batch) error {
	d := FixMatch{}.WithDefaults().(FixMatch)
	return cmp.Or(
		checkCommon("semi.FixMatch", m.Classes, share(m.Share), d.Share, batch.Images),
		setting.Fraction("semi.FixMatch: Threshold", m.Threshold, d.Threshold),
		setting.Positive("semi.FixMatch: Weight", m.Weight, d.Weight),
		batch.OneSize("semi.FixMatch", 0, 2),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m FixMatch) CheckLabels(classes []string) error {
	return allClasses("semi.FixMatch", m.Classes, classes)
}

// LabelledOf is Share of the batch.
func (m FixMatch) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// Views are a weak one and a strong one.
func (m FixMatch) Views(height, width int) []augment.Pipeline { return weakAndStrong() }

// Loss is ℓ_s + λ ℓ_u (section 2.2 of the paper), with q the classes' probabilities of a weak view:
//
//	ℓ_s = mean of H(label, weak) over the images with labels
//	ℓ_u = mean of [max q ≥ threshold] H(argmax q, strong) over those without
func (m FixMatch) Loss(step *ssl.Step) *Node {
	labelled, weak, strong := encodeWeakStrong(step, m.Classes, m.LabelledOf)
	return Add(supervised(labelled, step.Labels), MulScalar(FixMatchLoss(weak, strong, m.Threshold), m.Weight))
}

// FixMatchLoss is ℓ_u (equation 4 of the paper): the mean over all images of the cross-entropy of
// the strong view's answer to the class that the weak view's answer holds for the most likely,
// where its probability is at least the threshold; an image below it adds 0. No gradient flows into
// the weak views.
//
//	weak, strong: logits, [n, classes] -> scalar
func FixMatchLoss(weak, strong *Node, threshold float64) *Node {
	classes, confidence := pseudoLabels(weak)
	mask := GreaterOrEqual(confidence, Scalar(weak.Graph(), dtypes.Float32, threshold))
	return PseudoCrossEntropy(strong, classes, mask)
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m FixMatch) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// Optimizer is the paper's SGD: a rate of 0.03 with Nesterov's momentum. Its schedule ends at a
// fifth of that rate: optim.WarmupCosine{Final: .0058}.
func (m FixMatch) Optimizer() optim.Optimizer { return paperSGD }
