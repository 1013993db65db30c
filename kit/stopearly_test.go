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
	for name, stop := range map[string]StopEarly{
		"patience ends it":   {Every: 2, Patience: 2},
		"it goes to its end": {Every: 3},
	} {
		t.Run(name, func(t *testing.T) {
			stopping := recipe
			stopping.Steps, stopping.StopEarly = 30, stop
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
			if !bytes.Equal(content(t, dir, rundir.EncoderFile), content(t, until, rundir.EncoderFile)) {
				t.Errorf("the encoder is not that of step %d, which was the best", bestStep)
			}
		})
	}
}
