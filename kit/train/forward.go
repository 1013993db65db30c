package train

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/data"
	"sslkit/kit/device"
)

// Of a pass: the most images, and the most pixels, such as 45 images of 224 × 224, which bound the
// memory that a large network takes.
const (
	forwardBatch  = 250
	forwardPixels = 45 * 224 * 224
)

// batchOf is the number of images of a pass over that many of a size.
func batchOf(images, height, width int) int {
	return max(min(forwardBatch, images, forwardPixels/(height*width)), 1)
}

// Forward is a model as it is used after training, compiled for images of one size, or for clips of
// them.
type Forward struct {
	exec                 *model.Exec
	item                 data.Item // What is read for each image.
	batch, height, width int
}

// NewForward compiles what of makes of images, usually Model.Features or Model.Embeddings, with the
// variables of a store, for passes over sets of that many images. The variables come into being here
// where they are not loaded, and can be set from then on.
//
//	of: uint8 [batch, height, width, 3] -> [batch, dim]
func NewForward(store *model.Store, images, height, width int, of func(scope *model.Scope, images *Node) *Node) (*Forward, error) {
	return NewItemForward(store, data.Item{}, images, height, width, of)
}

// NewItemForward is NewForward for what item reads of each image, such as its clip:
//
//	of: uint8 [batch, item.Images(), height, width, 3] -> [batch, dim]; of a single image as NewForward
func NewItemForward(
	store *model.Store, item data.Item, images, height, width int, of func(scope *model.Scope, items *Node) *Node,
) (*Forward, error) {
	backend, err := device.Open()
	if err != nil {
		return nil, err
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, items *Node) *Node {
		scope.Store().SetTraining(items.Graph(), false)
		return of(scope, items)
	})
	if err != nil {
		return nil, err
	}
	batch := batchOf(images, item.Images()*height, width)
	// Compiling brings the variables into being.
	if _, err := exec.Compile(shapes.Make(dtypes.Uint8, itemDims(batch, item.Images(), height, width)...)); err != nil {
		exec.Finalize()
		return nil, err
	}
	return &Forward{exec, item, batch, height, width}, nil
}

// Takes tells whether it is compiled for images of this size, and at least as many in a pass as suit
// a set of that many.
func (f *Forward) Takes(images, height, width int) bool {
	return f.height == height && f.width == width && f.batch >= batchOf(images, f.item.Images()*height, width)
}

// Over runs over all images of a set: [set.Len(), dim].
func (f *Forward) Over(set data.Set) (x []float32, dim int, err error) {
	return f.OverImages(set, allOf(set))
}

// OverImages runs over some images of a set, in their order: [len(images), dim].
func (f *Forward) OverImages(set data.Set, images []int) (x []float32, dim int, err error) {
	defer device.KeepMemory()()
	pass := make([]int, f.batch)
	for start := 0; start < len(images); start += f.batch {
		for i := range pass {
			pass[i] = images[min(start+i, len(images)-1)] // The last pass is filled up, so that all have one shape.
		}
		pix, err := f.item.Pixels(set, pass, 0)
		if err != nil {
			return nil, 0, err
		}
		var rows []float32
		input := tensors.FromFlatDataAndDimensions(pix, itemDims(f.batch, f.item.Images(), f.height, f.width)...)
		if rows, dim, err = callOnce(f.exec, input); err != nil {
			return nil, 0, err
		}
		x = append(x, rows[:min(f.batch, len(images)-start)*dim]...)
	}
	return x, dim, nil
}

// ByPass runs over some images of a set, in their order, or over all where images is nil, and hands
// over what each pass gives of which images: [len(pass), dim]. So no more than one pass is in memory.
func (f *Forward) ByPass(set data.Set, images []int, use func(pass []int, x []float32, dim int) error) error {
	if images == nil {
		images = allOf(set)
	}
	for pass := range slices.Chunk(images, forwardBatch) {
		x, dim, err := f.OverImages(set, pass)
		if err != nil {
			return err
		}
		if err := use(pass, x, dim); err != nil {
			return err
		}
	}
	return nil
}

// allOf are the images of a set, in order.
func allOf(set data.Set) []int {
	all := make([]int, set.Len())
	for i := range all {
		all[i] = i
	}
	return all
}

// callOnce runs one pass: the rows of its output, and the dimensions of each. The input is not to be
// used again.
func callOnce(exec *model.Exec, input *tensors.Tensor) (rows []float32, dim int, err error) {
	defer input.MustFinalizeAll()
	outputs, err := exec.Call(input)
	if err != nil {
		return nil, 0, err
	}
	defer outputs[0].MustFinalizeAll()
	rows, err = tensors.CopyFlatData[float32](outputs[0])
	return rows, outputs[0].Shape().Dim(-1), err
}

// Close gives the memory of the compiled program back. The variables stay with their store.
func (f *Forward) Close() {
	if f != nil {
		f.exec.Finalize()
	}
}
