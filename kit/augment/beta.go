package augment

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/stat/distuv"
)

// betaKnots is the number of steps in a table of quantiles.
const betaKnots = 2048

// Beta draws n numbers from Beta(alpha, alpha), float32 [n], for an alpha in [0.05, 100], by looking
// up a uniform number in a table of quantiles made when the graph is built, linearly between its
// knots. So one draw costs the same for any alpha, nothing is drawn again, and the distribution
// function is exact at every knot: it is off by 1/2048 at the very most.
func (r *Random) Beta(alpha float64, n int) *Node {
	table := Const(r.Graph(), betaTable(alpha)) // [betaKnots+1]
	at := r.Uniform(0, betaKnots, n)
	knot := MinScalar(Floor(at), betaKnots-1)
	low := ConvertDType(InsertAxes(knot, -1), dtypes.Int32)
	below, above := Gather(table, low), Gather(table, AddScalar(low, 1))
	return ClipScalar(Add(below, Mul(Sub(at, knot), Sub(above, below))), 0, 1)
}

// betaTable are the quantiles of Beta(alpha, alpha) at 0, 1/betaKnots, ..., 1.
func betaTable(alpha float64) []float32 {
	beta := distuv.Beta{Alpha: alpha, Beta: alpha}
	table := make([]float32, betaKnots+1)
	table[betaKnots] = 1
	// The distribution is symmetric, and numbers close to 0 are held better than those close to 1.
	for i := 1; i <= betaKnots/2; i++ {
		q := beta.Quantile(float64(i) / betaKnots)
		table[i], table[betaKnots-i] = float32(q), float32(1-q)
	}
	return table
}
