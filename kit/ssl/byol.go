package ssl

import (
	"cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// BYOL learns representations from which a predictor can tell what a slow twin of the network makes
// of another view of the image. There are no negatives; that the twin is slow and that the
// predictor stands on one side only keep it from collapse.
//
// Grill et al. 2020, "Bootstrap your own latent: A new approach to self-supervised Learning",
// arXiv:2006.07733. The zero value is the paper's recipe, with the optimiser that solo-learn found
// for CIFAR-10.
type BYOL struct {
	// Hidden is the number of features of the hidden layers of projection head and predictor.
	// Default 4096.
	Hidden int
	// Out is the number of features of the projections. Default 256.
	Out int
	// Tau is the teacher's momentum at the start, in (0, 1); it rises to 1 along a cosine. Default
	// 0.99, solo-learn's for CIFAR-10; on ImageNet the authors' code takes 0.99 for 300 epochs and
	// 0.996 for 1000. Shorter trainings want a quicker teacher.
	Tau float64
	// Locals is the number of small crops beside the two large views, from each of which what the
	// teacher makes of both is predicted. Default 0, the paper's; solo-learn can have them too.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

var _ HasTeacher = BYOL{}

// WithDefaults fills in the settings that were left at zero.
func (m BYOL) WithDefaults() Method {
	m.Hidden = cmp.Or(m.Hidden, 4096)
	m.Out = cmp.Or(m.Out, 256)
	m.Tau = cmp.Or(m.Tau, .99)
	return m
}

// Name is "byol".
func (m BYOL) Name() string { return "byol" }

// Check returns an error where a field is out of range.
func (m BYOL) Check(batch Batch) error {
	d := BYOL{}.WithDefaults().(BYOL)
	return cmp.Or(
		setting.Features(1, "ssl.BYOL: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.BYOL: Out", m.Out, d.Out),
		setting.Fraction("ssl.BYOL: Tau", m.Tau, d.Tau),
		twoImages("ssl.BYOL", batch, "for the norms over the batch"),
		batch.OneSize("ssl.BYOL", 0, 2),
		checkCrops("ssl.BYOL", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
	)
}

// Views are the paper's two augmentations, then the small crops, as the first.
func (m BYOL) Views(height, width int) []augment.Pipeline {
	return withLocals(BYOLViews(min(height, width)), min(height, width), m.Locals, m.LocalSize)
}

// Loss is equation 2 of the paper, for both orders of the views, from its appendix J:
//
//	z, z' = projector(f(v)), projector(f(v'));  t, t' = the same of the teacher
//	loss = ‖predictor(z) - t'‖² + ‖predictor(z') - t‖², all of them l2-normalised
//
// Small crops add ‖predictor(z) - t‖² + ‖predictor(z) - t'‖² each, as in solo-learn.
//
// The norms of encoder, projector and predictor, and of the teacher, see each view by itself, as in
// the authors' code (google-deepmind/deepmind-research).
func (m BYOL) Loss(step *Step) *Node {
	q := apart(embedApart(m, step), func(z *Node) *Node { // A view each: [batch, out]
		return m.head().Apply(step.Scope.At("predictor"), z)
	})
	t := teachApart(m, step) // 2 × [batch, out]
	return crossCrops(q, t, Regression)
}

// Regression is the mean squared distance of l2-normalised predictions to l2-normalised targets, 2
// - 2 cos (equation 2 of the BYOL paper): from 0 to 4. No gradient flows into the targets.
//
//	prediction, target: [batch, dim] -> scalar
func Regression(prediction, target *Node) *Node {
	return ReduceAllMean(AddScalar(MulScalar(cosines(prediction, StopGradient(target)), -2), 2))
}

// Embed is the projector, a perceptron of two layers.
//
//	[batch, dim] -> [batch, out]
func (m BYOL) Embed(scope *model.Scope, features *Node) *Node {
	return m.head().Apply(scope.At("projector"), features)
}

// TeacherHead is the projector too: the teacher has no predictor.
//
//	[batch, dim] -> [batch, out]
func (m BYOL) TeacherHead(scope *model.Scope, features *Node) *Node { return m.Embed(scope, features) }

// head is the shape of projector and predictor.
func (m BYOL) head() encoder.MLP {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 2}
}

// Collapse of BYOL comes from a teacher or a predictor that does not keep up.
func (m BYOL) Collapse() Collapse {
	return Collapse{Try: "Tau nearer to 1, so that the teacher is slower; a lower learning rate; a larger Batch; " +
		"weight decay of the predictor above 0"}
}

// Momentum rises from Tau to 1 along a cosine (the paper's section 3.3).
func (m BYOL) Momentum(progress *Node) *Node { return cosineRamp(progress, m.Tau, 1) }

// Optimizer is LARS as solo-learn runs it on CIFAR-10.
func (m BYOL) Optimizer() optim.Optimizer {
	return optim.LARS{LR: 1, Momentum: .9, WeightDecay: 1e-5, ClipLR: true}
}
