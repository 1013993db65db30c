package semi

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// MixMatch guesses the label of an image without one by the mean of the classifier's answers to
// several weak views, made sharper, and then trains on blends of any two images, with labels or
// without, whose labels are blended alike.
//
//	recipe.Method, recipe.Schedule = semi.MixMatch{Classes: 10}, optim.Constant{}
//
// Berthelot et al. 2019, "MixMatch: A Holistic Approach to Semi-Supervised Learning",
// arXiv:1905.02249. The zero value, but for Classes, is the paper's recipe for CIFAR-10, as the
// authors' command has it (google-research/mixmatch). Their rate does not fall:
// optim.Constant{}. The paper evaluates a running mean of the weights, kit.Recipe.EMA: .999.
//
// Norms over the batch see each guessed view by itself, as there, and then all blends together;
// there they see thirds of the blends, each with images of all kinds, and their running statistics
// follow the first third alone, here all that is encoded.
type MixMatch struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Guesses is the number of weak views of an image without a label that its label is guessed by,
	// from 1 to 16. Default 2, the paper's K.
	Guesses int
	// Temperature is what the mean answer is sharpened by: its power 1/Temperature is taken; in
	// [0.01, 1]. Default 0.5.
	Temperature float64
	// Alpha of the Beta distribution that the weights of blends are drawn from, in [0.05, 100].
	// Default 0.75.
	Alpha float64
	// Weight multiplies the loss of blends without labels once it has risen, above 0. Default 75:
	// that loss is a mean over the classes of squared differences, which are small.
	Weight float64
	// Ramp is the fraction of the training, in (0, 1), in which the weight rises from 0 in a line.
	// Default 1/64: the authors have 2²⁰ of 2²⁶ images.
	Ramp float64
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/2.
	Share float64
}

var _ ssl.SemiSupervised = MixMatch{}

// mostGuesses is how many views a label may be guessed by.
const mostGuesses = 16

// WithDefaults fills in the settings that were left at zero.
func (m MixMatch) WithDefaults() ssl.Method {
	m.Guesses = cmp.Or(m.Guesses, 2)
	m.Temperature = cmp.Or(m.Temperature, .5)
	m.Alpha = cmp.Or(m.Alpha, .75)
	m.Weight = cmp.Or(m.Weight, 75)
	m.Ramp = cmp.Or(m.Ramp, 1./64)
	m.Share = cmp.Or(m.Share, 1./2)
	return m
}

// Name is "mixmatch".
func (m MixMatch) Name() string { return "mixmatch" }

// Check returns an error where a field is out of range.
func (m MixMatch) Check(batch ssl.Batch) error {
	d := MixMatch{}.WithDefaults().(MixMatch)
	return cmp.Or(
		setting.Must(m.Guesses >= 1 && m.Guesses <= mostGuesses, "semi.MixMatch: Guesses", m.Guesses,
			fmt.Sprintf("from 1 to %d", mostGuesses), d.Guesses),
		checkCommon("semi.MixMatch", m.Classes, share(m.Share), d.Share, batch.Images),
		setting.Within(.01, 1, "semi.MixMatch: Temperature", m.Temperature, d.Temperature),
		setting.Within(.05, 100, "semi.MixMatch: Alpha", m.Alpha, d.Alpha),
		setting.Positive("semi.MixMatch: Weight", m.Weight, d.Weight),
		setting.Fraction("semi.MixMatch: Ramp", m.Ramp, d.Ramp),
		batch.OneSize("semi.MixMatch", 0, m.Guesses),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m MixMatch) CheckLabels(classes []string) error {
	return allClasses("semi.MixMatch", m.Classes, classes)
}

// LabelledOf is Share of the batch.
func (m MixMatch) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// Views are Guesses draws of the weak augmentation. Images with labels are seen in the first.
func (m MixMatch) Views(height, width int) []augment.Pipeline {
	return slices.Repeat([]augment.Pipeline{WeakView()}, min(max(m.Guesses, 1), mostGuesses)) // Check refuses others.
}

// Loss is algorithm 1 and equations 2 to 5 of the paper:
//
//	q   = sharpened mean over k of the answers to views u_k of an image without a label
//	W   = all (x, label) and (u_k, q) in random order
//	X'  = mixup(x, label; W), U' = mixup(u_k, q; W behind those)
//	ℓ_X = mean of H(label', answer to x'); ℓ_U = mean of (q' - answer to u')² over images and classes
//	loss = ℓ_X + λ(t) ℓ_U
func (m MixMatch) Loss(step *ssl.Step) *Node {
	batch := step.Views[0].Shape().Dim(0)
	first := m.LabelledOf(batch)
	inputs := []*Node{Slice(step.Views[0], AxisRange(0, first))}
	var answers []*Node
	for _, view := range step.Views {
		view = Slice(view, AxisRange(first))
		inputs = append(inputs, view)
		answers = append(answers, m.Embed(step.Scope, step.Encode(view).Pooled)) // [batch - first, classes]
	}
	guess := GuessLabels(answers, m.Temperature)
	targets := []*Node{OneHot(Slice(step.Labels, AxisRange(0, first)), m.Classes, dtypes.Float32)}
	for range step.Views {
		targets = append(targets, guess)
	}
	images, labels := m.mix(step.Random, Concatenate(inputs, 0), Concatenate(targets, 0))
	logits := m.Embed(step.Scope, step.Encode(images).Pooled) // [first + Guesses (batch - first), classes]
	labelled, rest := split(logits, first)
	labelsOf, guessed := split(labels, first)
	return Add(softCrossEntropy(labelled, labelsOf, nil), Mul(GuessLoss(rest, guessed), m.weight(step.Progress)))
}

// GuessLabels are the labels that images are taken to have (equations 6 and 7 of the paper): the
// mean of the answers' probabilities, to the power of 1/temperature and divided by their sum. No
// gradient flows into the answers.
//
//	answers: logits, each [n, classes] -> [n, classes]
func GuessLabels(answers []*Node, temperature float64) *Node {
	var sum *Node
	for _, logits := range answers {
		probabilities := Softmax(StopGradient(ConvertDType(logits, dtypes.Float32)), -1)
		if sum == nil {
			sum = probabilities
		} else {
			sum = Add(sum, probabilities)
		}
	}
	mean := DivScalar(sum, float64(len(answers)))
	return Softmax(DivScalar(Log(MaxScalar(mean, 1e-30)), temperature), -1) // The power, without its underflow.
}

// GuessLoss is ℓ_U (equation 4 of the paper): the mean over images and classes of the squared
// difference of the probabilities to given ones. No gradient flows into these.
//
//	logits: [n, classes]; targets: [n, classes] -> scalar
func GuessLoss(logits, targets *Node) *Node {
	return ReduceAllMean(Square(Sub(Softmax(ConvertDType(logits, dtypes.Float32), -1), StopGradient(ConvertDType(targets, dtypes.Float32)))))
}

// mix blends each image and its label with those of a random one, each in the partner's place once.
// The image itself has half of the weight at least.
//
//	images: [n, height, width, 3]; labels: [n, classes] -> the same
func (m MixMatch) mix(random *augment.Random, images, labels *Node) (mixedImages, mixedLabels *Node) {
	n := images.Shape().Dim(0)
	weight := random.Beta(m.Alpha, n)
	weight = StopGradient(Max(weight, OneMinus(weight))) // [n]
	partner := Reshape(random.Permutations(1, n), n, 1)
	blend := func(x *Node) *Node {
		dims := []int{n}
		for range x.Rank() - 1 {
			dims = append(dims, 1)
		}
		own := Reshape(ConvertDType(weight, x.DType()), dims...)
		return Add(Mul(own, x), Mul(OneMinus(own), Gather(x, partner)))
	}
	return blend(images), blend(labels)
}

// weight rises from 0 to Weight in a line during Ramp.
//
//	progress: as ssl.Step.Progress, a scalar -> a scalar
func (m MixMatch) weight(progress *Node) *Node {
	return MulScalar(MinScalar(DivScalar(progress, m.Ramp), 1), m.Weight)
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m MixMatch) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// Optimizer is that of the authors' code: Adam with a rate of 0.002 whatever the batch, and a decay
// of 0.02 times the rate, which is AdamW's.
func (m MixMatch) Optimizer() optim.Optimizer {
	return optim.AdamW{LR: .002, Scaling: optim.Unscaled, WeightDecay: .02}
}
