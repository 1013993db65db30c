package augment

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"

	"sslkit/data"
)

// A box that a pipeline moves is dropped where less than BoxLeft of its area is left inside the
// image, or where it is narrower or lower than BoxSide, in pixels.
//
// BoxLeft is the area_thr of YOLOv5 for boxes without masks (ultralytics/yolov5, utils/augmentations.py,
// box_candidates), where sides must be above 2 pixels, images being larger there, and in a ratio below
// 100.
const (
	BoxLeft = .1
	BoxSide = 1
)

// nudge is added, in pixels, to where the nearest pixel is read: a resize by a fraction such as 2/3
// often asks for a border between two pixels, and rounding would choose.
const nudge = 1e-4

// mover is a Transform that is not Geometric and moves pixels all the same, in steps that each keep
// the images' size.
type mover interface {
	// moves are the affine maps of the steps in order, each as Geometric.Map gives it.
	moves(params *Node, height, width int) []*Node
	// hostMoves are the same on the host, for the params of one image.
	hostMoves(params []float32, height, width int) []AffineMap
}

// move is a step that moves pixels.
type move struct {
	inverse       *Node // the affine map from output to input, [batch, 2, 3]
	height, width int   // of its input
	toH, toW      int   // of its output
}

// moves are the steps of a pipeline that move pixels of images of the given size.
func (p Pipeline) moves(params []*Node, height, width int) (steps []move) {
	if err := p.Check(height, width); err != nil {
		panic(err)
	}
	if len(params) != len(p) {
		exceptions.Panicf("augment: parameters of %d transforms for a pipeline of %d", len(params), len(p))
	}
	for i, t := range p {
		toH, toW := outputSize(t, height, width)
		switch t := t.(type) {
		case Geometric:
			steps = append(steps, move{t.Map(params[i], height, width), height, width, toH, toW})
		case mover:
			for _, m := range t.moves(params[i], height, width) {
				steps = append(steps, move{m, height, width, height, width})
			}
		}
		height, width = toH, toW
	}
	return steps
}

// ApplyBoxes moves boxes as ApplyParams moves the images of the given size, in pixels, with the same
// parameters. boxes is float32 [batch, max, 4], x0, y0, x1, y1 in pixels, and classes int32 [batch,
// max], as data.Batch holds them; both come out in the same shapes, boxes in pixels of the views.
//
// After every transform a box is the smallest one around its moved corners, clipped to the image: a
// turned box is larger than what it holds. It is dropped, which makes its class data.NoObject
// and its coordinates 0, where little of it is left: see [BoxLeft]. Places without an object stay so;
// any other class is kept. What Translate mirrors at the border, and what is erased, moves no box.
func (p Pipeline) ApplyBoxes(params []*Node, boxes, classes *Node, height, width int) (moved, kept *Node) {
	dims := boxes.Shape().Dimensions
	boxes.AssertDims(-1, -1, 4)
	classes.AssertDims(dims[0], dims[1])
	side := func(i int) *Node { return Squeeze(Slice(boxes, AxisRange(), AxisRange(), AxisElem(i)), 2) }
	x0, y0, x1, y1 := side(0), side(1), side(2), side(3) // [batch, max]
	area := func() *Node { return Mul(Sub(x1, x0), Sub(y1, y0)) }
	left := OnesLike(x0)
	for _, step := range p.moves(params, height, width) {
		forward := inverted(step.inverse, x0)
		var xs, ys [4]*Node
		for i, corner := range [4][2]*Node{{x0, y0}, {x1, y0}, {x0, y1}, {x1, y1}} {
			xs[i], ys[i] = forward(corner[0], corner[1])
		}
		low := func(v [4]*Node) *Node { return Min(Min(v[0], v[1]), Min(v[2], v[3])) }
		high := func(v [4]*Node) *Node { return Max(Max(v[0], v[1]), Max(v[2], v[3])) }
		x0, y0, x1, y1 = low(xs), low(ys), high(xs), high(ys)
		whole := area()
		w, h := float64(step.toW), float64(step.toH)
		x0, y0, x1, y1 = ClipScalar(x0, 0, w), ClipScalar(y0, 0, h), ClipScalar(x1, 0, w), ClipScalar(y1, 0, h)
		left = Mul(left, Div(area(), MaxScalar(whole, 1e-9)))
	}
	atLeast := func(v *Node, least float64) *Node { return GreaterOrEqual(v, MulScalar(OnesLike(v), least)) }
	none := MulScalar(OnesLike(classes), data.NoObject)
	keep := LogicalAnd(NotEqual(classes, none), LogicalAnd(atLeast(left, BoxLeft),
		LogicalAnd(atLeast(Sub(x1, x0), BoxSide), atLeast(Sub(y1, y0), BoxSide))))
	moved = Stack([]*Node{x0, y0, x1, y1}, 2)
	moved = Where(BroadcastToDims(InsertAxes(keep, -1), dims...), moved, ZerosLike(moved))
	return moved, Where(keep, classes, none)
}

// inverted is the way of points of the shape of like, [batch, max], against affine maps [batch, 2,
// 3].
func inverted(maps, like *Node) func(x, y *Node) (*Node, *Node) {
	entry := func(row, col int) *Node {
		return perImage(Reshape(Slice(maps, AxisRange(), AxisElem(row), AxisElem(col)), -1), like)
	}
	a, b, c := entry(0, 0), entry(0, 1), entry(0, 2)
	d, e, f := entry(1, 0), entry(1, 1), entry(1, 2)
	determinant := Sub(Mul(a, e), Mul(b, d))
	return func(x, y *Node) (*Node, *Node) {
		x, y = Sub(x, c), Sub(y, f)
		return Div(Sub(Mul(e, x), Mul(b, y)), determinant), Div(Sub(Mul(a, y), Mul(d, x)), determinant)
	}
}

// ApplyMasks moves masks, uint8 [batch, height, width], as ApplyParams moves the images of the same
// size, with the same parameters: every pixel of the view takes the class of the pixel that it shows
// the middle of, so that no class arises between two. What comes in from outside of an image is
// data.IgnoredPixel, that which Translate mirrors too.
func (p Pipeline) ApplyMasks(params []*Node, masks *Node) *Node {
	masks.AssertRank(3)
	g, dims := masks.Graph(), masks.Shape().Dimensions
	batch, height, width := dims[0], dims[1], dims[2]
	toH, toW := p.OutputSize(height, width)
	shape := shapes.Make(dtypes.Float32, batch, toH, toW)
	x, y := AddScalar(Iota(g, shape, 2), .5), AddScalar(Iota(g, shape, 1), .5)
	inside := Equal(x, x)
	steps := p.moves(params, height, width)
	for i := len(steps) - 1; i >= 0; i-- { // From the view back to the image.
		step := steps[i]
		through := func(row int) *Node {
			entry := func(col int) *Node {
				return spread(Reshape(Slice(step.inverse, AxisRange(), AxisElem(row), AxisElem(col)), batch), shape)
			}
			return Add(Add(Mul(entry(0), x), Mul(entry(1), y)), entry(2))
		}
		x, y = through(0), through(1)
		for _, axis := range []struct {
			at   *Node
			size int
		}{{x, step.width}, {y, step.height}} {
			pixel := Floor(AddScalar(axis.at, nudge))
			inside = LogicalAnd(inside, Equal(pixel, ClipScalar(pixel, 0, float64(axis.size-1))))
		}
	}
	col := ClipScalar(Floor(AddScalar(x, nudge)), 0, float64(width-1))
	row := ClipScalar(Floor(AddScalar(y, nudge)), 0, float64(height-1))
	first := MulScalar(Iota(g, shapes.Make(dtypes.Int32, batch, toH, toW), 0), height*width)
	index := Add(first, ConvertDType(Add(MulScalar(row, width), col), dtypes.Int32))
	seen := Gather(Reshape(masks, batch*height*width), InsertAxes(index, -1))
	return Where(inside, seen, MulScalar(OnesLike(seen), data.IgnoredPixel))
}

// moves implements mover.
func (t RandAugment) moves(params *Node, height, width int) (maps []*Node) {
	t = t.WithDefaults()
	for i := range t.Ops {
		maps = append(maps, slot{column(params, 2*i), column(params, 2*i+1)}.maps(height, width, t.Translation))
	}
	return maps
}
