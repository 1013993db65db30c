package semi

import (
	"cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// FreeMatch is FixMatch with a threshold for each class that follows how sure the classifier has
// become: low at first, so that images without labels help from the start, and lower for classes
// that it seldom names. A second loss keeps its answers to strong views from favouring some
// classes.
//
//	recipe.Method = semi.FreeMatch{Classes: 10}
//
// Wang et al. 2022, "FreeMatch: Self-adaptive Thresholding for Semi-supervised Learning",
// arXiv:2205.07246. The zero value, but for Classes, is the paper's recipe for CIFAR-10, with the
// views of FixMatch, so that the two differ in nothing else; its code has three operations with
// strengths from the whole range, and a cutout of up to half the side. The paper evaluates a
// running mean of the weights, kit.Recipe.EMA: .999.
type FreeMatch struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Momentum is how much of the thresholds stays in one step, in (0, 1). Default 0.999, of a
	// million steps; trainings of a few thousand want thresholds that move sooner, such as 0.99.
	Momentum float64
	// Weight multiplies the loss of the images without labels, above 0. Default 1.
	Weight float64
	// Fairness multiplies the loss that keeps the answers fair, above 0; a tiny number is none.
	// Default 0.01; for settings with more labels the paper takes 0.05, and the configurations of
	// microsoft/Semi-supervised-learning have 0.001.
	Fairness float64
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/8.
	Share float64
}

var _ ssl.SemiSupervised = FreeMatch{}

// WithDefaults fills in the settings that were left at zero.
func (m FreeMatch) WithDefaults() ssl.Method {
	m.Momentum = cmp.Or(m.Momentum, .999)
	m.Weight = cmp.Or(m.Weight, 1)
	m.Fairness = cmp.Or(m.Fairness, .01)
	m.Share = cmp.Or(m.Share, 1./8)
	return m
}

// Name is "freematch".
func (m FreeMatch) Name() string { return "freematch" }

// Check returns an error where a field is out of range.
func (m FreeMatch) Check(batch ssl.Batch) error {
	d := FreeMatch{}.WithDefaults().(FreeMatch)
	return cmp.Or(
		checkCommon("semi.FreeMatch", m.Classes, share(m.Share), d.Share, batch.Images),
		setting.Fraction("semi.FreeMatch: Momentum", m.Momentum, d.Momentum),
		setting.Positive("semi.FreeMatch: Weight", m.Weight, d.Weight),
		setting.Positive("semi.FreeMatch: Fairness", m.Fairness, d.Fairness),
		batch.OneSize("semi.FreeMatch", 0, 2),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m FreeMatch) CheckLabels(classes []string) error {
	return allClasses("semi.FreeMatch", m.Classes, classes)
}

// LabelledOf is Share of the batch.
func (m FreeMatch) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// Views are a weak one and a strong one.
func (m FreeMatch) Views(height, width int) []augment.Pipeline { return weakAndStrong() }

// Loss is algorithm 1 of the paper, with q the classes' probabilities of a weak view:
//
//	τ, p̃, h̃ follow the mean of max q, the mean of q, the histogram of argmax q
//	τ(c) = p̃(c) / max p̃ × τ
//	L_s = mean of H(label, weak) over the images with labels
//	L_u = mean of [max q ≥ τ(argmax q)] H(argmax q, strong) over those without
//	L_f = fairness of the strong views that are above their threshold
//	loss = L_s + w_u L_u + w_f L_f
func (m FreeMatch) Loss(step *ssl.Step) *Node {
	labelled, weak, strong := encodeWeakStrong(step, m.Classes, m.LabelledOf)
	now := newThresholds(step.Scope.At("thresholds"), m.Classes).follow(weak, m.Momentum)
	classes, _ := pseudoLabels(weak)
	above := now.passed(weak)
	unsupervised := MulScalar(PseudoCrossEntropy(strong, classes, above), m.Weight)
	fairness := MulScalar(Fairness(strong, above, now.classMean, now.histogram), m.Fairness)
	return Add(Add(supervised(labelled, step.Labels), unsupervised), fairness)
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m FreeMatch) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// Optimizer is the SGD that FixMatch has.
func (m FreeMatch) Optimizer() optim.Optimizer { return paperSGD }
