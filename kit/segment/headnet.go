package segment

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/device"
	"sslkit/kit/optim"
	"sslkit/kit/train"
)

// headNet is a head with its variables, for masks of one size.
type headNet struct {
	head          Head
	classes       int
	height, width int
	mean, scale   []float32 // [dim], of the training patches.
	store         *model.Store
	predicting    *model.Exec // Nil: not compiled yet.
}

// predictBatch is the number of images a pass of prediction.
const predictBatch = 16

// fit trains a head on some images.
func (t Training) fit(patches Patches, set masked, images []int, lr float64) (*headNet, error) {
	net := &headNet{head: t.Head, classes: len(set.MaskClasses()), height: set.height, width: set.width, store: model.NewStore()}
	net.mean, net.scale = moments(patches, images)
	err := train.Catch(func() error { return t.descend(net, patches, set, images, lr) })
	if err != nil {
		net.close()
		return nil, fmt.Errorf("%s head at the rate %g: %w", t.Head.Name(), lr, err)
	}
	return net, nil
}

func (t Training) descend(net *headNet, patches Patches, set masked, images []int, lr float64) error {
	backend, err := device.Open()
	if err != nil {
		return err
	}
	order := data.Order{Len: len(images), Batch: min(t.Batch, len(images)), Seed: t.Seed}
	if err := order.Check(); err != nil {
		return err
	}
	steps := t.Epochs * order.StepsPerEpoch()
	update, err := optim.AdamW{LR: lr, Scaling: optim.Unscaled, WeightDecay: .001}.
		Build(optim.Plan{Schedule: optim.WarmupCosine{Warmup: 1500. / 40000}, Steps: steps, Batch: order.Batch})
	if err != nil {
		return err
	}
	if err := net.store.SetRNGStateFromSeed(int64(t.Seed)); err != nil {
		return err
	}
	step, err := model.NewExec(backend, net.store, func(scope *model.Scope, patches, masks *Node) *Node {
		scope.Store().SetTraining(patches.Graph(), true)
		loss := crossEntropy(net.scores(scope, patches), masks)
		update.UpdateGraph(scope, patches.Graph(), loss)
		return loss
	})
	if err != nil {
		return err
	}
	defer step.Finalize()
	// Compiling brings the variables into being, and Initialise gives a seed the same ones on every device.
	if _, err := step.Compile(shapes.Make(dtypes.Float32, order.Batch, patches.Rows, patches.Columns, patches.Dim),
		shapes.Make(dtypes.Uint8, order.Batch, net.height, net.width)); err != nil {
		return err
	}
	if err := train.Initialise(net.store); err != nil {
		return err
	}
	for i := range steps {
		chosen := order.Indices(i)
		var masks []uint8
		for k, image := range chosen {
			chosen[k] = images[image]
			masks = append(masks, set.masks[images[image]]...)
		}
		loss, err := call[float32](step, batch(patches, chosen), tensors.FromFlatDataAndDimensions(masks, len(chosen), net.height, net.width))
		if err != nil {
			return err
		}
		if v := float64(loss[0]); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("the loss of step %d is %g; try a lower LR", i, v)
		}
	}
	return nil
}

// scores are the head's, at the size of the masks.
//
//	patches: [batch, rows, columns, dim] -> [batch, height, width, classes]
func (n *headNet) scores(scope *model.Scope, patches *Node) *Node {
	g, dim := patches.Graph(), len(n.mean)
	patches = Mul(Sub(patches, Reshape(Const(g, n.mean), 1, 1, 1, dim)), Reshape(Const(g, n.scale), 1, 1, 1, dim))
	return upsample(n.head.Scores(scope.At("head"), patches, n.classes), n.height, n.width)
}

// crossEntropy is the mean over the pixels that count; 0 where none does.
//
//	scores: [batch, height, width, classes], masks: uint8 [batch, height, width] -> scalar
func crossEntropy(scores, masks *Node) *Node {
	masks = ConvertDType(masks, dtypes.Int32)
	counts := ConvertDType(NotEqual(masks, Scalar(masks.Graph(), dtypes.Int32, data.IgnoredPixel)), scores.DType())
	// A pixel that does not count has a class that there is not, of which OneHot makes zeros.
	right := Mul(OneHot(masks, scores.Shape().Dim(-1), scores.DType()), LogSoftmax(scores, -1))
	return Neg(Div(ReduceAllSum(right), MaxScalar(ReduceAllSum(counts), 1)))
}

// predict is the class of the highest score at each pixel, by image.
func (n *headNet) predict(patches Patches, images []int) (masks [][]uint8, err error) {
	err = train.Catch(func() error {
		if n.predicting == nil {
			backend, err := device.Open()
			if err != nil {
				return err
			}
			if n.predicting, err = model.NewExec(backend, n.store, func(scope *model.Scope, patches *Node) *Node {
				scope.Store().SetTraining(patches.Graph(), false)
				return ConvertDType(ArgMax(n.scores(scope, patches), -1), dtypes.Uint8)
			}); err != nil {
				return err
			}
		}
		size := n.height * n.width
		for start := 0; start < len(images); start += predictBatch {
			pass := make([]int, predictBatch)
			for i := range pass { // The last pass is filled up, so that all have one shape.
				pass[i] = images[min(start+i, len(images)-1)]
			}
			classes, err := call[uint8](n.predicting, batch(patches, pass))
			if err != nil {
				return err
			}
			for i := range min(predictBatch, len(images)-start) {
				masks = append(masks, classes[i*size:(i+1)*size])
			}
		}
		return nil
	})
	return masks, err
}

// close gives the memory back.
func (n *headNet) close() {
	if n.predicting != nil {
		n.predicting.Finalize()
	}
	n.store.Finalize()
	device.Trim()
}

// batch is the patches of some images.
func batch(patches Patches, images []int) *tensors.Tensor {
	var x []float32
	for _, i := range images {
		x = append(x, patches.image(i)...)
	}
	return tensors.FromFlatDataAndDimensions(x, len(images), patches.Rows, patches.Columns, patches.Dim)
}

// call runs a graph of one output, and takes its inputs.
func call[T float32 | uint8](exec *model.Exec, inputs ...any) ([]T, error) {
	defer func() {
		for _, input := range inputs {
			input.(*tensors.Tensor).MustFinalizeAll()
		}
	}()
	outputs, err := exec.Call(inputs...)
	if err != nil {
		return nil, err
	}
	defer outputs[0].MustFinalizeAll()
	return tensors.CopyFlatData[T](outputs[0])
}

// moments are the mean of each feature over the patches of some images, and one over its deviation;
// 1 for a feature that is the same everywhere.
func moments(p Patches, images []int) (mean, scale []float32) {
	sum, square := make([]float64, p.Dim), make([]float64, p.Dim)
	n := float64(len(images) * p.Rows * p.Columns)
	for _, i := range images {
		for k, v := range p.image(i) {
			sum[k%p.Dim] += float64(v)
		}
	}
	for k := range sum {
		sum[k] /= n
	}
	for _, i := range images {
		for k, v := range p.image(i) {
			d := float64(v) - sum[k%p.Dim]
			square[k%p.Dim] += d * d
		}
	}
	for k := range sum {
		deviation := math.Sqrt(square[k] / n)
		if deviation <= 1e-6*math.Abs(sum[k]) || deviation == 0 {
			deviation = 1
		}
		mean, scale = append(mean, float32(sum[k])), append(scale, float32(1/deviation))
	}
	return mean, scale
}
