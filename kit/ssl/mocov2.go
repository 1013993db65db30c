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

// MoCoV2 learns representations in which a view of an image finds what a slow twin of the network
// makes of another view, among what the twin made of the images of the last batches. The negatives
// wait in a queue, so the batch may be small.
//
//	recipe.Method = ssl.MoCoV2{}
//	recipe.Method = ssl.MoCoV2{Tau: 0.9} // For a short training.
//
// Chen et al. 2020, "Improved Baselines with Momentum Contrastive Learning", arXiv:2003.04297, on
// He et al. 2019, "Momentum Contrast", arXiv:1911.05722. The zero value is the paper's recipe with
// the sizes and rates that solo-learn found for CIFAR-10. As in the paper one view asks and the
// other answers, so a step encodes half as many images as MoCoV3's, unless it is Symmetric.
type MoCoV2 struct {
	// Temperature divides the cosine similarities, above 0. Default 0.2, the paper's.
	Temperature float64
	// Queue is the number of negatives, a multiple of the batch. Default 32768, solo-learn's for
	// CIFAR-10, or where that is not whole batches or more than two thirds of the images, the nearest
	// below; the paper takes 65536 for ImageNet. It is at most the number of images, or images would
	// meet themselves as negatives.
	Queue int
	// Hidden is the number of features of the projection head's hidden layer. Default 2048.
	Hidden int
	// Out is the number of features of the embedding that the loss compares. Default 256; the paper
	// takes 128.
	Out int
	// Tau is the teacher's momentum at the start, in (0, 1); it rises to 0.999 along a cosine, or
	// stays if it is higher. Default 0.99, solo-learn's for CIFAR-10; the paper stays at 0.999.
	// Shorter trainings want a quicker teacher.
	Tau float64
	// Symmetric lets each view ask once and answer once, with a queue for the answers of each view,
	// as solo-learn's MoCo v2+ does: twice the work of a step. Default false, the paper's.
	Symmetric bool
	// Locals is the number of small crops that ask beside the query. Default 0, the paper's.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

// mocov2Queue is the length of the queue where the images are many.
const mocov2Queue = 32768

var (
	_ HasTeacher     = MoCoV2{}
	_ FollowsBatches = MoCoV2{}
)

// WithDefaults fills in the settings that were left at zero, but for Queue.
func (m MoCoV2) WithDefaults() Method {
	m.Temperature = cmp.Or(m.Temperature, .2)
	m.Hidden = cmp.Or(m.Hidden, 2048)
	m.Out = cmp.Or(m.Out, 256)
	m.Tau = cmp.Or(m.Tau, .99)
	return m
}

// ForBatch fills in Queue.
func (m MoCoV2) ForBatch(batch Batch) Method {
	m.Queue = cmp.Or(m.Queue, queueFor(mocov2Queue, batch))
	return m
}

// Name is "mocov2".
func (m MoCoV2) Name() string { return "mocov2" }

// Check returns an error where a field is out of range.
func (m MoCoV2) Check(batch Batch) error {
	d := MoCoV2{}.WithDefaults().(MoCoV2)
	return cmp.Or(
		setting.Divisor("ssl.MoCoV2: Temperature", m.Temperature, d.Temperature),
		setting.Features(1, "ssl.MoCoV2: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.MoCoV2: Out", m.Out, d.Out),
		setting.Fraction("ssl.MoCoV2: Tau", m.Tau, d.Tau),
		twoImages("ssl.MoCoV2", batch, "for the norms over the batch"),
		checkCrops("ssl.MoCoV2", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
		checkQueue("ssl.MoCoV2", m.Queue, batch, orFewer(mocov2Queue)),
	)
}

// Views are two draws of the paper's augmentation, the query's and the key's, then the small crops.
func (m MoCoV2) Views(height, width int) []augment.Pipeline {
	view := MoCoView(min(height, width))
	return withLocals([]augment.Pipeline{view, view}, min(height, width), m.Locals, m.LocalSize)
}

// Loss is algorithm 1 of arXiv:1911.05722:
//
//	q, k = g(f(x_q)), the teacher's g(f(x_k)), both l2-normalised
//	loss = cross-entropy of finding k among k and the queue; then enqueue k, dequeue the oldest
//
// The batch is not shuffled for the teacher, as the paper does between devices: norms here are over
// all of it, not over one device's share. The symmetric loss is the mean of that of both directions.
// With small crops, encoded one by one, the loss of a direction is the mean over all that ask, as in
// ReSSL's.
func (m MoCoV2) Loss(step *Step) *Node {
	small := apart(step.Views[globalCrops:], func(view *Node) *Node { return m.Embed(step.Scope, step.Encode(view).Pooled) })
	loss := m.asked(step, step.Scope, step.Views[0], step.Views[1], small)
	if m.Symmetric {
		loss = MulScalar(Add(loss, m.asked(step, step.Scope.At("reverse"), step.Views[1], step.Views[0], small)), .5)
	}
	return loss
}

// asked is the loss of one direction, whose queue is in the scope `earlier`.
//
//	query, key: [batch, height, width, 3]; small: crops × [batch, out], which ask too -> scalar
func (m MoCoV2) asked(step *Step, earlier *model.Scope, query, key *Node, small []*Node) *Node {
	q := m.Embed(step.Scope, step.Encode(query).Pooled)
	k := m.TeacherHead(step.Teacher.Scope, step.Teacher.Encode(key).Pooled)
	return m.contrast(earlier, append([]*Node{q}, small...), k)
}

// contrast is the mean loss of the queries of several views, whose keys then wait in the queue that
// is in the scope `earlier`.
//
//	queries: views × [batch, out]; k: [batch, out] -> scalar
func (m MoCoV2) contrast(earlier *model.Scope, queries []*Node, k *Node) *Node {
	k = unit(k)
	negatives := newQueue(earlier, m.Queue, m.Out) // [queue, out]
	held := negatives.embeddings(k.Graph())
	losses := apart(queries, func(q *Node) *Node { return QueueContrast(q, k, held, m.Temperature) })
	negatives.push(k)
	return meanOf(losses)
}

// QueueContrast is the cross-entropy of finding for each query its own key among that and the queue
// (equation 1 of arXiv:1911.05722). With all of them l2-normalised, and sim their dot product, it
// is the mean over i of
//
//	-log( exp(sim(q_i, k_i)/T) / (exp(sim(q_i, k_i)/T) + Σ_n exp(sim(q_i, n)/T)) ), n over the queue
//
// It is computed in float32. No gradient flows into keys and queue.
//
//	query, key: [batch, dim]; queue: [size, dim] -> scalar
func QueueContrast(query, key, queue *Node, temperature float64) *Node {
	query, key, queue = unit(query), StopGradient(unit(key)), StopGradient(unit(queue))
	positive := ReduceAndKeep(Mul(query, key), ReduceSum, -1)                      // [batch, 1]
	negative := Dot(query, Transpose(queue, 0, 1)).Product()                       // [batch, size]
	logits := DivScalar(Concatenate([]*Node{positive, negative}, -1), temperature) // [batch, 1 + size]
	return ReduceAllMean(Sub(logSumExp(logits), Squeeze(DivScalar(positive, temperature), -1)))
}

// Embed is the projection head g, a perceptron of two layers, without norms as in the paper.
//
//	[batch, dim] -> [batch, out]
func (m MoCoV2) Embed(scope *model.Scope, features *Node) *Node {
	return plainHead(scope.At("projector"), features, m.Hidden, m.Out)
}

// TeacherHead is the projection head too.
//
//	[batch, dim] -> [batch, out]
func (m MoCoV2) TeacherHead(scope *model.Scope, features *Node) *Node {
	return m.Embed(scope, features)
}

// plainHead is a perceptron of two layers with ReLU between and no norms.
//
//	x: [batch, in] -> [batch, out]
func plainHead(scope *model.Scope, x *Node, hidden, out int) *Node {
	x = MaxScalar(encoder.MLP{Out: hidden, Layers: 1}.Apply(scope.At("hidden"), x), 0) // [batch, hidden]
	return encoder.MLP{Out: out, Layers: 1}.Apply(scope.At("out"), x)
}

// Momentum rises from Tau to 0.999 along a cosine, as in solo-learn.
func (m MoCoV2) Momentum(progress *Node) *Node {
	return cosineRamp(progress, m.Tau, max(m.Tau, .999))
}

// Collapse of MoCo is where the keys no longer fit the queries.
func (m MoCoV2) Collapse() Collapse {
	return Collapse{Try: "Tau nearer to 1, so that the keys of the queue stay comparable; a longer Queue; " +
		"a higher Temperature; a lower learning rate"}
}

// Optimizer is SGD as solo-learn runs it on CIFAR-10, with weight decay on norms and biases too; the
// paper's rate for ImageNet is a tenth of it.
func (m MoCoV2) Optimizer() optim.Optimizer {
	return optim.SGD{LR: .3, Momentum: .9, WeightDecay: 1e-4, Exclude: optim.Nothing{}}
}
