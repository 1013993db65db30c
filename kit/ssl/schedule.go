package ssl

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// cosineRamp goes from one value to another along half a cosine while the training goes from its
// start to its end: flat at both ends.
//
//	progress: as Step.Progress, a scalar -> a scalar
func cosineRamp(progress *Node, from, to float64) *Node {
	undone := MulScalar(OnePlus(Cos(MulScalar(progress, math.Pi))), .5) // 1 to 0
	return AddScalar(MulScalar(undone, from-to), to)
}
