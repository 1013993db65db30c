package attack

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Classifier builds the scores of the classes, with the variables of the scope.
//
//	images: float32 [batch, height, width, 3] in [0, 1], not normalised -> [batch, classes]
type Classifier func(scope *model.Scope, images *Node) *Node

// Model is a classifier compiled together with the gradient of its loss in the image.
type Model struct {
	exec                 *model.Exec
	batch, height, width int
}

// Compile compiles a classifier for batches of images of height × width pixels. A graph that cannot
// be built is an error.
func Compile(backend compute.Backend, store *model.Store, batch, height, width int, classifier Classifier) (*Model, error) {
	if batch < 1 || height < 1 || width < 1 {
		return nil, fmt.Errorf("attack.Compile: batch, height and width are %d, %d and %d; each must be at least 1", batch, height, width)
	}
	m := &Model{batch: batch, height: height, width: width}
	caught := exceptions.TryCatch[error](func() {
		var err error
		m.exec, err = model.NewExec(backend, store, func(scope *model.Scope, clean, at, labels, eps, step *Node) (next, right *Node) {
			scope.Store().SetTraining(at.Graph(), false)
			return Ascend(func(images *Node) *Node { return classifier(scope, images) }, clean, at, labels, eps, step)
		})
		if err != nil {
			panic(err)
		}
		// Compiling brings the variables into being; only then can they be set.
		images, scalar := shapes.Make(dtypes.Float32, batch, height, width, 3), shapes.Make(dtypes.Float32)
		if _, err = m.exec.Compile(images, images, shapes.Make(dtypes.Int32, batch), scalar, scalar); err != nil {
			panic(err)
		}
	})
	if caught != nil {
		return nil, fmt.Errorf("attack: compiling the classifier: %w", caught)
	}
	return m, nil
}

// Ascend is the one step that all attacks here consist of: from where it is, each pixel goes a step
// in the direction in which the loss of the true class rises, and back into the ball around the
// clean image and into [0, 1].
//
//	next = clip[0,1](clip[clean-eps, clean+eps](at + step · sign(∇ loss(at))))
//
// classifier: images [batch, height, width, 3] -> [batch, classes]; clean, at: [batch, height,
// width, 3]; labels: int32 [batch]; eps, step: scalars -> next, as at; right: int32 [batch], 1
// where the image was recognised at `at`.
func Ascend(classifier func(images *Node) *Node, clean, at, labels, eps, step *Node) (next, right *Node) {
	logits := ConvertDType(classifier(at), dtypes.Float32) // [batch, classes]
	truth := OneHot(labels, logits.Shape().Dim(-1), dtypes.Float32)
	// The sum, not the mean: an image's gradient does not depend on the batch.
	loss := Neg(ReduceAllSum(Mul(truth, LogSoftmax(logits, -1))))
	moved := Add(at, Mul(step, Sign(Gradient(loss, at)[0])))
	next = ClipScalar(Min(Max(moved, Sub(clean, eps)), Add(clean, eps)), 0, 1)
	right = ConvertDType(Equal(ArgMax(logits, -1, dtypes.Int32), labels), dtypes.Int32)
	return StopGradient(next), right
}

// ascend runs Ascend for a batch.
func (m *Model) ascend(clean, at []float32, labels []int32, eps, step float64) (next []float32, right []int32, err error) {
	images := func(x []float32) *tensors.Tensor {
		return tensors.FromFlatDataAndDimensions(x, m.batch, m.height, m.width, 3)
	}
	from, to, truth := images(clean), images(at), tensors.FromFlatDataAndDimensions(labels, m.batch)
	defer from.MustFinalizeAll()
	defer to.MustFinalizeAll()
	defer truth.MustFinalizeAll()
	outputs, err := m.exec.Call(from, to, truth, float32(eps), float32(step))
	if err != nil {
		return nil, nil, err
	}
	defer outputs[0].MustFinalizeAll()
	defer outputs[1].MustFinalizeAll()
	if next, err = tensors.CopyFlatData[float32](outputs[0]); err != nil {
		return nil, nil, err
	}
	right, err = tensors.CopyFlatData[int32](outputs[1])
	return next, right, err
}

// Close gives the device memory back.
func (m *Model) Close() { m.exec.Finalize() }
