package semi

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
	"sslkit/kit/ssl"
)

// SimMatch is FixMatch with a second thing that two views of an image must agree on: how alike the
// image is to each of the images with labels. What the classifier says and what these similarities
// say correct each other.
//
//	recipe.Method = semi.SimMatch{Classes: 10}
//
// Zheng et al. 2022, "SimMatch: Semi-supervised Learning with Similarity Matching",
// arXiv:2203.06915. The zero value, but for Classes, is the recipe for CIFAR-10 of USB
// (microsoft/Semi-supervised-learning), with the views of FixMatch; the authors' public code
// (mingkai-zheng/simmatch) is for ImageNet, and there the targets are a slow teacher's. Three
// things are not as in USB: embeddings have one head, as in the authors' code, where USB averages
// three by default; an embedding in the bank is made of length 1 by itself; and the similarities
// count once all images with labels are in the bank, not from the second of 1024 epochs on, which
// is later in long trainings and too early in short ones. USB evaluates a running mean of the
// weights, kit.Recipe.EMA: .999; the authors' code evaluates the weights themselves.
type SimMatch struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Threshold is the confidence in (0, 1) from which on an answer counts as a label. Default
	// 0.95.
	Threshold float64
	// Weight multiplies the loss of the classes of images without labels, above 0. Default 1.
	Weight float64
	// Similarity multiplies the loss of the similarities, above 0. Default 1.
	Similarity float64
	// Temperature divides the similarities, in [1e-4, 1e4]. Default 0.1.
	Temperature float64
	// Own is the part of the classifier's own answer in a pseudo-label, in (0, 1]; the rest is what
	// the similarities say. Default 0.9.
	Own float64
	// Bank is how much of the embedding of an image with a label stays when the image comes again,
	// in (0, 1). Default 0.7.
	Bank float64
	// Queue is the number of steps whose answers tell how often each class is named, at least 1.
	// Default 32.
	Queue int
	// Out is the number of dimensions of the embedding, at least 1. Default 128.
	Out int
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/8.
	Share float64
}

var (
	_ ssl.SemiSupervised = SimMatch{}
	_ ssl.ReadsIndices   = SimMatch{}
)

// WithDefaults fills in the settings that were left at zero.
func (m SimMatch) WithDefaults() ssl.Method {
	m.Threshold = cmp.Or(m.Threshold, .95)
	m.Weight = cmp.Or(m.Weight, 1)
	m.Similarity = cmp.Or(m.Similarity, 1)
	m.Temperature = cmp.Or(m.Temperature, .1)
	m.Own = cmp.Or(m.Own, .9)
	m.Bank = cmp.Or(m.Bank, .7)
	m.Queue = cmp.Or(m.Queue, 32)
	m.Out = cmp.Or(m.Out, 128)
	m.Share = cmp.Or(m.Share, 1./8)
	return m
}

// Name is "simmatch".
func (m SimMatch) Name() string { return "simmatch" }

// Check returns an error where a field is out of range.
func (m SimMatch) Check(batch ssl.Batch) error {
	d := SimMatch{}.WithDefaults().(SimMatch)
	return cmp.Or(
		checkCommon("semi.SimMatch", m.Classes, share(m.Share), d.Share, batch.Images),
		setting.Fraction("semi.SimMatch: Threshold", m.Threshold, d.Threshold),
		setting.Positive("semi.SimMatch: Weight", m.Weight, d.Weight),
		setting.Positive("semi.SimMatch: Similarity", m.Similarity, d.Similarity),
		setting.Divisor("semi.SimMatch: Temperature", m.Temperature, d.Temperature),
		setting.UpTo(1, "semi.SimMatch: Own", m.Own, d.Own),
		setting.Fraction("semi.SimMatch: Bank", m.Bank, d.Bank),
		setting.Repeats(1, "semi.SimMatch: Queue", m.Queue, d.Queue),
		setting.Features(1, "semi.SimMatch: Out", m.Out, d.Out),
		batch.OneSize("semi.SimMatch", 0, 2),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m SimMatch) CheckLabels(classes []string) error {
	return allClasses("semi.SimMatch", m.Classes, classes)
}

// LabelledOf is Share of the batch.
func (m SimMatch) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// ReadIndices marks the method: it keeps an embedding of each image with a label.
func (m SimMatch) ReadIndices() {}

// Views are a weak one and a strong one.
func (m SimMatch) Views(height, width int) []augment.Pipeline { return weakAndStrong() }

// Loss is section 3 of the paper, with p the aligned probabilities of a weak view, b its
// similarities to the images with labels, and p', b' what the two make of each other (see
// SimMatchTargets):
//
//	ℓ_s  = mean of H(label, weak) over the images with labels
//	ℓ_u  = mean of [max p' ≥ threshold] H(p', strong) over those without
//	ℓ_in = mean of H(b', similarities of strong)
//	loss = ℓ_s + λ_u ℓ_u + λ_in ℓ_in
//
// Until all images with labels are in the bank, p' is p and ℓ_in is 0.
func (m SimMatch) Loss(step *ssl.Step) *Node {
	features, split := weakStrongFeatures(step, m.LabelledOf)
	labelled, weak, strong := split(classify(step.Scope, features, m.Classes))
	known, alike, strongAlike := split(m.project(step.Scope, features))
	known, alike = StopGradient(known), StopGradient(alike)

	held := newBank(step.Scope.At("bank"), len(step.Labelled), m.Out)
	embeddings, classes, full := held.contents(known.Graph(), m.Classes)
	probabilities := Softmax(StopGradient(ConvertDType(weak, dtypes.Float32)), -1) // [n, classes]
	probabilities = alignedTo(probabilities, m.shares(step.Scope, probabilities))
	targets, similarities := SimMatchTargets(probabilities, alike, embeddings, classes, m.Temperature, m.Own)
	targets = Add(Mul(full, targets), Mul(OneMinus(full), probabilities))
	sure := GreaterOrEqual(ReduceMax(targets, -1), Scalar(targets.Graph(), dtypes.Float32, m.Threshold))
	held.put(Slice(step.Indices, AxisRange(0, known.Shape().Dim(0))), step, known, m.Bank)

	unsupervised := softCrossEntropy(strong, targets, ConvertDType(sure, dtypes.Float32))
	matching := Mul(full, SimilarityLoss(strongAlike, embeddings, similarities, m.Temperature))
	return Add(supervised(labelled, step.Labels), Add(MulScalar(unsupervised, m.Weight), MulScalar(matching, m.Similarity)))
}

// SimMatchTargets are what a weak view asks of the strong one (section 3 of the paper). With b the
// softmax of the view's similarities to all images of the bank,
//
//	b'(i) = b(i) × p(class of i), divided by the sum over i
//	p'(c) = own × p(c) + (1 - own) × Σ b(i) over the images i of class c
//
//	probabilities: p, [n, classes]; view: [n, dim]; bank: [m, dim], all rows of length 1;
//	classes: one-hot [m, classes] -> p' [n, classes], b' [n, m]
func SimMatchTargets(probabilities, view, bank, classes *Node, temperature, own float64) (targets, similarities *Node) {
	b := Softmax(similarity(view, bank, temperature), -1) // [n, m]
	b, probabilities = StopGradient(b), StopGradient(probabilities)
	unfolded := Mul(b, MatMul(probabilities, Transpose(classes, 0, 1))) // [n, m]
	similarities = overRows(unfolded)
	targets = Add(MulScalar(probabilities, own), MulScalar(MatMul(b, classes), 1-own))
	return targets, similarities
}

// SimilarityLoss is ℓ_in (section 3 of the paper): the mean over all images of the cross-entropy of
// the softmax of a view's similarities to the images of the bank to the given ones.
//
//	view: [n, dim]; bank: [m, dim], all rows of length 1; similarities: b', [n, m] -> scalar
func SimilarityLoss(view, bank, similarities *Node, temperature float64) *Node {
	return softCrossEntropy(similarity(view, bank, temperature), similarities, nil)
}

// similarity is of each row to each of the bank, divided by the temperature: [n, m].
func similarity(view, bank *Node, temperature float64) *Node {
	return DivScalar(MatMul(view, Transpose(StopGradient(bank), 0, 1)), temperature)
}

// overRows divides each row by its sum.
func overRows(x *Node) *Node { return Div(x, MaxScalar(ReduceAndKeep(x, ReduceSum, -1), 1e-12)) }

// project is the head of the embeddings, of length 1.
//
//	[n, dim] -> [n, Out]
func (m SimMatch) project(scope *model.Scope, features *Node) *Node {
	scope = scope.At("projector")
	hidden := MaxScalar(encoder.MLP{Out: features.Shape().Dim(-1), Layers: 1}.Apply(scope.At("hidden"), features), 0)
	out := encoder.MLP{Out: m.Out, Layers: 1}.Apply(scope.At("out"), hidden)
	return L2Normalize(ConvertDType(out, dtypes.Float32), -1)
}

// shares are the mean probabilities of the classes over the last Queue steps, this one among them,
// up to a factor until that many have been.
//
//	probabilities: [n, classes] -> [classes]
func (m SimMatch) shares(scope *model.Scope, probabilities *Node) *Node {
	held := scope.WithInitializer(initializer.Zero).
		VariableWithShape("shares", shapes.Make(dtypes.Float32, m.Queue, m.Classes)).SetTrainable(false)
	now := ReduceAndKeep(probabilities, ReduceMean, 0) // [1, classes]
	if m.Queue > 1 {
		now = Concatenate([]*Node{Slice(held.NodeValue(probabilities.Graph()), AxisRange(1), AxisRange()), now}, 0)
	}
	held.SetNodeValue(now)
	return ReduceMean(now, 0)
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m SimMatch) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// Optimizer is the SGD that FixMatch has.
func (m SimMatch) Optimizer() optim.Optimizer { return paperSGD }

// bank holds an embedding and the class of each image with a label.
type bank struct {
	embeddings *model.Variable // [images, dim], rows of length 1, or of zeros where an image was not seen.
	classes    *model.Variable // int32 [images]
}

// newBank returns the one that lives in scope.
func newBank(scope *model.Scope, images, dim int) bank {
	scope = scope.WithInitializer(initializer.Zero)
	variable := func(name string, dtype dtypes.DType, dims ...int) *model.Variable {
		return scope.VariableWithShape(name, shapes.Make(dtype, dims...)).SetTrainable(false)
	}
	return bank{variable("embeddings", dtypes.Float32, images, dim), variable("classes", dtypes.Int32, images)}
}

// contents are what it holds, and whether that is all.
//
//	-> embeddings: [images, dim]; classes: one-hot [images, classes]; full: 1, or 0 where an image was not seen, a scalar
func (b bank) contents(g *Graph, of int) (embeddings, classes, full *Node) {
	embeddings = b.embeddings.NodeValue(g)
	lengths := ReduceSum(Square(embeddings), -1) // [images]
	full = ConvertDType(GreaterThan(ReduceAllMin(lengths), ScalarZero(g, dtypes.Float32)), dtypes.Float32)
	return embeddings, OneHot(b.classes.NodeValue(g), of, dtypes.Float32), full
}

// put moves the embeddings of the images of a batch, momentum of which stays, towards what they now
// are. An image that comes several times in a batch counts by the mean.
//
//	indices: int32 [n], images of step.Labelled; embeddings: [n, dim], rows of length 1
func (b bank) put(indices *Node, step *ssl.Step, embeddings *Node, momentum float64) {
	g := embeddings.Graph()
	images, n := len(step.Labelled), indices.Shape().Dim(0)
	places := make([]int32, images)
	for k, i := range step.Labelled {
		places[k] = int32(i)
	}
	here := Equal(Reshape(Const(g, places), images, 1), Reshape(indices, 1, n)) // [images, n]
	hits := ConvertDType(here, dtypes.Float32)
	count := ReduceAndKeep(hits, ReduceSum, -1) // [images, 1]
	now := Div(MatMul(hits, embeddings), MaxScalar(count, 1))
	before := b.embeddings.NodeValue(g)
	moved := Add(MulScalar(before, momentum), MulScalar(now, 1-momentum))
	moved = Div(moved, MaxScalar(Sqrt(ReduceAndKeep(Square(moved), ReduceSum, -1)), 1e-12))
	come := GreaterThan(count, ZerosLike(count)) // [images, 1]
	b.embeddings.SetNodeValue(Where(BroadcastToShape(come, before.Shape()), moved, before))
	classes := ReduceMax(Where(here, BroadcastToDims(Reshape(Slice(step.Labels, AxisRange(0, n)), 1, n), images, n),
		FillScalar(g, shapes.Make(dtypes.Int32, images, n), -1)), -1) // [images], -1 where an image has not come.
	b.classes.SetNodeValue(Where(Squeeze(come, -1), classes, b.classes.NodeValue(g)))
}
