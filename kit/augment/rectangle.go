package augment

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// rectangle is true in one rectangle an image, bool [batch, height, width]. Its top, left, rows and
// cols are whole numbers, float32 [batch]; what lies outside the image is cut off.
func rectangle(top, left, rows, cols *Node, height, width int) *Node {
	g := top.Graph()
	shape := shapes.Make(dtypes.Float32, top.Shape().Dim(0), height, width)
	within := func(first, size *Node, axis int) *Node {
		at := Sub(Iota(g, shape, axis), spread(first, shape))
		return LogicalAnd(GreaterOrEqual(at, ZerosLike(at)), LessThan(at, spread(size, shape)))
	}
	return LogicalAnd(within(top, rows, 1), within(left, cols, 2))
}
