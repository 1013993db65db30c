package fcos

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/data"
)

// centreRadius is how far from the middle of a box, in strides along each axis, a place may be to
// find it (center sampling).
const centreRadius = 1.5

// targets are what each place should say.
type targets struct {
	class    *Node    // int32 [batch, places]: that of the object, data.NoObject for background, data.IgnoredObject for neither.
	distance [4]*Node // [batch, places]: to the left, upper, right and lower side of the object's box, in pixels; 0 where there is no object.
}

// assign gives each place the smallest object of those that it is to find: the place lies inside the
// box and near its middle, and the farthest side of the box is as far away as the place's level is
// asked for. Of equally small ones it is the first.
//
//	boxes: [batch, most, 4] in pixels; classes: int32 [batch, most]
func assign(p places, boxes, classes *Node) targets {
	g, most := boxes.Graph(), boxes.Shape().Dim(1)
	place := func(values []float32) *Node { return Reshape(Const(g, values), 1, -1, 1) } // [1, places, 1]
	side := func(k int) *Node { return InsertAxes(Squeeze(SliceAxis(boxes, 2, AxisElem(k)), 2), 1) }
	x, y := place(p.x), place(p.y)
	x0, y0, x1, y1 := side(0), side(1), side(2), side(3) // [batch, 1, most]
	class := InsertAxes(classes, 1)

	distance := [4]*Node{Sub(x, x0), Sub(y, y0), Sub(x1, x), Sub(y1, y)} // [batch, places, most]
	nearest := Min(Min(distance[0], distance[1]), Min(distance[2], distance[3]))
	farthest := Max(Max(distance[0], distance[1]), Max(distance[2], distance[3]))
	inside := GreaterThan(nearest, ZerosLike(nearest))

	radius := MulScalar(place(p.stride), centreRadius)
	nearMiddle := func(at, low, high *Node) *Node {
		return LessThan(Abs(Sub(at, MulScalar(Add(low, high), .5))), radius)
	}
	is := GreaterOrEqual(class, ZerosLike(class))
	found := inside
	for _, condition := range []*Node{
		nearMiddle(x, x0, x1), nearMiddle(y, y0, y1), is,
		GreaterOrEqual(farthest, place(p.nearest)), LessOrEqual(farthest, place(p.farthest)),
	} {
		found = LogicalAnd(found, condition)
	}

	none := Scalar(g, dtypes.Float32, math.MaxFloat32)
	area := Mul(Sub(x1, x0), Sub(y1, y0))
	area = Where(found, Add(area, ZerosLike(nearest)), none)                  // [batch, places, most]
	there := LessThan(ReduceMin(area, 2), none)                               // [batch, places]
	chosen := OneHot(ArgMin(area, 2), most, dtypes.Float32)                   // [batch, places, most]
	chosen = Mul(chosen, InsertAxes(ConvertDType(there, dtypes.Float32), -1)) // All 0 where there is none.
	ofChosen := func(v *Node) *Node { return ReduceSum(Mul(chosen, v), 2) }   // A sum and no product: exact on every device.
	t := targets{class: ConvertDType(ofChosen(ConvertDType(class, dtypes.Float32)), dtypes.Int32)}
	for k := range distance {
		t.distance[k] = ofChosen(distance[k])
	}
	ignored := LogicalAnd(inside, Equal(class, MulScalar(OnesLike(class), data.IgnoredObject)))
	of := func(class int) *Node { return MulScalar(OnesLike(t.class), class) }
	t.class = Where(there, t.class, Where(ReduceLogicalOr(ignored, 2), of(data.IgnoredObject), of(data.NoObject)))
	return t
}

// centerness is how well centred places are in their boxes, in [0, 1]: 1 in the middle, 0 at a side.
//
//	[batch, places]
func (t targets) centerness() *Node {
	between := func(a, b *Node) *Node { return Div(Min(a, b), MaxScalar(Max(a, b), 1e-9)) }
	return Sqrt(Mul(between(t.distance[0], t.distance[2]), between(t.distance[1], t.distance[3])))
}
