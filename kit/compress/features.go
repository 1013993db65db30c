package compress

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// Features distils a trained encoder into another, without labels: the student's features, through
// a perceptron that is thrown away afterwards, predict the direction of the teacher's. Student and
// teacher see the same view of an image.
//
// Navaneet et al. 2021, "SimReg: Regression as a Simple Yet Effective Tool for Self-supervised
// Knowledge Distillation", arXiv:2201.05131. It was chosen over SEED (Fang et al. 2021,
// arXiv:2101.04731), which matches the similarities to a queue of other images, because it has
// neither queue nor temperatures to tune, works at any batch, and did as well in the paper. The
// paper leaves out norm and ReLU behind the second of four layers, which is as wide as the
// student's features. It trains for 130 epochs of ImageNet, with SGD at a learning rate of 0.05 and
// a cosine to zero.
type Features struct {
	// Teacher is the trained encoder, as Run.Frozen gives it; its Method is not used. Required.
	Teacher ssl.Frozen
	// Hidden is the number of features of the perceptron's hidden layers. Default: twice the
	// student's, as the first and third of the paper.
	Hidden int
	// Layers is the number of the perceptron's linear layers, at least 1. Default 4, the paper's
	// best.
	Layers int
}

var _ ssl.LearnsFromFrozen = Features{}

// WithDefaults fills in the settings that were left at zero and don't depend on the student, and
// leaves out what is not used of the teacher, so that it is not part of the recipe.
func (m Features) WithDefaults() ssl.Method {
	m.Layers, m.Teacher = cmp.Or(m.Layers, 4), m.Frozen()
	return m
}

// Name is "features".
func (m Features) Name() string { return "features" }

// Frozen is the teacher.
func (m Features) Frozen() ssl.Frozen {
	return ssl.Frozen{Encoder: m.Teacher.Encoder, Weights: m.Teacher.Weights}
}

// Check returns an error where a field is out of range or the teacher is missing.
func (m Features) Check(batch ssl.Batch) error {
	d := Features{}.WithDefaults().(Features)
	return cmp.Or(
		setting.FeaturesOr("twice the student's features", "compress.Features: Hidden", m.Hidden),
		setting.Repeats(1, "compress.Features: Layers", m.Layers, d.Layers),
		setting.Must(m.Layers == 1 || batch.Images >= 2, "compress.Features: the batch", batch.Images,
			"at least 2 for the norms over it, or Layers 1"),
		m.Frozen().Check("compress.Features: Teacher"),
	)
}

// Views is the paper's weak augmentation: a crop of at least a fifth of the image, flip and
// normalise.
func (m Features) Views(height, width int) []augment.Pipeline { return oneView(height, width) }

// oneView is what student and teacher see.
func oneView(height, width int) []augment.Pipeline {
	return []augment.Pipeline{{
		augment.RandomResizedCrop{Size: min(height, width), Scale: [2]float64{.2, 1}}, augment.Flip{}, augment.Normalize{},
	}}
}

// Loss is the mean over the batch of ‖ g(f(x))/‖g(f(x))‖ - t(x)/‖t(x)‖ ‖², for student f,
// perceptron g and teacher t.
func (m Features) Loss(step *ssl.Step) *Node {
	taught := m.Frozen().Features(step, step.Views[0])
	return Regression(m.Embed(step.Scope, step.Encode(step.Views[0]).Pooled), taught)
}

// Embed is the perceptron: what the student takes the teacher's features for.
//
//	[batch, dim] -> [batch, dim of the teacher]
func (m Features) Embed(scope *model.Scope, features *Node) *Node {
	hidden := cmp.Or(m.Hidden, 2*features.Shape().Dim(-1))
	return encoder.MLP{Hidden: hidden, Out: m.Teacher.Encoder.Dim(), Layers: m.Layers}.Apply(scope.At("head"), features)
}

// Optimizer is SGD with the settings of the authors' code, weight decay on norms and biases too.
func (m Features) Optimizer() optim.Optimizer {
	return optim.SGD{LR: .05, Momentum: .9, WeightDecay: 1e-4, Exclude: optim.Nothing{}}
}

// Regression is the mean squared distance of the rows of two matrices, each row at length 1: 2 - 2
// cosines, from 0 to 4. No gradient flows into what is taught. It is computed in float32.
//
//	predicted, taught: [batch, dim] -> scalar
func Regression(predicted, taught *Node) *Node {
	predicted = L2Normalize(ConvertDType(predicted, dtypes.Float32), -1)
	taught = StopGradient(L2Normalize(ConvertDType(taught, dtypes.Float32), -1))
	return ReduceAllMean(ReduceSum(Square(Sub(predicted, taught)), -1))
}
