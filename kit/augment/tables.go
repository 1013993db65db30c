package augment

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// tables are the functions of a channel's value that RandAugment's operations are, the identity for
// operations that are none: [batch, 3, 256], from 0 to 255 to the same. levels is [batch, 3,
// pixels], whole numbers from 0 to 255.
func (s slot) tables(levels *Node) *Node {
	g := levels.Graph()
	batch, pixels := levels.Shape().Dim(0), levels.Shape().Dim(2)
	shape := shapes.Make(dtypes.Float32, batch, 3, 256)
	value := Iota(g, shape, 2)
	strength := Abs(s.strength)
	wide := func(x *Node) *Node { return BroadcastToDims(x, shape.Dimensions...) } // from [batch, 3, 1]

	bin := Round(Pow(MulScalar(OnesLike(strength), 2), Round(MulScalar(strength, 4)))) // 8 bits less 0 to 4
	bins := spread(bin, shape)
	posterised := Mul(Floor(Div(AddScalar(value, .5), bins)), bins) // the half so that no division can fall short

	threshold := spread(MulScalar(OneMinus(strength), 255), shape)
	solarised := Where(GreaterOrEqual(value, threshold), AddScalar(Neg(value), 255), value)

	low, high := wide(ReduceAndKeep(levels, ReduceMin, 2)), wide(ReduceAndKeep(levels, ReduceMax, 2))
	span := Sub(high, low)
	flat := LessOrEqual(span, ZerosLike(span))
	stretched := Div(MulScalar(Sub(value, low), 255), Where(flat, OnesLike(span), span))
	stretched = Where(flat, value, ClipScalar(Round(stretched), 0, 255))

	// Pillow's equalisation: a step's worth of pixels for each value, the brightest value's own not
	// counted.
	counts, below := histogram(levels)
	brightest := ReduceAndKeep(Mul(counts, number(Equal(value, high))), ReduceSum, 2)
	step := wide(Floor(MulScalar(AddScalar(Neg(brightest), float64(pixels)+.5), 1./255)))
	few := LessThan(step, OnesLike(step))
	step = Where(few, OnesLike(step), step)
	equalised := Floor(Div(AddScalar(Add(below, Floor(MulScalar(step, .5))), .25), step)) // whole numbers: .25 is no change
	equalised = Where(few, value, MinScalar(equalised, 255))

	table := value
	table = choose(s.is(posterise), posterised, table)
	table = choose(s.is(solarise), solarised, table)
	table = choose(s.is(stretch), stretched, table)
	return choose(s.is(equalise), equalised, table)
}

// histogram counts the pixels of levels [batch, 3, pixels] that have each value from 0 to 255, and
// those that have a lower one: both [batch, 3, 256].
//
// By scattering ones: 0.5 ms for 128 images of 32 x 32 on two CPU cores, where sorting takes 13, a
// product of one-hot digits 28 and comparing each pixel with each value 290. Sums of ones are exact
// in any order.
func histogram(levels *Node) (counts, below *Node) {
	g := levels.Graph()
	batch, pixels := levels.Shape().Dim(0), levels.Shape().Dim(2)
	at := binsOf(Reshape(levels, batch*3, pixels))
	zeros := Zeros(g, shapes.Make(dtypes.Float32, batch*3*256))
	ones := Ones(g, shapes.Make(dtypes.Float32, batch*3*pixels))
	counts = Reshape(ScatterSum(zeros, Reshape(at, -1, 1), ones, false, false), batch, 3, 16, 16)

	// Those below, by a value's two hexadecimal digits: all of lower first digits, and of the same
	// one those of lower second ones.
	lower := func(x *Node) *Node { // sums over the entries before each along the last axis
		shape := shapes.Make(dtypes.Float32, append(slices.Clone(x.Shape().Dimensions), 16)...)
		before := LessThan(Iota(g, shape, -1), Iota(g, shape, -2))
		x = BroadcastToShape(InsertAxes(x, -2), shape)
		return ReduceSum(Where(before, x, ZerosLike(x)), -1)
	}
	lowerFirst := InsertAxes(lower(ReduceSum(counts, 3)), -1) // [batch, 3, 16, 1]
	below = Add(lower(counts), BroadcastToDims(lowerFirst, batch, 3, 16, 16))
	return Reshape(counts, batch, 3, 256), Reshape(below, batch, 3, 256)
}

// binsOf numbers the bins of levels [channels, pixels], 256 a channel: int32 of the same shape.
func binsOf(levels *Node) *Node {
	channel := ConvertDType(Iota(levels.Graph(), levels.Shape(), 0), dtypes.Int32)
	return Add(MulScalar(channel, 256), ConvertDType(levels, dtypes.Int32))
}
