package kit

import (
	"bytes"
	"testing"

	"sslkit/kit/augment"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/ssl"
)

// TestStoppedRunGivesTheEncoderOfItsBestStep: at a constant rate it is that of a run which is told
// to end at this step.
func TestStoppedRunGivesTheEncoderOfItsBestStep(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.Method = tiny, ssl.Supervised{Classes: 10}
	recipe.Augment = []augment.Pipeline{{augment.Normalize{}}}
	recipe.Optimizer, recipe.Schedule = optim.SGD{LR: .1}, optim.Constant{}
	for name, c := range map[string]struct {
		stop StopEarly
		ema  float64
	}{
		"patience ends it":              {StopEarly{Every: 2, Patience: 2}, 0},
		"it goes to its end":            {StopEarly{Every: 3}, 0},
		"the running mean is looked at": {StopEarly{Every: 3}, .5},
	} {
		t.Run(name, func(t *testing.T) {
			recipe := recipe
			recipe.EMA = c.ema
			stopping := recipe
			stopping.Steps, stopping.StopEarly = 30, c.stop
			dir := t.TempDir()
			metrics, err := pretrained(t, dir, stopping).Metrics()
			if err != nil {
				t.Fatal(err)
			}
			best, bestStep := -1.0, 0
			for _, m := range metrics {
				if m.Validation != nil && *m.Validation > best {
					best, bestStep = *m.Validation, m.Step
				}
			}
			if last := metrics[len(metrics)-1].Step; bestStep == last {
				t.Fatalf("step %d is the best and the last: nothing is tested", last)
			}
			told, until := recipe, t.TempDir()
			told.Steps = bestStep
			pretrained(t, until, told)
			files := []string{rundir.EncoderFile}
			if c.ema > 0 {
				files = append(files, rundir.AverageFile)
			}
			for _, name := range files {
				if !bytes.Equal(content(t, dir, name), content(t, until, name)) {
					t.Errorf("%s is not that of step %d, which was the best", name, bestStep)
				}
			}
		})
	}
}
