package semi

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// thresholds hold how sure a classifier is, as running means over the steps (section 3.1 of the
// FreeMatch paper).
type thresholds struct {
	global    *model.Variable // τ: the mean confidence, a scalar.
	classMean *model.Variable // p̃: the mean probability of each class, [classes].
	histogram *model.Variable // h̃: how often each class is the most likely, [classes].
}

// newThresholds returns those that live in scope. All start at 1/classes: a classifier that knows
// nothing.
func newThresholds(scope *model.Scope, classes int) thresholds {
	variable := func(name string, dims ...int) *model.Variable {
		even := func(g *Graph, shape shapes.Shape) *Node { return FillScalar(g, shape, 1/float64(classes)) }
		shape := shapes.Make(dtypes.Float32, dims...)
		return scope.WithInitializer(even).VariableWithShape(name, shape).SetTrainable(false)
	}
	return thresholds{variable("global"), variable("class_mean", classes), variable("histogram", classes)}
}

// sureness is what the thresholds are in one step: scalar, [classes], [classes].
type sureness struct{ global, classMean, histogram *Node }

// follow moves the running means, momentum of which stays, towards what the classifier says of weak
// views in this step, and gives them as they are then (equations 5, 6 and 10).
//
//	weak: logits, [n, classes]
func (t thresholds) follow(weak *Node, momentum float64) sureness {
	probabilities := Softmax(StopGradient(ConvertDType(weak, dtypes.Float32)), -1) // [n, classes]
	classes, confidence := pseudoLabels(weak)
	return sureness{
		global:    moved(t.global, ReduceAllMean(confidence), momentum),
		classMean: moved(t.classMean, ReduceMean(probabilities, 0), momentum),
		histogram: moved(t.histogram, ReduceMean(OneHot(classes, weak.Shape().Dim(-1), dtypes.Float32), 0), momentum),
	}
}

// moved moves a running mean, momentum of which stays, and gives it as it is then.
func moved(v *model.Variable, towards *Node, momentum float64) *Node {
	v.SetNodeValue(Add(MulScalar(v.NodeValue(towards.Graph()), momentum), MulScalar(towards, 1-momentum)))
	return v.NodeValue(towards.Graph())
}

// ofClasses is the threshold of each class: τ(c) = p̃(c) / max p̃ × τ (equation 7), [classes].
func (s sureness) ofClasses() *Node {
	return Mul(Div(s.classMean, ReduceAllMax(s.classMean)), s.global)
}

// passed is 1 for the images whose most likely class has at least its threshold, else 0.
//
//	weak: logits, [n, classes] -> float32 [n]
func (s sureness) passed(weak *Node) *Node {
	classes, confidence := pseudoLabels(weak)
	count := weak.Shape().Dim(-1)
	threshold := ReduceSum(Mul(OneHot(classes, count, dtypes.Float32), Reshape(s.ofClasses(), 1, count)), -1) // [n]
	return ConvertDType(GreaterOrEqual(confidence, threshold), dtypes.Float32)
}

// Fairness is the self-adaptive fairness loss L_f of FreeMatch (equations 8 to 11). With p̄ the
// mean of the classes' probabilities over the strong views whose mask is 1, h̄ the histogram of
// their most likely classes, and each divided by its sum,
//
//	L_f = -H(p̃/h̃, p̄/h̄) = Σ_c (p̃/h̃)_c log (p̄/h̄)_c
//
// It is never above 0, and is 0 where no mask is 1. As in the authors' code, a class that no view
// is sorted into counts as 0 in p̄/h̄, and 10⁻¹² is added to what the logarithm is taken of. A
// gradient flows only through p̄.
//
//	strong: logits, [n, classes]; mask: [n], of 0 and 1; classMean: p̃, histogram: h̃, [classes] -> scalar
func Fairness(strong, mask, classMean, histogram *Node) *Node {
	strong = ConvertDType(strong, dtypes.Float32)
	classes := strong.Shape().Dim(-1)
	chosen := InsertAxes(StopGradient(mask), -1)                                            // [n, 1]
	mean := ReduceSum(Mul(Softmax(strong, -1), chosen), 0)                                  // [classes], up to a factor
	named := ReduceSum(Mul(OneHot(ArgMax(strong, -1), classes, dtypes.Float32), chosen), 0) // [classes], up to a factor
	expected := StopGradient(overSum(overHistogram(classMean, histogram)))
	got := overSum(overHistogram(mean, named))
	loss := ReduceAllSum(Mul(expected, Log(AddScalar(got, 1e-12))))
	return Mul(loss, MinScalar(ReduceAllSum(chosen), 1))
}

// overHistogram divides each class's mean by how often it was named, 0 where it never was.
func overHistogram(mean, histogram *Node) *Node {
	never := Equal(histogram, ZerosLike(histogram))
	return Where(never, ZerosLike(mean), Div(mean, Where(never, OnesLike(histogram), histogram)))
}

// overSum divides by the sum: SumNorm of the paper. Where all are 0 they stay so.
func overSum(x *Node) *Node { return Div(x, MaxScalar(ReduceAllSum(x), 1e-12)) }
