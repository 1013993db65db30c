package encoder

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Palette is a grid of colours: each of red, green and blue has one of Levels values, the middles
// of equal parts of [0, 1]. Every colour has a number, (red × Levels + green) × Levels + blue.
type Palette struct {
	// Levels is the number of values of a channel, at least 2.
	Levels int
	// Mean and Std are those with which images are normalised before they are encoded, of red,
	// green and blue, as in augment.Normalize. Mean 0 and Std 1 are images in [0, 1].
	Mean, Std [3]float64
}

// Size is the number of colours, Levels³.
func (p Palette) Size() int { return p.Levels * p.Levels * p.Levels }

// Indices are the numbers of the colours nearest to those of normalised images.
//
//	images: [batch, height, width, 3] -> int32 [batch, height, width]
func (p Palette) Indices(images *Node) *Node {
	g, levels := images.Graph(), float64(p.Levels)
	perChannel := func(v [3]float64) *Node {
		return Reshape(ConvertDType(Const(g, v[:]), dtypes.Float32), 1, 1, 1, 3)
	}
	colours := Add(Mul(ConvertDType(images, dtypes.Float32), perChannel(p.Std)), perChannel(p.Mean)) // In [0, 1].
	level := ConvertDType(ClipScalar(Floor(MulScalar(colours, levels)), 0, levels-1), dtypes.Int32)
	place := Const(g, []int32{int32(p.Levels * p.Levels), int32(p.Levels), 1})
	return ReduceSum(Mul(level, Reshape(place, 1, 1, 1, 3)), -1)
}

// Colour is the colour of a number in [0, Size()): red, green and blue in [0, 1].
func (p Palette) Colour(index int) [3]float64 {
	middle := func(level int) float64 { return (float64(level) + .5) / float64(p.Levels) }
	return [3]float64{middle(index / (p.Levels * p.Levels)), middle(index / p.Levels % p.Levels), middle(index % p.Levels)}
}
