package train

import (
	"errors"
	"fmt"
	"math"

	"sslkit/kit/rundir"
)

// ErrDiverged is the error of a training whose loss, gradient or weights are no longer numbers.
var ErrDiverged = errors.New("the training diverged")

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// checkFinite returns an error that says what broke where the loss or the gradient is not a number.
func (t *training) checkFinite(metrics rundir.Metrics) error {
	switch {
	case finite(metrics.Loss) && finite(metrics.GradientNorm):
		return nil
	case finite(metrics.Loss):
		return t.diverged(metrics, "the loss is a number but its gradient is not")
	case metrics.Step == 1:
		return t.diverged(metrics, "the loss of the first batch is not a number: look at the images and at the method's settings")
	default:
		return t.diverged(metrics, "the loss of this batch is not a number: the update before it went too far")
	}
}

// diverged is the error of a training whose values are no longer numbers.
func (t *training) diverged(metrics rundir.Metrics, what string) error {
	return fmt.Errorf("%w: stopped at step %d (epoch %.2f): %s; loss %g, gradient norm %g, learning rate %g; first images of the batch: %v. "+
		"Try a lower learning rate, a longer warm-up, ClipNorm in the optimiser, or a higher temperature; the last checkpoint is kept",
		ErrDiverged, metrics.Step, metrics.Epoch, what, metrics.Loss, metrics.GradientNorm, metrics.LearningRate,
		t.batches.last.Indices[:min(4, len(t.batches.last.Indices))])
}
