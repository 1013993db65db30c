package ssl

import (
	"cmp"

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

// TiCo learns representations that agree with what a slow twin of the network makes of another view
// of the image, and that avoid the directions in which many embeddings lie: a running covariance
// remembers those of all batches before, as a queue without end would, in Out × Out numbers.
//
// Zhu et al. 2022, "TiCo: Transformation Invariance and Covariance Contrast for Self-Supervised
// Visual Representation Learning", arXiv:2206.10698. The zero value is the paper's recipe as
// lightly 1.5.22 gives it and runs it on ImageNet.
type TiCo struct {
	// Beta is how much of the covariance stays in one step, in (0, 1). Default 0.9, the paper's.
	Beta float64
	// Rho weighs the covariance contrast against the agreement of the views, above 0. Default 8,
	// the paper's; a PyTorch version for CIFAR-10 (github.com/sayannag/TiCo-pytorch) takes 20.
	Rho float64
	// Hidden is the number of features of the projector's hidden layer. Default 4096, the paper's;
	// lightly takes 1024 with a ResNet-18.
	Hidden int
	// Out is the number of features of the embedding, at least 2. Default 256, the paper's.
	Out int
	// Tau is the teacher's momentum at the start, in (0, 1); it rises to 1 along a cosine. Default
	// 0.99, lightly's for 100 epochs on ImageNet. Shorter trainings want a quicker teacher.
	Tau float64
	// Locals is the number of small crops beside the student's large view, which the same is asked of.
	// Default 0, as in lightly.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

var (
	_ HasTeacher  = TiCo{}
	_ CanCollapse = TiCo{}
)

// WithDefaults fills in the settings that were left at zero.
func (m TiCo) WithDefaults() Method {
	m.Beta = cmp.Or(m.Beta, .9)
	m.Rho = cmp.Or(m.Rho, 8)
	m.Hidden = cmp.Or(m.Hidden, 4096)
	m.Out = cmp.Or(m.Out, 256)
	m.Tau = cmp.Or(m.Tau, .99)
	return m
}

// Name is "tico".
func (m TiCo) Name() string { return "tico" }

// Check returns an error where a field is out of range.
func (m TiCo) Check(batch Batch) error {
	d := TiCo{}.WithDefaults().(TiCo)
	return cmp.Or(
		setting.Fraction("ssl.TiCo: Beta", m.Beta, d.Beta),
		setting.Positive("ssl.TiCo: Rho", m.Rho, d.Rho),
		setting.Features(1, "ssl.TiCo: Hidden", m.Hidden, d.Hidden),
		setting.Features(2, "ssl.TiCo: Out", m.Out, d.Out),
		setting.Fraction("ssl.TiCo: Tau", m.Tau, d.Tau),
		twoImages("ssl.TiCo", batch, "for the norms over the batch"),
		checkCrops("ssl.TiCo", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
	)
}

// Views are the paper's two augmentations, which are BYOL's, the student's and the teacher's, then
// the small crops, as the student's.
func (m TiCo) Views(height, width int) []augment.Pipeline {
	return withLocals(BYOLViews(min(height, width)), min(height, width), m.Locals, m.LocalSize)
}

// Loss is equation 4 of the paper, with the stopped gradients of its figure 2. (Its pseudo-code
// leaves the constant 1 out.) There is no predictor, and the views do not change places:
//
//	z, z' = g(f(v)), the teacher's g(f(v')), both l2-normalised
//	C = βC + (1-β) zᵀz / batch
//	loss = 1 - mean(z·z') + ρ mean(zᵀCz)
//
// C counts as a constant, the share of this batch too, as in lightly, which follows the paper's
// figure (pull request 1484). The PyTorch version above lets a gradient flow into that share, and
// so most likely did the run that lightly published, which is older than that pull request.
//
// With small crops it is the mean over all that the student sees, encoded one by one, as in ReSSL's.
// C follows the large view alone.
func (m TiCo) Loss(step *Step) *Node {
	seen := append(step.Views[:1:1], step.Views[globalCrops:]...)                                     // By the student.
	z := apart(seen, func(view *Node) *Node { return m.Embed(step.Scope, step.Encode(view).Pooled) }) // A view each: [batch, out]
	zPrime := m.TeacherHead(step.Teacher.Scope, step.Teacher.Encode(step.Views[1]).Pooled)            // [batch, out]
	c := newCovariance(step.Scope, m.Out).follow(z[0], m.Beta)                                        // [out, out]
	losses := apart(z, func(z *Node) *Node { return CovarianceContrast(z, zPrime, c, m.Rho) })
	return meanOf(losses)
}

// CovarianceContrast is the loss of TiCo (equation 4 of its paper): how far the views of an image
// are apart, and how much an embedding lies where the covariance of all is large. With z and z'
// l2-normalised it is the mean over i of
//
//	1 - z_i·z'_i + ρ z_iᵀ C z_i
//
// It is computed in float32. No gradient flows into z' and C.
//
//	z, zPrime: [batch, dim], two views of the same images; covariance: [dim, dim] -> scalar
func CovarianceContrast(z, zPrime, covariance *Node, rho float64) *Node {
	z, covariance = unit(z), StopGradient(ConvertDType(covariance, dtypes.Float32))
	apart := OneMinus(cosines(z, StopGradient(zPrime)))            // [batch]
	crowded := ReduceSum(Mul(Dot(z, covariance).Product(), z), -1) // [batch]
	return ReduceAllMean(Add(apart, MulScalar(crowded, rho)))
}

// covariance is the running mean of z zᵀ over the l2-normalised embeddings z of all batches, which
// are not centred. It starts at 0.
type covariance struct{ variable *model.Variable }

// newCovariance returns the covariance that lives in scope: dim × dim.
func newCovariance(scope *model.Scope, dim int) covariance {
	scope = scope.WithInitializer(initializer.Zero)
	return covariance{scope.VariableWithShape("covariance", shapes.Make(dtypes.Float32, dim, dim)).SetTrainable(false)}
}

// follow moves the covariance towards that of a batch, and gives what it then is.
//
//	z: [batch, dim] -> [dim, dim]
func (c covariance) follow(z *Node, beta float64) *Node {
	moved := movedCovariance(c.variable.NodeValue(z.Graph()), z, beta)
	c.variable.SetNodeValue(moved)
	return moved
}

// movedCovariance is beta times the covariance that is held and 1 - beta times zᵀz / batch, with z
// l2-normalised.
//
//	held: [dim, dim]; z: [batch, dim] -> [dim, dim]
func movedCovariance(held, z *Node, beta float64) *Node {
	z = unit(z)
	ofBatch := DivScalar(Dot(Transpose(z, 0, 1), z).Product(), float64(z.Shape().Dim(0))) // [dim, dim]
	return Add(MulScalar(held, beta), MulScalar(ofBatch, 1-beta))
}

// Embed is the projector g, a perceptron of two layers with a norm between, as BYOL's.
//
//	[batch, dim] -> [batch, out]
func (m TiCo) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 2}.Apply(scope.At("projector"), features)
}

// TeacherHead is the projector too.
//
//	[batch, dim] -> [batch, out]
func (m TiCo) TeacherHead(scope *model.Scope, features *Node) *Node { return m.Embed(scope, features) }

// Momentum rises from Tau to 1 along a cosine, as in lightly.
func (m TiCo) Momentum(progress *Node) *Node { return cosineRamp(progress, m.Tau, 1) }

// Collapse of TiCo is where the covariance contrast no longer pushes apart: with all embeddings the
// same, the loss nears Rho and its gradient is 0.
func (m TiCo) Collapse() Collapse {
	return Collapse{Try: "a larger Rho; a lower learning rate, or a longer warm-up; a larger Batch"}
}

// Optimizer is LARS as lightly runs it on ImageNet for 100 epochs; rate and decay are BYOL's for
// 1000. Shorter trainings want a higher rate: BYOL's code takes 0.45 for 100 epochs, and ssl.BYOL,
// for CIFAR-10, a rate of 1 with an Eta of 0.02.
func (m TiCo) Optimizer() optim.Optimizer {
	return optim.LARS{LR: .2, Momentum: .9, WeightDecay: 1.5e-6, Eta: .001}
}
