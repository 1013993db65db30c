package ssl

import (
	"cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
)

// ReSSL learns representations in which a view of an image is as similar to each of the images of
// the last batches as a slow twin finds another view of it, one that is hardly changed. No image is
// told to be far from all others.
//
// Zheng et al. 2021, "ReSSL: Relational Self-Supervised Learning with Weak Augmentation",
// arXiv:2107.09282. The zero value is the paper's recipe with the views, sizes and momentum that
// solo-learn found for CIFAR-10, and the exclusions of the authors' code
// (KyleZheng1997/ReSSL, ressl.py).
type ReSSL struct {
	// Temperature divides the student's cosine similarities, above 0. Default 0.1.
	Temperature float64
	// TeacherTemperature divides the teacher's, above 0, and below Temperature to sharpen. Default
	// 0.04.
	TeacherTemperature float64
	// Queue is the number of earlier images, a multiple of the batch, and at most the number of
	// images. Default 32768, or where that is not whole batches or more than two thirds of the images,
	// the nearest below; solo-learn takes 65536, the authors 131072 on ImageNet.
	Queue int
	// Hidden is the number of features of the projection head's hidden layer. Default 4096.
	Hidden int
	// Out is the number of features of the embedding that is compared. Default 256; the authors take
	// 512 on ImageNet.
	Out int
	// Tau is the teacher's momentum at the start, in (0, 1); it rises to 1 along a cosine. Default
	// 0.99, solo-learn's for CIFAR-10; the authors stay at 0.999 on ImageNet. Shorter trainings want a
	// quicker teacher.
	Tau float64
	// Locals is the number of small crops beside the student's large view, which the same is asked
	// of. Default 0; the authors have 4 in another recipe, of sizes from 192 to 96 for 224 pixels.
	Locals int
	// LocalSize is the side of the small crops in pixels, at most that of the image. Default: half of
	// it.
	LocalSize int
}

// resslQueue is the length of the queue where the images are many.
const resslQueue = 32768

var (
	_ HasTeacher     = ReSSL{}
	_ FollowsBatches = ReSSL{}
)

// WithDefaults fills in the settings that were left at zero, but for Queue.
func (m ReSSL) WithDefaults() Method {
	m.Temperature, m.TeacherTemperature = cmp.Or(m.Temperature, .1), cmp.Or(m.TeacherTemperature, .04)
	m.Hidden, m.Out = cmp.Or(m.Hidden, 4096), cmp.Or(m.Out, 256)
	m.Tau = cmp.Or(m.Tau, .99)
	return m
}

// ForBatch fills in Queue.
func (m ReSSL) ForBatch(batch Batch) Method {
	m.Queue = cmp.Or(m.Queue, queueFor(resslQueue, batch))
	return m
}

// Name is "ressl".
func (m ReSSL) Name() string { return "ressl" }

// Check returns an error where a field is out of range.
func (m ReSSL) Check(batch Batch) error {
	d := ReSSL{}.WithDefaults().(ReSSL)
	return cmp.Or(
		setting.Divisor("ssl.ReSSL: Temperature", m.Temperature, d.Temperature),
		setting.Divisor("ssl.ReSSL: TeacherTemperature", m.TeacherTemperature, d.TeacherTemperature),
		setting.Features(1, "ssl.ReSSL: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.ReSSL: Out", m.Out, d.Out),
		setting.Fraction("ssl.ReSSL: Tau", m.Tau, d.Tau),
		twoImages("ssl.ReSSL", batch, "for the norms over the batch"),
		checkCrops("ssl.ReSSL", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
		checkQueue("ssl.ReSSL", m.Queue, batch, orFewer(resslQueue)),
	)
}

// Views are the student's large one, as BYOL's first but less often blurred, the teacher's, which
// is cropped and flipped alone: solo-learn's, scripts/pretrain/cifar/augmentations/ressl.yaml.
func (m ReSSL) Views(height, width int) []augment.Pipeline {
	size := min(height, width)
	student := BYOLViews(size)[0]
	for i, transform := range student {
		if _, ok := transform.(augment.GaussianBlur); ok {
			student[i] = augment.GaussianBlur{P: .5}
		}
	}
	views := []augment.Pipeline{student, {
		augment.RandomResizedCrop{Size: size, Interpolation: augment.Bicubic}, augment.Flip{}, augment.Normalize{},
	}}
	return append(views, localViews(student, size, m.Locals, m.LocalSize)...)
}

// Loss is equation 5 of the paper:
//
//	q, k = g(f(x_strong)), the teacher's g(f(x_weak)), both l2-normalised
//	loss = H(softmax(k·queue / TeacherTemperature), softmax(q·queue / Temperature)); then enqueue k, dequeue the oldest
//
// With small crops it is the mean over all that the student sees, encoded one by one.
func (m ReSSL) Loss(step *Step) *Node {
	seen := append(step.Views[:1:1], step.Views[globalCrops:]...)                                           // By the student.
	queries := apart(seen, func(view *Node) *Node { return m.Embed(step.Scope, step.Encode(view).Pooled) }) // A view each: [batch, out]
	k := unit(m.TeacherHead(step.Teacher.Scope, step.Teacher.Encode(step.Views[1]).Pooled))                 // [batch, out]
	earlier := newQueue(step.Scope, m.Queue, m.Out)                                                         // [queue, out]
	held := earlier.embeddings(k.Graph())
	losses := apart(queries, func(q *Node) *Node {
		return RelationalConsistency(q, k, held, m.Temperature, m.TeacherTemperature)
	})
	earlier.push(k)
	return ReduceAllMean(Stack(losses, 0))
}

// RelationalConsistency is the mean cross-entropy of how similar a query is to each row of the
// queue to how similar its key is: of the softmax of cosine similarities, divided by a temperature
// each (equation 5 of the ReSSL paper). No gradient flows into keys and queue. It is computed in
// float32.
//
//	query, key: [batch, dim]; queue: [size, dim] -> scalar
func RelationalConsistency(query, key, queue *Node, temperature, teacherTemperature float64) *Node {
	rows := Transpose(StopGradient(unit(queue)), 0, 1)                                        // [dim, size]
	target := Softmax(DivScalar(Dot(unit(key), rows).Product(), teacherTemperature), -1)      // [batch, size]
	return ReduceAllMean(distillation(Dot(unit(query), rows).Product(), target, temperature)) // Which stops the target's gradient.
}

// Embed is the projection head g, a perceptron of two layers, without norms as in the authors'
// code.
//
//	[batch, dim] -> [batch, out]
func (m ReSSL) Embed(scope *model.Scope, features *Node) *Node {
	return plainHead(scope.At("projector"), features, m.Hidden, m.Out)
}

// TeacherHead is the projection head too.
//
//	[batch, dim] -> [batch, out]
func (m ReSSL) TeacherHead(scope *model.Scope, features *Node) *Node {
	return m.Embed(scope, features)
}

// Momentum rises from Tau to 1 along a cosine, as in solo-learn.
func (m ReSSL) Momentum(progress *Node) *Node { return cosineRamp(progress, m.Tau, 1) }

// Collapse of ReSSL is where the teacher says the same of all images.
func (m ReSSL) Collapse() Collapse {
	return Collapse{Try: "a lower TeacherTemperature, so that the targets are sharper; Tau nearer to 1; a longer Queue; " +
		"a lower learning rate"}
}

// Optimizer is SGD at the rate of both sources, for 256 images; norms and biases have no decay, as
// in the authors' code but for the norms of shortcuts, whose names it misses.
func (m ReSSL) Optimizer() optim.Optimizer {
	return optim.SGD{LR: .05, Momentum: .9, WeightDecay: 1e-4}
}
