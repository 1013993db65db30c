package kit

import (
	"fmt"
	"math"

	"sslkit/kit/setting"
)

// mostInitial is the share of the initial weights that a running mean may hold at the end without a
// word. EMA = 0.99 has it after 300 steps.
const mostInitial = .05

// checkEMA returns an error where a running mean is asked for that can't be kept.
func checkEMA(momentum float64) error {
	if momentum == 0 {
		return nil
	}
	return setting.Fraction("kit.Recipe: EMA", momentum, "that no running mean is kept")
}

// EMAWarning says so where the training is too short for the recipe's EMA: the running mean then still
// holds a good part of the initial weights at the end, and what is measured of it is worse than the
// weights themselves. Empty where it is long enough, or no mean is kept.
//
//	the running mean of the weights holds 37 % of the initial ones after 1,000 steps: EMA is 0.999; at most 0.997 suits so few steps
func (r Recipe) EMAWarning() string {
	initial := math.Pow(r.EMA, float64(r.Steps))
	if r.EMA == 0 || r.Steps == 0 || initial <= mostInitial {
		return ""
	}
	suits := math.Pow(mostInitial, 1/float64(r.Steps))
	digits := math.Pow(10, math.Ceil(1-math.Log10(1-suits))) // So that a rounded 0.997 is not 1.
	return fmt.Sprintf("the running mean of the weights holds %.0f %% of the initial ones after %d steps: EMA is %g; at most %g suits so few steps",
		100*initial, r.Steps, r.EMA, math.Floor(suits*digits)/digits)
}
