package optim

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"sslkit/kit/setting"
)

// Schedule is the course of the learning rate over a training. It is stated twice, on the host to
// be plotted and checked, and in the graph to be followed; both must agree at every step.
type Schedule interface {
	// Check returns an error that names each setting out of range for this peak; nil if there is
	// none.
	Check(peak float64) error

	// LR is the learning rate of update number step, counted from 0, of a training of that many
	// steps whose highest rate is peak. It is defined past the end too, where it stays at its last
	// value.
	LR(step, steps int, peak float64) float64

	// LRGraph is LR in the graph: step is an int64 scalar, the result a float32 scalar.
	LRGraph(step *Node, steps int, peak float64) *Node
}

// Constant keeps the learning rate at its peak.
type Constant struct{}

// Check returns nil: there is nothing to get wrong.
func (Constant) Check(float64) error { return nil }

// LR returns the peak.
func (Constant) LR(_, _ int, peak float64) float64 { return peak }

// LRGraph returns the peak, a float32 scalar.
func (Constant) LRGraph(step *Node, _ int, peak float64) *Node {
	return Scalar(step.Graph(), dtypes.Float32, peak)
}

// WarmupCosine raises the learning rate linearly from Start to its peak, then lowers it to Final
// along half a cosine, with no restart (Loshchilov & Hutter 2017, arXiv:1608.03983; warm-up from
// Goyal et al. 2017, arXiv:1706.02677).
//
// The first update has the rate Start and update number Warmup × steps the peak. Final is reached
// after the last update, and kept from there on. The zero value is a cosine from the peak to 0.
type WarmupCosine struct {
	// Warmup is the fraction of training before the peak, in [0, 1); 0 is none. It is rounded to
	// whole steps and leaves at least one. 10 epochs of 1000, as in solo-learn's recipes, is .01;
	// 40 of 800, as in MAE, is .05.
	Warmup float64

	// Start is the learning rate of the first update if there is a warm-up, in [0, peak]. It is not
	// scaled by the batch. solo-learn's is 3e-5.
	Start float64

	// Final is the learning rate that training ends at, in [0, peak]. It is not scaled by the
	// batch.
	Final float64
}

// Check returns an error that names each setting out of range for this peak; nil if there is none.
func (s WarmupCosine) Check(peak float64) error {
	upToPeak := fmt.Sprintf("in [0, %g], the peak learning rate", peak)
	return errors.Join(
		setting.Must(s.Warmup >= 0 && s.Warmup < 1, "optim.WarmupCosine: Warmup", s.Warmup, "in [0, 1), a fraction of training"),
		setting.Must(s.Start >= 0 && s.Start <= peak, "optim.WarmupCosine: Start", s.Start, upToPeak),
		setting.Must(s.Final >= 0 && s.Final <= peak, "optim.WarmupCosine: Final", s.Final, upToPeak),
	)
}

// warmupSteps is the number of updates before the peak.
func (s WarmupCosine) warmupSteps(steps int) int {
	return min(int(math.Round(s.Warmup*float64(steps))), steps-1)
}

// LR is the learning rate of update number step, counted from 0.
func (s WarmupCosine) LR(step, steps int, peak float64) float64 {
	warmup := s.warmupSteps(steps)
	if step < warmup {
		return s.Start + (peak-s.Start)*float64(step)/float64(warmup)
	}
	// (1 + cos πx)/2 = sin²(π(1-x)/2), where x is the part of the descent done.
	remaining := float64(max(steps-step, 0)) / float64(steps-warmup)
	sine := math.Sin(math.Pi / 2 * remaining)
	return s.Final + (peak-s.Final)*sine*sine
}

// LRGraph is LR in the graph: step is an int64 scalar, the result a float32 scalar.
//
// Steps are counted down in int64, so that the clock is exact past the 2²⁴ steps of float32, and
// the sine is squared because 1 + cos cancels in float32 as the rate nears its end.
func (s WarmupCosine) LRGraph(step *Node, steps int, peak float64) *Node {
	warmup := s.warmupSteps(steps)
	remaining := ConvertDType(MaxScalar(Sub(Scalar(step.Graph(), step.DType(), steps), step), 0), dtypes.Float32)
	sine := Sin(MulScalar(remaining, math.Pi/2/float64(steps-warmup)))
	rate := AddScalar(MulScalar(Square(sine), peak-s.Final), s.Final)
	if warmup == 0 {
		return rate
	}
	ramp := MulScalar(ConvertDType(step, dtypes.Float32), (peak-s.Start)/float64(warmup))
	return Where(LessThan(step, Scalar(step.Graph(), step.DType(), warmup)), AddScalar(ramp, s.Start), rate)
}
