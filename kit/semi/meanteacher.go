package semi

import (
	"cmp"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// MeanTeacher asks of the classifier that it says the same of an image as a slow twin, whose
// weights are the running mean of its own, says of another view of it.
//
//	recipe.Method = semi.MeanTeacher{Classes: 10}
//
// Tarvainen and Valpola 2017, "Mean teachers are better role models: Weight-averaged consistency
// targets improve semi-supervised deep learning results", arXiv:1703.01780. The zero value, but for
// Classes, has costs and schedules of the authors' TensorFlow code, and batches, views and
// optimiser of their PyTorch code for a ResNet on CIFAR-10. What the run evaluates is the teacher,
// as there.
type MeanTeacher struct {
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Weight multiplies the consistency once it has risen, above 0. Default 100: the consistency is
	// a mean over the classes of squared differences, which are small.
	Weight float64
	// Ramp is the fraction of the training, in (0, 1), in which the weight rises from nearly 0, as
	// exp(-5 (1-x)²). Default 0.25: the paper has 40,000 of 150,000 steps.
	Ramp float64
	// Tau is the teacher's momentum after Ramp, in (0, 1); until then it is 0.99, or Tau if that is
	// less. Default 0.999. On CIFAR-10 the authors have 0.999 from the start; a short training wants
	// a quicker teacher then.
	Tau float64
	// Share is the labelled fraction of a batch, in (0, 1). Default 1/4, about the 31 of 128 of the
	// authors' code.
	Share float64
}

var (
	_ ssl.SemiSupervised   = MeanTeacher{}
	_ ssl.EvaluatesTeacher = MeanTeacher{}
)

// WithDefaults fills in the settings that were left at zero.
func (m MeanTeacher) WithDefaults() ssl.Method {
	m.Weight = cmp.Or(m.Weight, 100)
	m.Ramp = cmp.Or(m.Ramp, .25)
	m.Tau = cmp.Or(m.Tau, .999)
	m.Share = cmp.Or(m.Share, 1./4)
	return m
}

// Name is "meanteacher".
func (m MeanTeacher) Name() string { return "meanteacher" }

// Check returns an error where a field is out of range.
func (m MeanTeacher) Check(batch ssl.Batch) error {
	d := MeanTeacher{}.WithDefaults().(MeanTeacher)
	return cmp.Or(
		checkCommon("semi.MeanTeacher", m.Classes, share(m.Share), d.Share, batch.Images),
		setting.Positive("semi.MeanTeacher: Weight", m.Weight, d.Weight),
		setting.Fraction("semi.MeanTeacher: Ramp", m.Ramp, d.Ramp),
		setting.Fraction("semi.MeanTeacher: Tau", m.Tau, d.Tau),
	)
}

// CheckLabels returns an error where the images have no labels, or another number of classes than
// Classes.
func (m MeanTeacher) CheckLabels(classes []string) error {
	return allClasses("semi.MeanTeacher", m.Classes, classes)
}

// LabelledOf is Share of the batch.
func (m MeanTeacher) LabelledOf(batch int) int { return share(m.Share).of(batch) }

// Views are two draws of the weak augmentation: the student's, and the teacher's.
func (m MeanTeacher) Views(height, width int) []augment.Pipeline {
	return []augment.Pipeline{WeakView(), WeakView()}
}

// Loss is section 2 of the paper:
//
//	mean of H(label, student(v)) over the images with labels + weight(t) × J over all images
//	J = mean of (softmax student(v) - softmax teacher(v'))²
func (m MeanTeacher) Loss(step *ssl.Step) *Node {
	student := m.Embed(step.Scope, step.Encode(step.Views[0]).Pooled)                       // [batch, classes]
	teacher := m.TeacherHead(step.Teacher.Scope, step.Teacher.Encode(step.Views[1]).Pooled) // [batch, classes]
	labelled, _ := split(student, m.LabelledOf(student.Shape().Dim(0)))
	return Add(supervised(labelled, step.Labels), Mul(Consistency(student, teacher), m.weight(step.Progress)))
}

// Consistency is J(θ) (equation 1 of the paper) as its code has it: the mean over images and
// classes of the squared difference of probabilities, from 0 to 2/classes. No gradient flows into
// the teacher.
//
//	student, teacher: logits, [n, classes] -> scalar
func Consistency(student, teacher *Node) *Node {
	student, teacher = ConvertDType(student, dtypes.Float32), StopGradient(ConvertDType(teacher, dtypes.Float32))
	return ReduceAllMean(Square(Sub(Softmax(student, -1), Softmax(teacher, -1))))
}

// weight rises as exp(-5 (1-x)²) for x from 0 to 1 during Ramp, then stays at Weight.
//
//	progress: as ssl.Step.Progress, a scalar -> a scalar
func (m MeanTeacher) weight(progress *Node) *Node {
	left := OneMinus(MinScalar(DivScalar(progress, m.Ramp), 1))
	return MulScalar(Exp(MulScalar(Square(left), -5)), m.Weight)
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m MeanTeacher) Embed(scope *model.Scope, features *Node) *Node {
	return classify(scope, features, m.Classes)
}

// TeacherHead is the classifier too.
//
//	[batch, dim] -> [batch, classes], logits
func (m MeanTeacher) TeacherHead(scope *model.Scope, features *Node) *Node {
	return m.Embed(scope, features)
}

// Momentum is lower during Ramp, when the student improves fast and its old weights are best
// forgotten, than after it (section 3.1 of the paper).
func (m MeanTeacher) Momentum(progress *Node) *Node {
	g, dtype := progress.Graph(), progress.DType()
	return Where(LessThan(progress, Scalar(g, dtype, m.Ramp)), Scalar(g, dtype, min(m.Tau, .99)), Scalar(g, dtype, m.Tau))
}

// TeacherIsEvaluated marks the method: its authors evaluate the teacher.
func (m MeanTeacher) TeacherIsEvaluated() {}

// Optimizer is the SGD of the authors' code for a ResNet on CIFAR-10, with weight decay on norms and
// biases too. It has 0.05 for 128 images; here that is for any batch.
func (m MeanTeacher) Optimizer() optim.Optimizer {
	return optim.SGD{LR: .05, Scaling: optim.Unscaled, Momentum: .9, Nesterov: true, WeightDecay: 2e-4, Exclude: optim.Nothing{}}
}
