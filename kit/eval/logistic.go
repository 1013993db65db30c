package eval

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/optimize"

	"sslkit/kit/device"
)

// logistic is multinomial logistic regression with an L2 penalty, its sums over
// the images done by the device:
//
//	L(W, b) = mean cross-entropy(softmax(x W + b), label) + l2/2 ‖W‖²
//
// It works in float64, because a line search compares values that differ in the
// ninth digit. The images' weights choose which are fitted and which held out, so
// that all folds share one program and one copy of the features on the device.
type logistic struct {
	n, dim, classes int
	exec            *Exec
	each            *Exec           // of crossEntropies; nil: not compiled yet
	x, labels       *tensors.Tensor // [n, dim] float64, [n] int32
	fitted, held    *tensors.Tensor // [n] float64: its weight for an image that counts, else 0
	weights         []float64       // [n], of the images; nil: all 1
}

// newLogistic is the problem on features x [n, dim] with all images fitted.
func newLogistic(x []float64, labels []int, dim, classes int) (*logistic, error) {
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	exec, err := NewExec(backend, func(x, labels, fitted, held, parameters, l2 *Node) *Node {
		return logisticGraph(x, labels, fitted, held, parameters, l2, classes)
	})
	if err != nil {
		return nil, err
	}
	n := len(labels)
	classOf := make([]int32, n)
	for i, label := range labels {
		classOf[i] = int32(label)
	}
	p := &logistic{
		n: n, dim: dim, classes: classes, exec: exec,
		x:      tensors.FromFlatDataAndDimensions(x, n, dim),
		labels: tensors.FromFlatDataAndDimensions(classOf, n),
	}
	p.holdOut(func(int) bool { return false })
	return p, nil
}

// logisticGraph is the objective, the cross-entropy of the held-out images and
// the gradient of the objective, as one vector [2 + dim*classes + classes].
func logisticGraph(x, labels, fitted, held, parameters, l2 *Node, classes int) *Node {
	n, dim := x.Shape().Dimensions[0], x.Shape().Dimensions[1]
	weights := Reshape(Slice(parameters, AxisRangeFromStart(dim*classes)), dim, classes) // [dim, classes]
	bias := Reshape(Slice(parameters, AxisRangeToEnd(dim*classes)), 1, classes)          // [1, classes]

	logits := Add(DotGeneral(x, []int{1}, nil, weights, []int{0}, nil), bias) // [n, classes]
	logP := LogSoftmax(logits)                                                // [n, classes]
	truth := OneHot(labels, classes, dtypes.Float64)                          // [n, classes]
	crossEntropy := Neg(ReduceSum(Mul(truth, logP), -1))                      // [n]

	share := Div(fitted, ReduceAllSum(fitted)) // [n], sums to 1
	loss := Add(
		ReduceAllSum(Mul(share, crossEntropy)),
		Mul(MulScalar(l2, 0.5), ReduceAllSum(Square(weights))))
	heldOut := Div(ReduceAllSum(Mul(held, crossEntropy)), MaxScalar(ReduceAllSum(held), 1))

	// d cross-entropy / d logits = softmax - truth.
	residual := Mul(Sub(Exp(logP), truth), Reshape(share, n, 1)) // [n, classes]
	gradient := Add(
		DotGeneral(x, []int{0}, nil, residual, []int{0}, nil), // [dim, classes]
		Mul(l2, weights))
	return Concatenate([]*Node{
		Reshape(loss, 1), Reshape(heldOut, 1),
		Reshape(gradient, dim*classes), ReduceSum(residual, 0),
	}, 0)
}

// holdOut keeps the images for which held is true out of the fit.
func (p *logistic) holdOut(held func(i int) bool) {
	fit, out := make([]float64, p.n), make([]float64, p.n)
	for i := range p.n {
		weight := 1.0
		if p.weights != nil {
			weight = p.weights[i]
		}
		if held(i) {
			out[i] = weight
		} else {
			fit[i] = weight
		}
	}
	p.finalizeWeights()
	p.fitted = tensors.FromFlatDataAndDimensions(fit, p.n)
	p.held = tensors.FromFlatDataAndDimensions(out, p.n)
}

// evaluate is the objective at the parameters (W row by row, then b), its
// gradient, and the mean cross-entropy of the held-out images (0 without any).
func (p *logistic) evaluate(parameters []float64, l2 float64) (loss, heldOut float64, gradient []float64, err error) {
	at := tensors.FromFlatDataAndDimensions(parameters, len(parameters))
	defer at.MustFinalizeAll()
	out, err := p.exec.Exec1(p.x, p.labels, p.fitted, p.held, at, l2)
	if err != nil {
		return 0, 0, nil, err
	}
	defer out.MustFinalizeAll()
	flat, err := tensors.CopyFlatData[float64](out)
	if err != nil {
		return 0, 0, nil, err
	}
	return flat[0], flat[1], flat[2:], nil
}

// crossEntropies are those of the single images at the parameters.
func (p *logistic) crossEntropies(parameters []float64) ([]float64, error) {
	if p.each == nil {
		backend, err := device.Open()
		if err != nil {
			return nil, err
		}
		if p.each, err = NewExec(backend, func(x, labels, parameters *Node) *Node {
			return imageLosses(x, labels, parameters, p.classes)
		}); err != nil {
			return nil, err
		}
	}
	at := tensors.FromFlatDataAndDimensions(parameters, len(parameters))
	defer at.MustFinalizeAll()
	out, err := p.each.Exec1(p.x, p.labels, at)
	if err != nil {
		return nil, err
	}
	defer out.MustFinalizeAll()
	return tensors.CopyFlatData[float64](out)
}

// imageLosses are the cross-entropies of the images, [n].
func imageLosses(x, labels, parameters *Node, classes int) *Node {
	dim := x.Shape().Dimensions[1]
	weights := Reshape(Slice(parameters, AxisRangeFromStart(dim*classes)), dim, classes) // [dim, classes]
	bias := Reshape(Slice(parameters, AxisRangeToEnd(dim*classes)), 1, classes)          // [1, classes]
	logP := LogSoftmax(Add(Dot(x, weights).Product(), bias))                             // [n, classes]
	return Neg(ReduceSum(Mul(OneHot(labels, classes, dtypes.Float64), logP), -1))
}

// minimum is where a fit ended.
type minimum struct {
	parameters    []float64
	loss, heldOut float64
	iterations    int
	converged     bool
}

// evaluations of the objective that an iteration may take on average. Two are usual. Below the
// rounding of the loss a line search may go on for ever.
const evaluations = 10

// minimize runs L-BFGS from start until no component of the gradient exceeds
// tolerance.
func (p *logistic) minimize(start []float64, l2, tolerance float64, iterations int) (minimum, error) {
	// gonum asks for value and gradient apart; one run of the program gives both.
	var at, gradient []float64
	var loss, heldOut float64
	var failure error
	visit := func(parameters []float64) {
		if failure != nil || slices.Equal(at, parameters) {
			return
		}
		at = append(at[:0], parameters...)
		loss, heldOut, gradient, failure = p.evaluate(parameters, l2)
	}
	problem := optimize.Problem{
		Func: func(parameters []float64) float64 {
			visit(parameters)
			return loss
		},
		Grad: func(out, parameters []float64) {
			visit(parameters)
			copy(out, gradient)
		},
		Status: func() (optimize.Status, error) {
			if failure != nil {
				return optimize.Failure, failure
			}
			return optimize.NotTerminated, nil
		},
	}
	result, err := optimize.Minimize(problem, start, &optimize.Settings{
		GradientThreshold: tolerance,
		MajorIterations:   iterations,
		FuncEvaluations:   evaluations * iterations,
		Converger:         optimize.NeverTerminate{},
	}, &optimize.LBFGS{Linesearcher: &optimize.MoreThuente{DecreaseFactor: 1e-4, CurvatureFactor: 0.9}})
	if failure != nil {
		return minimum{}, failure
	}
	// Below the rounding of the loss a line search finds no decrease: that is
	// the minimum to all digits there are, though not to the tolerance asked for.
	if err != nil && !errors.Is(err, optimize.ErrLinesearcherFailure) && !errors.Is(err, optimize.ErrNoProgress) {
		return minimum{}, fmt.Errorf("fitting with L2 %g: %w", l2, err)
	}
	visit(result.X)
	if failure != nil {
		return minimum{}, failure
	}
	if math.IsNaN(loss) {
		return minimum{}, fmt.Errorf("fitting with L2 %g: the loss is NaN", l2)
	}
	return minimum{
		parameters: result.X, loss: loss, heldOut: heldOut,
		iterations: result.MajorIterations,
		converged:  result.Status == optimize.GradientThreshold,
	}, nil
}

func (p *logistic) finalizeWeights() {
	for _, t := range []*tensors.Tensor{p.fitted, p.held} {
		if t != nil {
			t.MustFinalizeAll()
		}
	}
}

// close gives the device memory back.
func (p *logistic) close() {
	p.finalizeWeights()
	p.x.MustFinalizeAll()
	p.labels.MustFinalizeAll()
	p.exec.Finalize()
	if p.each != nil {
		p.each.Finalize()
	}
}
