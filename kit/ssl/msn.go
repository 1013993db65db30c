package ssl

import (
	"cmp"
	"fmt"
	"math"

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

// MSN learns representations by which a view of an image that lacks patches, and small crops of it,
// are sorted among prototypes as a slow twin sorts another, whole view. That all prototypes are
// used as much on average (me-max) keeps it from collapse. Made for few labels: its authors
// classify with 1 to 5 of a class.
//
// Assran et al. 2022, "Masked Siamese Networks for Label-Efficient Learning", arXiv:2204.07141. The
// zero value is the authors' code (facebookresearch/msn, configs/pretrain/msn_vits16.yaml) but for
// small crops, of which it takes 10, and for ReLU in place of GELU in the head. It needs an encoder
// on patches, such as encoder.ViT with its class token. What a run evaluates is the teacher, as
// there.
type MSN struct {
	// Prototypes is their number, at least 2. Default 1024.
	Prototypes int
	// Hidden and Out are the numbers of features of the head's two hidden layers, and of its output,
	// which is compared with the prototypes. Default 2048 and 256.
	Hidden, Out int
	// Drop is the share of the patches that the student's large view lacks, in (0, 1). Default 0.15,
	// for ViT-S; the paper takes more for larger ones, to 0.7.
	Drop float64
	// Temperature divides the cosines with the prototypes, above 0. Default 0.1.
	Temperature float64
	// Sharpen is the temperature of the targets, relative to Temperature, in (0, 1]. Default 0.25.
	Sharpen float64
	// Iterations is how often Sinkhorn–Knopp scales the targets, at least 1. Default 3.
	Iterations int
	// MeanEntropy is the weight of me-max, above 0. Default 1; a tiny number is none.
	MeanEntropy float64
	// Tau is the teacher's momentum at the start, in (0, 1); it goes four fifths of the way to 1 in a
	// line. Default 0.996. Shorter trainings want a quicker teacher.
	Tau float64
	// Locals is the number of small crops beside the student's large view. Default 0; the authors take
	// 10.
	Locals int
	// LocalSize is the side of the small crops in pixels, a multiple of the patch. Default: half that
	// of the images; the authors take 96 of 224.
	LocalSize int
}

var (
	_ EvaluatesTeacher = MSN{}
	_ NeedsEncoder     = MSN{}
)

// msnScale is the largest share of the image in a small crop, and the smallest in a large view.
const msnScale = .3

// WithDefaults fills in the settings that were left at zero, but for a LocalSize that follows the
// images.
func (m MSN) WithDefaults() Method {
	m.Prototypes, m.Hidden, m.Out = cmp.Or(m.Prototypes, 1024), cmp.Or(m.Hidden, 2048), cmp.Or(m.Out, 256)
	m.Drop, m.Temperature, m.Sharpen = cmp.Or(m.Drop, .15), cmp.Or(m.Temperature, .1), cmp.Or(m.Sharpen, .25)
	m.Iterations, m.MeanEntropy, m.Tau = cmp.Or(m.Iterations, 3), cmp.Or(m.MeanEntropy, 1), cmp.Or(m.Tau, .996)
	return m
}

// Name is "msn".
func (m MSN) Name() string { return "msn" }

// Check returns an error where a field is out of range.
func (m MSN) Check(batch Batch) error {
	d := MSN{}.WithDefaults().(MSN)
	return cmp.Or(
		setting.Features(2, "ssl.MSN: Prototypes", m.Prototypes, d.Prototypes),
		setting.Features(1, "ssl.MSN: Hidden", m.Hidden, d.Hidden),
		setting.Features(1, "ssl.MSN: Out", m.Out, d.Out),
		setting.Fraction("ssl.MSN: Drop", m.Drop, d.Drop),
		setting.Divisor("ssl.MSN: Temperature", m.Temperature, d.Temperature),
		setting.Within(1e-4, 1, "ssl.MSN: Sharpen", m.Sharpen, d.Sharpen),
		setting.Repeats(1, "ssl.MSN: Iterations", m.Iterations, d.Iterations),
		setting.Positive("ssl.MSN: MeanEntropy", m.MeanEntropy, d.MeanEntropy),
		setting.Fraction("ssl.MSN: Tau", m.Tau, d.Tau),
		checkCrops("ssl.MSN", m.Locals, m.LocalSize, min(batch.Height, batch.Width), "half"),
		twoImages("ssl.MSN", batch, "which share the prototypes"),
		batch.OneSize("ssl.MSN", globalCrops, len(batch.Views)),
	)
}

// CheckEncoder returns an error where the encoder can't leave out patches or work on the crops, or
// where Drop does not suit it.
func (m MSN) CheckEncoder(e encoder.Encoder, batch Batch) error {
	if err := needsMasked("ssl.MSN", e); err != nil {
		return err
	}
	for i := range batch.Views {
		if err := e.Check(batch.ViewSize(i)); err != nil {
			return fmt.Errorf("ssl.MSN: view %d (LocalSize is the side of those from 2 on): %w", i, err)
		}
	}
	height, width := batch.ViewSize(1)
	patch := e.(encoder.Masked).PatchSize()
	if err := m.mask().Check(height/patch, width/patch); err != nil {
		return fmt.Errorf("ssl.MSN: Drop: %w", err)
	}
	return nil
}

func (m MSN) mask() augment.RandomMask { return augment.RandomMask{Ratio: m.Drop} }

// Views are the teacher's, the student's large one, and the small ones: SimCLR's at half strength,
// resized bilinearly as in the authors' code.
func (m MSN) Views(height, width int) []augment.Pipeline {
	size := min(height, width)
	view := func(size int, scale [2]float64) augment.Pipeline {
		view := SimCLRView(size, .5)
		view[0] = augment.RandomResizedCrop{Size: size, Scale: scale}
		return view
	}
	large := view(size, [2]float64{msnScale, 1})
	views := []augment.Pipeline{large, large}
	for range min(m.Locals, mostViews) { // Check refuses more.
		views = append(views, view(cmp.Or(m.LocalSize, max(size/2, 1)), [2]float64{.05, msnScale}))
	}
	return views
}

// Loss is equation 1 of the paper:
//
//	p = softmax(cos(f(view without some patches), C)/T), and of each small crop;  p⁺ = Sinkhorn(sharpened(the teacher's of the first view))
//	loss = mean of H(p⁺, p) - MeanEntropy × H(mean of all p)
//
// The norms of the head see the views of one size together, as in the authors' code.
func (m MSN) Loss(step *Step) *Node {
	whole, large, local := step.Views[0], step.Views[1], step.Views[globalCrops:]
	rows, columns := gridOf(step.Encoder, large)
	keep, _ := m.mask().Split(step.Random, large.Shape().Dim(0), rows*columns)
	anchors := []*Node{m.Embed(step.Scope, step.EncodeVisible(large, keep).Pooled)} // A view each: [batch, out]
	if len(local) > 0 {
		anchors = append(anchors, SplitViews(m.Embed(step.Scope, step.Encode(local...).Pooled), len(local))...)
	}
	target := m.TeacherHead(step.Teacher.Scope, step.Teacher.Encode(whole).Pooled) // [batch, out]

	prototypes := m.prototypes(step.Scope, whole.Graph())
	targets := SharpAssignment(m.scores(target, prototypes), m.Sharpen, m.Iterations)
	for i, anchor := range anchors {
		anchors[i] = m.scores(anchor, prototypes)
	}
	return MaskedSiamese(anchors, targets, m.MeanEntropy)
}

// scores are the cosines with the prototypes, divided by the temperature.
//
//	z: [batch, out]; prototypes: [prototypes, out] -> [batch, prototypes]
func (m MSN) scores(z, prototypes *Node) *Node {
	return DivScalar(Dot(unit(z), Transpose(unit(prototypes), 0, 1)).Product(), m.Temperature)
}

// prototypes are C of the paper: [prototypes, out].
func (m MSN) prototypes(scope *model.Scope, g *Graph) *Node {
	bound := 1 / math.Sqrt(float64(m.Out))
	scope = scope.WithInitializer(initializer.RandomUniformFn(scope, -bound, bound))
	return scope.VariableWithShape("prototypes", shapes.Make(dtypes.Float32, m.Prototypes, m.Out)).NodeValue(g)
}

// SharpAssignment is the target of MSN: the softmax of scores, sharpened, that is to the power of
// 1/sharpen and normalised, then scaled so that all prototypes get the same share of the images. No
// gradient flows through it. It is computed in float32.
//
//	scores: [images, prototypes] -> probabilities of the same shape
func SharpAssignment(scores *Node, sharpen float64, iterations int) *Node {
	return balanced(LogSoftmax(DivScalar(ConvertDType(scores, dtypes.Float32), sharpen), -1), nil, iterations)
}

// MaskedSiamese is the loss of MSN: the mean cross-entropy of the softmax of each anchor's scores
// to the targets, and with a weight how far the entropy of the mean of all these is from the
// greatest that there can be (me-max). No gradient flows into the targets. It is computed in
// float32.
//
//	anchors: scores, views × [batch, prototypes]; targets: probabilities [batch, prototypes] -> scalar
func MaskedSiamese(anchors []*Node, targets *Node, meanEntropy float64) *Node {
	var losses []*Node
	for _, scores := range anchors {
		losses = append(losses, ReduceAllMean(distillation(scores, targets, 1)))
	}
	probabilities := Softmax(ConvertDType(MergeViews(anchors...), dtypes.Float32), -1)
	mean := ReduceMean(probabilities, 0) // [prototypes]
	// A prototype that no anchor wants has a logarithm, and next to no share of the entropy.
	entropy := Neg(ReduceAllSum(Mul(mean, Log(AddScalar(mean, 1e-12)))))
	greatest := math.Log(float64(targets.Shape().Dim(-1)))
	return Add(ReduceAllMean(Stack(losses, 0)), MulScalar(AddScalar(Neg(entropy), greatest), meanEntropy))
}

// Embed is the head, a perceptron of three layers with norms.
//
//	[batch, dim] -> [batch, out]
func (m MSN) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Hidden: m.Hidden, Out: m.Out, Layers: 3}.Apply(scope.At("head"), features)
}

// TeacherHead is the head too: the prototypes are the student's.
//
//	[batch, dim] -> [batch, out]
func (m MSN) TeacherHead(scope *model.Scope, features *Node) *Node { return m.Embed(scope, features) }

// Momentum rises from Tau in a line that would reach 1 after five quarters of the training, as in
// the authors' code.
func (m MSN) Momentum(progress *Node) *Node {
	return AddScalar(MulScalar(progress, (1-m.Tau)*.8), m.Tau)
}

// Collapse of MSN is of targets that are too soft, or of a mean entropy that weighs too little.
func (m MSN) Collapse() Collapse {
	return Collapse{Try: "a smaller Sharpen, so that the targets are sharper; a larger MeanEntropy; Tau nearer to 1; fewer Prototypes; " +
		"a lower learning rate"}
}

// TeacherIsEvaluated marks the method: its authors evaluate the teacher.
func (m MSN) TeacherIsEvaluated() {}

// Optimizer is the authors' AdamW, a learning rate of 1e-3 at a batch of 1024, whose weight decay
// rises along a cosine. They clip the gradient of the encoder and its head, here that of the
// prototypes is clipped with it.
func (m MSN) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: 2.5e-4, WeightDecay: .04, WeightDecayEnd: .4, ClipNorm: 3}
}
