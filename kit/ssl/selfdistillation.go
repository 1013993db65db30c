package ssl

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"sslkit/kit/optim"
)

// SelfDistillation is the loss of DINO (Caron et al. 2021, arXiv:2104.14294, equation 3): the mean
// cross-entropy of what the student says of one crop to what the teacher says of another, over all
// pairs of different crops. The teacher's crops are the first of the student's. No gradient flows
// into the targets. It is computed in float32.
//
//	students: logits, crops × [batch, prototypes]; targets: probabilities, global crops × [batch, prototypes] -> scalar
func SelfDistillation(students, targets []*Node, temperature float64) *Node {
	var losses []*Node
	for t, target := range targets {
		for s, student := range students {
			if s != t {
				losses = append(losses, ReduceAllMean(distillation(student, target, temperature)))
			}
		}
	}
	return ReduceAllMean(Stack(losses, 0))
}

// distillation is the cross-entropy of softmax(student / temperature) to the target, row by row:
// -Σ target × (student/T - log Σ exp(student/T)), where a target sums to 1.
//
//	student: logits, [..., prototypes]; target: probabilities of the same shape -> [...]
func distillation(student, target *Node, temperature float64) *Node {
	student = DivScalar(ConvertDType(student, dtypes.Float32), temperature)
	target = StopGradient(ConvertDType(target, dtypes.Float32))
	return Sub(logSumExp(student), ReduceSum(Mul(target, student), -1))
}

// centre is the running mean of the teacher's logits, which is taken from them: no prototype can
// win for all images.
type centre struct{ variable *model.Variable }

// newCentre returns the centre that lives in scope. It starts at 0.
func newCentre(scope *model.Scope, prototypes int) centre {
	scope = scope.WithInitializer(initializer.Zero)
	return centre{scope.VariableWithShape("mean", shapes.Make(dtypes.Float32, prototypes)).SetTrainable(false)}
}

// sharpen gives the teacher's probabilities, softmax((logits - centre) / temperature), without
// gradient.
//
//	logits: [n, prototypes]; temperature: scalar -> float32 of the same shape
func (c centre) sharpen(logits, temperature *Node) *Node {
	held := Reshape(c.variable.NodeValue(logits.Graph()), 1, -1)
	return StopGradient(Softmax(Div(Sub(ConvertDType(logits, dtypes.Float32), held), temperature), -1))
}

// follow moves the centre a tenth of the way to the mean of the logits (equation 4 of the DINO
// paper). What was sharpened before in the same graph stays as it was.
//
//	logits: [n, prototypes]
func (c centre) follow(logits *Node) {
	held := c.variable.NodeValue(logits.Graph())
	mean := StopGradient(ReduceMean(ConvertDType(logits, dtypes.Float32), 0)) // [prototypes]
	c.variable.SetNodeValue(Add(MulScalar(held, .9), MulScalar(mean, .1)))
}

// prototypeHead is DINO's: a perceptron of three layers with GELU and without norms, whose output,
// scaled to length 1, is compared with prototypes of length 1 (a weight-normalised last layer).
type prototypeHead struct{ hidden, out, prototypes int }

// apply gives the logits.
//
//	[n, dim] -> [n, prototypes]
func (h prototypeHead) apply(scope *model.Scope, x *Node) *Node {
	return h.compare(scope, h.embed(scope, x), nil)
}

// embed is the perceptron.
//
//	[n, dim] -> [n, out], of length 1
func (h prototypeHead) embed(scope *model.Scope, x *Node) *Node {
	for i, features := range []int{h.hidden, h.hidden, h.out} {
		if i > 0 {
			x = activation.Gelu(x)
		}
		x = h.layer(scope.At("head").At("%d", i), x, features)
	}
	return unit(x)
}

// layer is a linear layer that starts as in the paper's code: with small weights, and biases of
// zero, which do not drown what tells one image from another at the start, when all features are
// alike.
//
//	x: [n, in] -> [n, out]
func (h prototypeHead) layer(scope *model.Scope, x *Node, out int) *Node {
	g, in := x.Graph(), x.Shape().Dim(-1)
	weight := scope.WithInitializer(initializer.RandomNormalFn(scope, .02)).
		VariableWithShape("weight", shapes.Make(dtypes.Float32, in, out)).NodeValue(g)
	bias := scope.WithInitializer(initializer.Zero).VariableWithShape("bias", shapes.Make(dtypes.Float32, out)).NodeValue(g)
	return Add(Dot(x, weight).Product(), Reshape(bias, 1, out))
}

// compare is the last layer: cosines with the prototypes. The optimiser leaves these alone where
// frozen is true.
//
//	z: [n, out]; frozen: bool scalar, or nil -> [n, prototypes]
func (h prototypeHead) compare(scope *model.Scope, z, frozen *Node) *Node {
	scope = scope.At("prototypes")
	bound := 1 / math.Sqrt(float64(h.out)) // The length matters: the shorter they start, the quicker they turn.
	scope = scope.WithInitializer(initializer.RandomUniformFn(scope, -bound, bound))
	prototypes := scope.VariableWithShape("weight", shapes.Make(dtypes.Float32, h.prototypes, h.out))
	weight := prototypes.NodeValue(z.Graph())
	if frozen != nil {
		optim.Hold(prototypes, frozen)
		weight = Where(frozen, StopGradient(weight), weight)
	}
	return Dot(z, Transpose(unit(weight), 0, 1)).Product()
}
