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

// NNCLR learns representations in which a view of an image is close to the nearest neighbour of
// another view, taken from the images of the last batches. Positives that are other images vary
// more than augmentation can make one vary, so it leans on augmentation less than SimCLR does.
//
// Dwibedi et al. 2021, "With a Little Help from My Friends: Nearest-Neighbor Contrastive Learning
// of Visual Representations", arXiv:2104.14548. The zero value is the paper's algorithm 1 with the
// settings that solo-learn found for CIFAR-10, but for the Queue.
type NNCLR struct {
	// Temperature divides the cosine similarities, above 0. Default 0.2, solo-learn's for CIFAR-10;
	// the paper takes 0.1.
	Temperature float64
	// Queue is the size of the support set, a multiple of the batch. Default 32768, or where that is
	// not whole batches or more than two thirds of the images, the nearest below; the paper takes
	// 98304 for the 1.3 million images of ImageNet. It is at most the number of images, or an image's
	// nearest neighbour would be itself, an epoch ago, as with the 65536 of solo-learn on CIFAR-10.
	Queue int
	// Hidden is the number of features of the projector's hidden layers. Default 2048.
	Hidden int
	// Predictor is the number of features of the predictor's hidden layer. Default 4096.
	Predictor int
	// Out is the number of features of the embedding that the loss compares. Default 256.
	Out int
	// Locals is the number of small crops beside the two large views, whose predictions are brought
	// close to the neighbours of both. Default 0: the paper's algorithm has two views.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

// nnclrQueue is the length of the queue where the images are many.
const nnclrQueue = 32768

var _ FollowsBatches = NNCLR{}

// WithDefaults fills in the settings that were left at zero, but for Queue.
func (m NNCLR) WithDefaults() Method {
	m.Temperature = cmp.Or(m.Temperature, .2)
	m.Hidden = cmp.Or(m.Hidden, 2048)
	m.Predictor = cmp.Or(m.Predictor, 4096)
	m.Out = cmp.Or(m.Out, 256)
	return m
}

// ForBatch fills in Queue.
func (m NNCLR) ForBatch(batch Batch) Method {
	m.Queue = cmp.Or(m.Queue, queueFor(nnclrQueue, batch))
	return m
}

// Name is "nnclr".
func (m NNCLR) Name() string { return "nnclr" }

// Check returns an error where a field is out of range, or where the batch holds no negatives.
func (m NNCLR) Check(batch Batch) error {
	d := NNCLR{}.WithDefaults().(NNCLR)
	return cmp.Or(
		setting.Divisor("ssl.NNCLR: Temperature", m.Temperature, d.Temperature),
		setting.Features(1, "ssl.NNCLR: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.NNCLR: Predictor", m.Predictor, d.Predictor),
		setting.Features(1, "ssl.NNCLR: Out", m.Out, d.Out),
		twoImages("ssl.NNCLR", batch, "since the others are the negatives"),
		batch.OneSize("ssl.NNCLR", 0, 2),
		checkCrops("ssl.NNCLR", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
		checkQueue("ssl.NNCLR", m.Queue, batch, orFewer(nnclrQueue)),
	)
}

// Views are BYOL's two augmentations, as in solo-learn, then the small crops, as the first.
func (m NNCLR) Views(height, width int) []augment.Pipeline {
	return withLocals(BYOLViews(min(height, width)), min(height, width), m.Locals, m.LocalSize)
}

// Loss is algorithm 1 of the paper:
//
//	z1, z2 = g(f(x1)), g(f(x2));  p1, p2 = h(z1), h(z2)
//	nn1, nn2 = the nearest neighbours of z1 and z2 in the queue
//	loss = L(nn1, p2)/2 + L(nn2, p1)/2; then enqueue z1, dequeue the oldest
//
// L, equation 3, is InfoNCE of the neighbours among the predictions. It reaches the encoder by the
// predictions alone. With small crops it is the mean of L over all pairs of a large view's
// neighbours and another view's predictions: the pairs that BYOL has in solo-learn.
//
// The norms of f, g and h see each view by itself, as in solo-learn.
func (m NNCLR) Loss(step *Step) *Node {
	z := embedApart(m, step)                                                                         // A view each: [batch, out]
	p := apart(z, func(z *Node) *Node { return m.predictor().Apply(step.Scope.At("predictor"), z) }) // A view each: [batch, out]
	support := newQueue(step.Scope, m.Queue, m.Out)
	held := support.embeddings(z[0].Graph())                                      // [queue, out]
	nn := apart(z[:globalCrops], func(z *Node) *Node { return Nearest(z, held) }) // 2 × [batch, out]
	near := func(p, nn *Node) *Node { return InfoNCE(nn, p, m.Temperature) }
	sum := andSmallCrops(Add(near(p[1], nn[0]), near(p[0], nn[1])), p, nn, near)
	support.push(unit(z[0]))
	return MulScalar(sum, 1/pairsOfCrops(len(p)))
}

// Nearest replaces every embedding by the row of the support set at the largest cosine similarity
// to it (equation 2 of the NNCLR paper). No gradient flows through it.
//
//	z: [batch, dim]; support: [size, dim] -> [batch, dim]
func Nearest(z, support *Node) *Node {
	similarity := Dot(unit(z), Transpose(unit(support), 0, 1)).Product() // [batch, size]
	nearest := InsertAxes(ArgMax(StopGradient(similarity), -1), -1)      // [batch, 1]
	return StopGradient(Gather(support, nearest))
}

// Embed is the projector g, a perceptron of three layers with a norm behind each.
//
//	[batch, dim] -> [batch, out]
func (m NNCLR) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 3, OutputNorm: true}.Apply(scope.At("projector"), features)
}

// predictor is h, a perceptron of two layers.
func (m NNCLR) predictor() encoder.MLP {
	return encoder.MLP{Hidden: m.Predictor, Out: m.Out, Layers: 2}
}

// Collapse of NNCLR is where all embeddings get the same neighbours.
func (m NNCLR) Collapse() Collapse {
	return Collapse{Try: "a longer Queue; a higher Temperature; a lower learning rate; a larger Batch"}
}

// Optimizer is LARS as solo-learn runs it on CIFAR-10.
func (m NNCLR) Optimizer() optim.Optimizer {
	return optim.LARS{LR: .4, Momentum: .9, WeightDecay: 1e-5, ClipLR: true}
}
