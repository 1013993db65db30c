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

// MoCoV3 learns representations from which a predictor finds, among what a slow twin of the network
// makes of the other views of the whole batch, that of the same image. The keys are those of the
// batch: there is no queue.
//
//	recipe.Method = ssl.MoCoV3{}
//	recipe.Method = ssl.MoCoV3{Layers: 3, PredictorNorm: true} // The heads that the paper gives to a ViT.
//
// Chen et al. 2021, "An Empirical Study of Training Self-Supervised Vision Transformers",
// arXiv:2104.02057. The zero value is algorithm 1 with the settings that solo-learn found for
// CIFAR-10 and a ResNet.
type MoCoV3 struct {
	// Temperature divides the cosine similarities, above 0. Default 0.2, solo-learn's, and the paper's
	// for ViT; its code takes 1 for a ResNet.
	Temperature float64
	// Hidden is the number of features of the hidden layers of projector and predictor. Default
	// 4096.
	Hidden int
	// Out is the number of features of the embedding that the loss compares. Default 256.
	Out int
	// Layers is the number of layers of the projector. Default 2, the reference code's for a
	// ResNet; it takes 3 for a ViT.
	Layers int
	// PredictorNorm puts a norm behind the predictor too, as the reference code does for a ViT and
	// not for a ResNet. Default: false.
	PredictorNorm bool
	// Tau is the teacher's momentum at the start, in (0, 1); it rises to 1 along a cosine. Default
	// 0.99.
	Tau float64
	// Locals is the number of small crops beside the two large views, from each of which the keys of
	// both are found. Default 0, the paper's.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

var _ HasTeacher = MoCoV3{}

// WithDefaults fills in the settings that were left at zero.
func (m MoCoV3) WithDefaults() Method {
	m.Temperature = cmp.Or(m.Temperature, .2)
	m.Hidden = cmp.Or(m.Hidden, 4096)
	m.Out = cmp.Or(m.Out, 256)
	m.Layers = cmp.Or(m.Layers, 2)
	m.Tau = cmp.Or(m.Tau, .99)
	return m
}

// Name is "mocov3".
func (m MoCoV3) Name() string { return "mocov3" }

// Check returns an error where a field is out of range, or where the batch holds no negatives.
func (m MoCoV3) Check(batch Batch) error {
	d := MoCoV3{}.WithDefaults().(MoCoV3)
	return cmp.Or(
		setting.Divisor("ssl.MoCoV3: Temperature", m.Temperature, d.Temperature),
		setting.Features(1, "ssl.MoCoV3: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.MoCoV3: Out", m.Out, d.Out),
		setting.Repeats(1, "ssl.MoCoV3: Layers", m.Layers, d.Layers),
		setting.Fraction("ssl.MoCoV3: Tau", m.Tau, d.Tau),
		twoImages("ssl.MoCoV3", batch, "since the others are the negatives"),
		batch.OneSize("ssl.MoCoV3", 0, 2),
		checkCrops("ssl.MoCoV3", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
	)
}

// Views are the paper's two augmentations, which are BYOL's, then the small crops, as the first. For
// a ResNet on ImageNet its code crops at least 0.2 of the image.
func (m MoCoV3) Views(height, width int) []augment.Pipeline {
	return withLocals(BYOLViews(min(height, width)), min(height, width), m.Locals, m.LocalSize)
}

// Loss is algorithm 1 of the paper:
//
//	q1, q2 = predictor(projector(f(x1))), the same of x2
//	k1, k2 = the teacher's projector(f(x1)), the same of x2
//	loss = ctr(q1, k2) + ctr(q2, k1)
//
// Small crops add ctr(q, k1) + ctr(q, k2) each: the pairs that BYOL has in solo-learn.
//
// The norms of encoder, projector and predictor, and of the teacher, see each view by itself, as in
// the authors' code.
func (m MoCoV3) Loss(step *Step) *Node {
	q := apart(embedApart(m, step), func(z *Node) *Node { // A view each: [batch, out]
		return m.predictor().Apply(step.Scope.At("predictor"), z)
	})
	k := teachApart(m, step) // 2 × [batch, out]
	ctr := func(q, k *Node) *Node { return ContrastKeys(q, k, m.Temperature) }
	return andSmallCrops(Add(ctr(q[0], k[1]), ctr(q[1], k[0])), q, k, ctr)
}

// ContrastKeys is ctr of MoCo v3's algorithm 1: InfoNCE of each query among the keys of the batch,
// times 2T, which keeps the size of the gradient about the same whatever the temperature. No
// gradient flows into the keys.
//
//	query, key: [batch, dim], of views of the same images -> scalar
func ContrastKeys(query, key *Node, temperature float64) *Node {
	return MulScalar(InfoNCE(query, StopGradient(key), temperature), 2*temperature)
}

// InfoNCE is the cross-entropy of finding for each anchor its own candidate among those of the
// batch (van den Oord et al. 2018, arXiv:1807.03748, equation 4). With both l2-normalised, and sim
// their dot product, it is the mean over i of
//
//	-log( exp(sim(a_i, c_i)/T) / Σ_k exp(sim(a_i, c_k)/T) )
//
// It is computed in float32. The gradient flows into both; stop it outside.
//
//	anchors, candidates: [batch, dim], row i of one belonging to row i of the other -> scalar
func InfoNCE(anchors, candidates *Node, temperature float64) *Node {
	anchors, candidates = unit(anchors), unit(candidates)
	logits := DivScalar(Dot(anchors, Transpose(candidates, 0, 1)).Product(), temperature) // [batch, batch]
	positive := DivScalar(ReduceSum(Mul(anchors, candidates), -1), temperature)           // [batch]
	return ReduceAllMean(Sub(logSumExp(logits), positive))
}

// Embed is the projector, a perceptron with a norm behind its last layer too, which has no scale and
// offset.
//
//	[batch, dim] -> [batch, out]
func (m MoCoV3) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: m.Layers, OutputNorm: true, PlainNorm: true}.
		Apply(scope.At("projector"), features)
}

// TeacherHead is the projector too: the teacher has no predictor.
//
//	[batch, dim] -> [batch, out]
func (m MoCoV3) TeacherHead(scope *model.Scope, features *Node) *Node {
	return m.Embed(scope, features)
}

// predictor is a perceptron of two layers, which the teacher lacks. None of its layers has a bias.
func (m MoCoV3) predictor() encoder.MLP {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 2, OutputNorm: m.PredictorNorm, PlainNorm: true, NoBias: true}
}

// Momentum rises from Tau to 1 along a cosine, as in the reference code.
func (m MoCoV3) Momentum(progress *Node) *Node { return cosineRamp(progress, m.Tau, 1) }

// Collapse of MoCo v3 comes mostly from steps that are too long.
func (m MoCoV3) Collapse() Collapse {
	return Collapse{Try: "a lower learning rate, or a longer warm-up; Tau nearer to 1; a higher Temperature; a larger Batch"}
}

// Optimizer is LARS as solo-learn runs it on CIFAR-10. For a ViT the authors' code has AdamW with a
// rate of 1.5e-4 and a decay of 0.1, on norms and biases too.
func (m MoCoV3) Optimizer() optim.Optimizer {
	return optim.LARS{LR: .3, Momentum: .9, WeightDecay: 1e-6, ClipLR: true}
}
