package augment

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Mixup blends each image with another one of its batch: weight*image + (1-weight)*partner, the
// weight drawn from Beta(Alpha, Alpha) (Zhang et al. 2017, arXiv:1710.09412). A loss blends the
// targets of the two by the same weight.
//
// Mixup and CutMix are no Transforms, since they need two images: apply them to the views that a
// Pipeline made.
type Mixup struct {
	// Alpha of the Beta distribution, in [0.05, 100]: small values leave most images nearly alone,
	// 1 is uniform. Default 1, as in the paper on CIFAR-10; on ImageNet it has 0.2.
	Alpha float64
}

// CutMix puts a rectangle of another image of the batch into each image (Yun et al. 2019,
// arXiv:1905.04899). The rectangle has the image's aspect ratio and the share 1-w of its area, w
// drawn from Beta(Alpha, Alpha); its centre is uniform, and what lies outside the image is cut off.
// The weight is the share of the image that is left.
type CutMix struct {
	// Alpha of the Beta distribution, in [0.05, 100]. Default 1, uniform, as in the paper.
	Alpha float64
}

// Check returns an error that names the field and its allowed range, or that the batch has no two
// images.
func (m Mixup) Check(batch int) error {
	return checkMix("augment.Mixup", m.WithDefaults().Alpha, Mixup{}.WithDefaults().Alpha, batch)
}

// Check returns an error that names the field and its allowed range, or that the batch has no two
// images.
func (m CutMix) Check(batch int) error {
	return checkMix("augment.CutMix", m.WithDefaults().Alpha, CutMix{}.WithDefaults().Alpha, batch)
}

func checkMix(name string, alpha, zero float64, batch int) error {
	// Below, nearly every weight is 0 or 1; above, nearly every weight is a half.
	if err := setting.Within(.05, 100, name+": Alpha", alpha, zero); err != nil {
		return err
	}
	if batch < 2 {
		return fmt.Errorf("%s: the batch holds %d images; it must hold at least 2", name, batch)
	}
	return nil
}

// Apply mixes images [batch, height, width, channels], normalised or not. It returns the mixed
// images, the number of each image's partner, int32 [batch], and the weight of the image itself,
// float32 [batch] in [0, 1]; the partner has the rest. The partner is the next image of the batch,
// and the first one for the last: batches are in random order already. It panics on what Check
// rejects.
func (m Mixup) Apply(r *Random, images *Node) (mixed, partner, weight *Node) {
	images.AssertRank(4)
	batch := images.Shape().Dim(0)
	if err := m.Check(batch); err != nil {
		panic(err)
	}
	weight = r.Beta(m.WithDefaults().Alpha, batch)
	others, partner := next(images)
	own := perImage(ConvertDType(weight, images.DType()), images)
	return Add(Mul(own, images), Mul(OneMinus(own), others)), partner, weight
}

// Apply is as Mixup's.
func (m CutMix) Apply(r *Random, images *Node) (mixed, partner, weight *Node) {
	images.AssertRank(4)
	dims := images.Shape().Dimensions
	batch, height, width := dims[0], dims[1], dims[2]
	if err := m.Check(batch); err != nil {
		panic(err)
	}
	cut, weight := r.cut(m.WithDefaults().Alpha, batch, height, width)
	others, partner := next(images)
	mixed = Where(BroadcastToDims(InsertAxes(cut, -1), dims...), others, images)
	return mixed, partner, weight
}

// cut draws n rectangles of CutMix: where they are, bool [n, height, width], and the share of the
// image that is left, float32 [n].
func (r *Random) cut(alpha float64, n, height, width int) (cut, weight *Node) {
	// As the paper's code: half the rectangle's side, rounded down, to either side of its centre.
	side := Sqrt(OneMinus(r.Beta(alpha, n)))
	along := func(size int) (first, length *Node) {
		half := Floor(MulScalar(Floor(MulScalar(side, size)), .5))
		centre := r.Integers(size, n)
		first = MaxScalar(Sub(centre, half), 0)
		return first, Sub(MinScalar(Add(centre, half), float64(size)), first)
	}
	top, rows := along(height)
	left, cols := along(width)
	return rectangle(top, left, rows, cols, height, width), OneMinus(DivScalar(Mul(rows, cols), float64(height*width)))
}

// next is each image's partner, in their order and by number: the image after it in the batch.
func next(images *Node) (others, partner *Node) {
	batch := images.Shape().Dim(0)
	roll := func(x *Node) *Node {
		return Concatenate([]*Node{SliceAxis(x, 0, AxisRange(1)), SliceAxis(x, 0, AxisRange(0, 1))}, 0)
	}
	return roll(images), roll(Iota(images.Graph(), shapes.Make(dtypes.Int32, batch), 0))
}
