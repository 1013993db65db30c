package kit

import (
	"fmt"
	"strings"
	"testing"
)

func TestEMAWarningOfShortTrainings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ema   float64
		steps int
		want  string
	}{
		{0, 10, ""}, {.99, 0, ""}, {.99, 300, ""}, {.999, 3000, ""}, {.5, 5, ""},
		{.999, 1000, "the running mean of the weights holds 37 % of the initial ones after 1000 steps: EMA is 0.999; at most 0.997 suits so few steps"},
		{.99, 114, "the running mean of the weights holds 32 % of the initial ones after 114 steps: EMA is 0.99; at most 0.974 suits so few steps"},
		{.9, 2, "the running mean of the weights holds 81 % of the initial ones after 2 steps: EMA is 0.9; at most 0.22 suits so few steps"},
	} {
		r := Recipe{EMA: c.ema, Steps: c.steps}
		if got := r.EMAWarning(); got != c.want {
			t.Errorf("EMA %g, %d steps: %q, want %q", c.ema, c.steps, got, c.want)
		}
	}
	// What it advises is no reason to warn again.
	for _, steps := range []int{1, 2, 7, 50, 114, 1000, 12345} {
		r := Recipe{EMA: .99999, Steps: steps}
		var advised float64
		_, advice, _ := strings.Cut(r.EMAWarning(), "at most ")
		if _, err := fmt.Sscan(advice, &advised); err != nil {
			t.Fatalf("%d steps: %q: %v", steps, r.EMAWarning(), err)
		}
		if r.EMA = advised; !(advised > 0) || r.EMAWarning() != "" {
			t.Errorf("%d steps: %g is advised, and then: %q", steps, advised, r.EMAWarning())
		}
	}
}
