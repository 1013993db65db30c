package semi

import (
	"cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// Supervised is the cross-entropy to labels in batches of which a share is labelled, for a sum with
// an objective that all images have. ssl.Supervised beside it would find a label once in a while
// where few images have one.
//
//	ssl.Sum{{Method: semi.Supervised{Classes: 10}}, {Method: ssl.Rotation{}}}
//
// That one is S4L-Rotation of Zhai et al. 2019, "S4L: Self-Supervised Semi-Supervised Learning",
// arXiv:1905.03670, whose code (google-research/s4l, semi_supervised/rotation.py) weighs both losses
// alike and has beside each image with a label one of all images, but asks for the class of all four
// rotations of an image. Here it is asked of one view, which is not rotated.
type Supervised struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/2.
	Share float64
}

var _ ssl.SemiSupervised = Supervised{}

// WithDefaults fills in the settings that were left at zero.
func (m Supervised) WithDefaults() ssl.Method {
	m.Share = cmp.Or(m.Share, 1./2)
	return m
}

// Name is "labels".
func (m Supervised) Name() string { return "labels" }

// Check returns an error where a field is out of range.
func (m Supervised) Check(batch ssl.Batch) error {
	d := Supervised{}.WithDefaults().(Supervised)
	return checkCommon("semi.Supervised", m.Classes, share(m.Share), d.Share, batch.Images)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m Supervised) CheckLabels(classes []string) error {
	return allClasses("semi.Supervised", m.Classes, classes)
}

// LabelledOf is Share of the batch.
func (m Supervised) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// Views is one weak view.
func (m Supervised) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{WeakView()}
}

// Loss is the mean of H(label, f(x)) over the images with labels. The others do not count, and do
// not pass through the encoder.
func (m Supervised) Loss(step *ssl.Step) *Node {
	views := step.Views[0] // [batch, height, width, 3]
	labelled := Slice(views, AxisRange(0, m.LabelledOf(views.Shape().Dim(0))))
	return supervised(m.Embed(step.Scope, step.Encode(labelled).Pooled), step.Labels)
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m Supervised) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// Optimizer is the SGD that FixMatch has.
func (m Supervised) Optimizer() optim.Optimizer { return paperSGD }
