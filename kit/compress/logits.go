package compress

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/setting"
	"sslkit/kit/ssl"
)

// Logits distils a trained classifier into a smaller one: the student learns the teacher's
// probabilities of all classes, softened by a temperature, and may learn the labels beside them.
// Its embedding is the classes' logits, as that of ssl.Supervised.
//
// Hinton, Vinyals & Dean 2015, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531.
// The paper's hard labels count considerably less than the soft ones.
type Logits struct {
	// Teacher is the trained classifier with its head, as Run.Frozen gives it: the embedding of its
	// Method must be the classes' logits, as that of ssl.Supervised and of the methods of package
	// semi is. Required.
	Teacher ssl.Frozen
	// Classes is the number of classes, at least 2. Required.
	Classes int
	// Temperature divides the logits of both, above 0: the higher, the more what the teacher says
	// of unlikely classes counts. Default 4; the paper tried 1 to 20.
	Temperature float64
	// Hard is the weight of the labels in [0, 1]; the teacher's is 1 - Hard. Default 0: labels are
	// not looked at. Images without a label (-1) have the teacher's part alone.
	Hard float64
}

var (
	_ ssl.LearnsFromLogits = Logits{}
	_ ssl.NeedsLabels      = Logits{}
)

// WithDefaults fills in the settings that were left at zero.
func (m Logits) WithDefaults() ssl.Method {
	m.Temperature = cmp.Or(m.Temperature, 4)
	if m.Teacher.Method != nil {
		m.Teacher.Method = m.Teacher.Method.WithDefaults()
	}
	return m
}

// Name is "logits".
func (m Logits) Name() string { return "logits" }

// Frozen is the teacher.
func (m Logits) Frozen() ssl.Frozen { return m.Teacher }

// Check returns an error where a field is out of range or the teacher is missing or has no head.
func (m Logits) Check(batch ssl.Batch) error {
	d := Logits{}.WithDefaults().(Logits)
	if m.Teacher.Method == nil {
		return setting.Missing("compress.Logits: Teacher.Method", "what the teacher was trained by, such as ssl.Supervised")
	}
	return cmp.Or(
		setting.Features(2, "compress.Logits: Classes", m.Classes),
		setting.Within(0, 1, "compress.Logits: Hard", m.Hard),
		setting.Divisor("compress.Logits: Temperature", m.Temperature, d.Temperature),
		m.Teacher.Check("compress.Logits: Teacher"),
	)
}

// CheckLabels returns an error where labels are to be learnt and the images have none, or another
// number of classes.
func (m Logits) CheckLabels(classes []string) error {
	if m.Hard == 0 || len(classes) == m.Classes {
		return nil
	}
	return fmt.Errorf("compress.Logits: Classes is %d and Hard is %g; the training images have %d classes, and must have as many",
		m.Classes, m.Hard, len(classes))
}

// CheckLogits returns an error where the teacher's embedding has another number of values than
// Classes.
func (m Logits) CheckLogits(dim int) error {
	if dim == m.Classes {
		return nil
	}
	return fmt.Errorf("compress.Logits: Classes is %d; the teacher's embedding has %d values, and it must be the classes' logits",
		m.Classes, dim)
}

// Views is one view: a crop of at least a fifth of the image, flip and normalise.
func (m Logits) Views(height, width int) []augment.Pipeline { return oneView(height, width) }

// Loss is (1 - Hard) × soft + Hard × hard. It panics where the teacher's embedding has another
// number of values than Classes.
func (m Logits) Loss(step *ssl.Step) *Node {
	taught := m.Teacher.Embedding(step, step.Views[0])
	if err := m.CheckLogits(taught.Shape().Dim(-1)); err != nil {
		panic(err)
	}
	logits := m.Embed(step.Scope, step.Encode(step.Views[0]).Pooled)
	loss := MulScalar(Softened(logits, taught, m.Temperature), 1-m.Hard)
	if m.Hard > 0 {
		loss = Add(loss, MulScalar(ssl.CrossEntropy(logits, step.Labels, 0), m.Hard))
	}
	return loss
}

// Embed is the linear classifier.
//
//	[batch, dim] -> [batch, classes], logits
func (m Logits) Embed(scope *model.Scope, features *Node) *Node {
	return encoder.MLP{Out: m.Classes, Layers: 1}.Apply(scope.At("head"), features)
}

// Optimizer is that of ssl.Supervised.
func (m Logits) Optimizer() optim.Optimizer { return ssl.Supervised{}.Optimizer() }

// Softened is T² × the mean over the batch of KL(softmax(taught/T) ‖ softmax(logits/T)). The factor
// keeps the gradient's size as T grows (section 2 of the paper): at high temperatures it is that of
// the squared distance of the centred logits over twice the number of classes. The paper has the
// cross-entropy, whose gradient is the same; the divergence is 0 where both agree. No gradient
// flows into what is taught. It is computed in float32.
//
//	logits, taught: [batch, classes] -> scalar
func Softened(logits, taught *Node, temperature float64) *Node {
	soften := func(x *Node) *Node { return LogSoftmax(DivScalar(ConvertDType(x, dtypes.Float32), temperature), -1) }
	student, teacher := soften(logits), soften(StopGradient(taught))
	divergence := ReduceSum(Mul(Exp(teacher), Sub(teacher, student)), -1) // [batch]
	return MulScalar(ReduceAllMean(divergence), temperature*temperature)
}
