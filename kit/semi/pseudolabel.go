package semi

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// PseudoLabel trains on the classifier's own most likely class as if it were the label, with a
// weight that rises in the course of the training: that moves boundaries away from where images are
// dense.
//
//	recipe.Method = semi.PseudoLabel{Classes: 10}
//
// Lee 2013, "Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for Deep Neural
// Networks", ICML workshop on challenges in representation learning. The zero value, but for
// Classes, is the paper's, with an augmentation that its digits do not have.
type PseudoLabel struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Weight multiplies the loss of the images without labels once it has risen, above 0. Default
	// 3, the paper's α_f.
	Weight float64
	// Begin and End are the fractions of the training, 0 < Begin < End ≤ 1, between which the
	// weight rises from 0 to Weight in a line. Default 0.1 and 0.6: the paper's epochs 100 and 600,
	// of 1000.
	Begin, End float64
	// Threshold is the confidence in [0, 1) from which on an answer counts as a label. Default 0:
	// all do, as in the paper.
	Threshold float64
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/9: the paper has 32 images
	// with a label and 256 without.
	Share float64
}

var _ ssl.SemiSupervised = PseudoLabel{}

// WithDefaults fills in the settings that were left at zero.
func (m PseudoLabel) WithDefaults() ssl.Method {
	m.Weight = cmp.Or(m.Weight, 3)
	m.Begin, m.End = cmp.Or(m.Begin, .1), cmp.Or(m.End, .6)
	m.Share = cmp.Or(m.Share, 1./9)
	return m
}

// Name is "pseudolabel".
func (m PseudoLabel) Name() string { return "pseudolabel" }

// Check returns an error where a field is out of range.
func (m PseudoLabel) Check(batch ssl.Batch) error {
	d := PseudoLabel{}.WithDefaults().(PseudoLabel)
	return cmp.Or(
		setting.UpTo(1, "semi.PseudoLabel: Begin", m.Begin, d.Begin),
		setting.Must(m.Begin > 0 && m.End-m.Begin > 1e-6, "semi.PseudoLabel: Begin", m.Begin,
			fmt.Sprintf("above 0 and below End, %v", m.End), d.Begin),
		setting.Must(m.End <= 1, "semi.PseudoLabel: End", m.End, "at most 1", d.End),
		setting.Must(m.Threshold >= 0 && m.Threshold < 1, "semi.PseudoLabel: Threshold", m.Threshold, "in [0, 1)"),
		checkCommon("semi.PseudoLabel", m.Classes, share(m.Share), d.Share, batch.Images),
		setting.Positive("semi.PseudoLabel: Weight", m.Weight, d.Weight),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m PseudoLabel) CheckLabels(classes []string) error {
	return allClasses("semi.PseudoLabel", m.Classes, classes)
}

// LabelledOf is Share of the batch.
func (m PseudoLabel) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// Views is one weak view.
func (m PseudoLabel) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{WeakView()}
}

// Loss is equation 15 of the paper:
//
//	mean of H(label, f(x)) over the images with labels + α(t) × mean of H(argmax f(x), f(x)) over those without
func (m PseudoLabel) Loss(step *ssl.Step) *Node {
	logits := m.Embed(step.Scope, step.Encode(step.Views...).Pooled) // [batch, classes]
	labelled, rest := split(logits, m.LabelledOf(logits.Shape().Dim(0)))
	return Add(supervised(labelled, step.Labels), Mul(PseudoLabelLoss(rest, m.Threshold), m.weight(step.Progress)))
}

// PseudoLabelLoss is the mean over all images of the cross-entropy to the most likely class itself,
// where its probability is at least the threshold; an image below it adds 0. No gradient flows
// through the choice of the class.
//
//	logits: [n, classes] -> scalar
func PseudoLabelLoss(logits *Node, threshold float64) *Node {
	classes, confidence := pseudoLabels(logits)
	return PseudoCrossEntropy(logits, classes, GreaterOrEqual(confidence, Scalar(logits.Graph(), dtypes.Float32, threshold)))
}

// weight is α(t) (equation 16): 0 up to Begin, then rising in a line to Weight at End.
//
//	progress: as ssl.Step.Progress, a scalar -> a scalar
func (m PseudoLabel) weight(progress *Node) *Node {
	return MulScalar(ClipScalar(DivScalar(AddScalar(progress, -m.Begin), m.End-m.Begin), 0, 1), m.Weight)
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m PseudoLabel) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// Optimizer is the SGD that FixMatch has, for convolutional networks, which the paper does not
// train.
func (m PseudoLabel) Optimizer() optim.Optimizer { return paperSGD }
