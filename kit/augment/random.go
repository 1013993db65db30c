package augment

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// State is the generator's state for the views of one training step: feed it to the graph as uint64
// [3] and give it to NewRandom. It depends on seed and step alone, so a resumed run sees the views
// it would have seen.
//
// The words are a SplitMix64 sequence (Steele, Lea and Flood 2014) started at a hash of seed and
// step, so that neighbouring steps and seeds have unrelated states.
func State(seed uint64, step int) [3]uint64 {
	x := mix64(mix64(seed) + uint64(step))
	var state [3]uint64
	for i := range state {
		x += 0x9e3779b97f4a7c15
		state[i] = mix64(x)
	}
	return state
}

// mix64 is SplitMix64's output function, a bijection.
func mix64(z uint64) uint64 {
	z ^= z >> 30
	z *= 0xbf58476d1ce4e5b9
	z ^= z >> 27
	z *= 0x94d049bb133111eb
	return z ^ z>>31
}

// Random draws numbers inside the graph. Each draw advances its state, so transforms and views that
// share a Random differ.
type Random struct{ state *Node }

// NewRandom returns a generator that starts at state, uint64 [3] (GoMLX's RNGStateShape), such as
// State makes.
func NewRandom(state *Node) *Random { return &Random{state} }

// Graph is the graph that the generator draws in.
func (r *Random) Graph() *Graph { return r.state.Graph() }

// Uniform draws float32 numbers of shape dims, uniform in [low, high).
func (r *Random) Uniform(low, high float64, dims ...int) *Node {
	var u *Node
	r.state, u = RandomUniform(r.state, shapes.Make(dtypes.Float32, dims...))
	return AddScalar(MulScalar(u, high-low), low)
}

// Bernoulli draws 1 with probability p and 0 otherwise, float32 of shape dims.
func (r *Random) Bernoulli(p float64, dims ...int) *Node {
	u := r.Uniform(0, 1, dims...)
	return ConvertDType(LessThan(u, Scalar(r.Graph(), dtypes.Float32, p)), dtypes.Float32)
}

// constant returns one value for every image of a batch, [batch].
func (r *Random) constant(value float64, batch int) *Node {
	return FillScalar(r.Graph(), shapes.Make(dtypes.Float32, batch), value)
}

// Integers draws whole numbers uniform in [0, n), as float32 of shape dims.
func (r *Random) Integers(n int, dims ...int) *Node {
	return r.upTo(FillScalar(r.Graph(), shapes.Make(dtypes.Float32, dims...), float64(n-1)))
}

// upTo draws a whole number uniform in [0, limit] for every whole number in limit, which is at
// least 0.
func (r *Random) upTo(limit *Node) *Node {
	u := r.Uniform(0, 1, limit.Shape().Dimensions...)
	return Min(Floor(Mul(u, OnePlus(limit))), limit) // u close to 1 can round up
}

// Permutations draws an order of n things for every image of a batch, uniform over all orders:
// int32 [batch, n].
func (r *Random) Permutations(batch, n int) *Node { return argsort(r.Uniform(0, 1, batch, n)) }

// argsort returns the indices that sort the rows of x [batch, n] upwards, int32 [batch, n]. Equal
// values keep their order.
func argsort(x *Node) *Node {
	g, dtype := x.Graph(), x.DType()
	before := NewClosure(g, func(g *Graph) []*Node {
		a, b := Parameter(g, "a", shapes.Make(dtype)), Parameter(g, "b", shapes.Make(dtype))
		Parameter(g, "aIndex", shapes.Make(dtypes.Int32))
		Parameter(g, "bIndex", shapes.Make(dtypes.Int32))
		return []*Node{LessThan(a, b)}
	})
	index := Iota(g, shapes.Make(dtypes.Int32, x.Shape().Dimensions...), 1)
	return SortFunc(before, 1, true, x, index)[1]
}
