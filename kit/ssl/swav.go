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

// SwAV learns representations from which the assignment of one view of an image to learned
// prototypes can be told from another view. That all prototypes must get the same share of every
// batch keeps it from collapse.
//
// Caron et al. 2020, "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments",
// arXiv:2006.09882. The zero value is the paper's loss with the sizes and the optimiser that
// solo-learn found for CIFAR-10, on two views. The prototypes' length is taken out where they are
// used, not from the variable after each update.
type SwAV struct {
	// Prototypes is their number, at least 2; a few times as many as there are classes. Default
	// 3000.
	Prototypes int
	// Temperature divides the scores of the predictions, above 0. Default 0.1.
	Temperature float64
	// Epsilon is how soft the codes are, above 0. Default 0.05; more makes all codes alike, which
	// is collapse.
	Epsilon float64
	// Iterations is how often Sinkhorn–Knopp scales the codes, at least 1. Default 3.
	Iterations int
	// FreezeLast is the fraction of the training in which the prototypes stay as they began, in (0,
	// 1). Default 0.002, two epochs of 1000; a tiny number is the first step alone.
	FreezeLast float64
	// Hidden is the number of features of the projection head's hidden layer. Default 2048.
	Hidden int
	// Out is the number of features of the embedding. Default 128.
	Out int
	// Locals is the number of small crops beside the two large ones, at least 0. Default 0; the
	// paper and solo-learn take 6.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: 18
	// for an image of 32, and in proportion.
	LocalSize int
	// Queue is the number of earlier embeddings, a multiple of the batch, that are assigned
	// together with those of the batch, which helps where the batch is smaller than Prototypes.
	// Default 3840, solo-learn's, or where that is not whole batches or more than two thirds of the
	// images, the nearest below.
	Queue int
	// NoQueue assigns the images of the batch alone.
	NoQueue bool
	// QueueFrom is the fraction of the training after which the queue is used, in (0, 1), for early
	// embeddings change too fast. Default 0.05.
	QueueFrom float64
}

// swavQueue is the length of the queue where the images are many.
const swavQueue = 3840

var (
	_ CanCollapse    = SwAV{}
	_ FollowsBatches = SwAV{}
)

// WithDefaults fills in the settings that were left at zero, but for LocalSize, which depends on
// the image, and Queue.
func (m SwAV) WithDefaults() Method {
	m.Prototypes = cmp.Or(m.Prototypes, 3000)
	m.Temperature = cmp.Or(m.Temperature, .1)
	m.Epsilon = cmp.Or(m.Epsilon, .05)
	m.Iterations = cmp.Or(m.Iterations, 3)
	m.FreezeLast = cmp.Or(m.FreezeLast, .002)
	m.Hidden = cmp.Or(m.Hidden, 2048)
	m.Out = cmp.Or(m.Out, 128)
	m.QueueFrom = cmp.Or(m.QueueFrom, .05)
	return m
}

// ForBatch fills in Queue, unless there is to be none.
func (m SwAV) ForBatch(batch Batch) Method {
	if !m.NoQueue {
		m.Queue = cmp.Or(m.Queue, queueFor(swavQueue, batch))
	}
	return m
}

// Name is "swav".
func (m SwAV) Name() string { return "swav" }

// Check returns an error where a field is out of range.
func (m SwAV) Check(batch Batch) error {
	d := SwAV{}.WithDefaults().(SwAV)
	if err := cmp.Or(
		setting.Features(2, "ssl.SwAV: Prototypes", m.Prototypes, d.Prototypes),
		setting.Divisor("ssl.SwAV: Temperature", m.Temperature, d.Temperature),
		setting.Divisor("ssl.SwAV: Epsilon", m.Epsilon, d.Epsilon),
		setting.Repeats(1, "ssl.SwAV: Iterations", m.Iterations, d.Iterations),
		setting.Fraction("ssl.SwAV: FreezeLast", m.FreezeLast, d.FreezeLast),
		setting.Features(1, "ssl.SwAV: Hidden", m.Hidden, d.Hidden),
		setting.Features(2, "ssl.SwAV: Out", m.Out, d.Out),
		setting.Fraction("ssl.SwAV: QueueFrom", m.QueueFrom, d.QueueFrom),
		twoImages("ssl.SwAV", batch, "which share the prototypes"),
		setting.Must(m.Queue == 0 || !m.NoQueue, "ssl.SwAV: Queue", m.Queue, "0 with NoQueue"),
		checkCrops("ssl.SwAV", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "9/16"),
		cropSizes("ssl.SwAV", batch),
	); err != nil || m.Queue == 0 {
		return err
	}
	return checkQueue("ssl.SwAV", m.Queue, batch, orFewer(swavQueue))
}

// Views are two large crops, then the small ones.
func (m SwAV) Views(height, width int) []augment.Pipeline {
	return MultiCrop(min(height, width), m.Locals, m.LocalSize)
}

// Loss is equations 1 and 6 of the paper:
//
//	z = unit(g(f(x))) for every crop;  q = Sinkhorn(zᵀC) for the large ones, without gradient
//	minimise the cross-entropy between q of a large crop and softmax(zᵀC/T) of every other crop
func (m SwAV) Loss(step *Step) *Node {
	prototypes := m.prototypes(step.Scope, step.Progress) // [out, prototypes]
	embeddings := encodeCrops(step, func(h *Node) *Node { return unit(m.Embed(step.Scope, h)) })
	var scores, codes []*Node // A crop each: [batch, prototypes]
	for i, z := range embeddings {
		scores = append(scores, Dot(z, prototypes).Product())
		if i < globalCrops {
			codes = append(codes, m.codes(step, i, z, scores[i], prototypes))
		}
	}
	return SwappedPrediction(codes, scores, m.Temperature)
}

// SwappedPrediction is the loss of SwAV (equations 1, 2 and 6 of its paper): the cross-entropy
// between the codes of a crop and the softmax of the scores of another, the mean over images, over
// the crops that have codes, and over all other crops. Computed in float32.
//
//	codes: G × [batch, prototypes], rows that sum to 1, of the first G crops; scores: V × [batch, prototypes] -> scalar
func SwappedPrediction(codes, scores []*Node, temperature float64) *Node {
	var loss *Node
	for v := range scores {
		logP := LogSoftmax(DivScalar(ConvertDType(scores[v], dtypes.Float32), temperature), -1) // [batch, prototypes]
		for i := range codes {
			if i == v {
				continue
			}
			pair := Neg(ReduceAllMean(ReduceSum(Mul(StopGradient(codes[i]), logP), -1)))
			if loss == nil {
				loss = pair
			} else {
				loss = Add(loss, pair)
			}
		}
	}
	return DivScalar(loss, float64(len(codes)*(len(scores)-1)))
}

// codes are those of a large crop: with a queue and late enough, of its images among the earlier
// ones.
//
//	z: [batch, out], scores: [batch, prototypes], prototypes: [out, prototypes] -> [batch, prototypes]
func (m SwAV) codes(step *Step, crop int, z, scores, prototypes *Node) *Node {
	codes := Sinkhorn(scores, m.Epsilon, m.Iterations)
	if m.Queue == 0 {
		return codes
	}
	queue := newQueue(step.Scope.At("crop%d", crop), m.Queue, m.Out)
	earlier := Dot(queue.embeddings(z.Graph()), StopGradient(prototypes)).Product() // [Queue, prototypes]
	queue.push(z)
	among := Sinkhorn(Concatenate([]*Node{scores, earlier}, 0), m.Epsilon, m.Iterations)
	among = Slice(among, AxisRange(0, z.Shape().Dim(0)), AxisRange())
	return Where(LessThan(step.Progress, Scalar(z.Graph(), dtypes.Float32, m.QueueFrom)), codes, among)
}

// prototypes are C of the paper: unit vectors, which the optimiser leaves alone while they are
// frozen.
//
//	progress: as Step.Progress -> [out, prototypes]
func (m SwAV) prototypes(scope *model.Scope, progress *Node) *Node {
	g := progress.Graph()
	scope = scope.WithInitializer(func(g *Graph, shape shapes.Shape) *Node {
		return unit(initializer.RandomNormalFn(scope, 1)(g, shape))
	})
	prototypes := scope.VariableWithShape("prototypes", shapes.Make(dtypes.Float32, m.Prototypes, m.Out))
	frozen := LessThan(progress, Scalar(g, dtypes.Float32, m.FreezeLast))
	optim.Hold(prototypes, frozen)
	c := Transpose(unit(prototypes.NodeValue(g)), 0, 1) // [out, prototypes]
	return Where(frozen, StopGradient(c), c)
}

// Embed is the projection head g, a perceptron of two layers. SwAV compares its l2-normalised
// embeddings by way of the prototypes.
//
//	[batch, dim] -> [batch, out]
func (m SwAV) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 2}.Apply(scope.At("head"), features)
}

// Collapse of SwAV comes from codes that are too soft to tell images apart.
func (m SwAV) Collapse() Collapse {
	return Collapse{Try: "a smaller Epsilon; fewer Prototypes; a longer Queue where the batch is small; a larger FreezeLast; " +
		"a lower learning rate"}
}

// Optimizer is LARS as solo-learn runs it on CIFAR-10.
func (m SwAV) Optimizer() optim.Optimizer {
	return optim.LARS{LR: .6, Momentum: .9, WeightDecay: 1e-6, ClipLR: true}
}
