package kit

import (
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/go-xla/pjrt"

	"sslkit/data"
	"sslkit/kit/attack"
	"sslkit/kit/device"
	"sslkit/kit/eval"
)

// What looks at a run leaves no buffer of the device to Go's collector, which does not see how much
// memory one takes. Only XLA's buffers can be counted.
func TestNoBufferIsLeft(t *testing.T) {
	if !strings.HasPrefix(device.Describe(), "xla") {
		t.Skip("only XLA's buffers are counted")
	}
	run := finished(t)
	train, err := run.Features(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := eval.Linear{L2: []float64{.1}}.Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	for name, look := range map[string]func() error{
		"features":    func() error { _, err := run.InitialFeatures(data.Test); return err },
		"views":       func() error { _, err := run.Recipe.Views(4, 2); return err },
		"embeddings":  func() error { _, err := run.Embeddings(data.Test); return err },
		"familiarity": func() error { _, err := run.Familiarity(); return err },
		"attack": func() error {
			_, err := run.Adversarial(probe, data.Test, attack.Sweep{Attack: attack.PGD{Steps: 2}, Images: 16})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			device.Trim()
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			before := pjrt.BuffersAlive()
			if err := look(); err != nil {
				t.Fatal(err)
			}
			// The look itself has called the collector: what that found is freed behind its back.
			for deadline := time.Now().Add(2 * time.Second); pjrt.BuffersAlive() > before && time.Now().Before(deadline); {
				time.Sleep(10 * time.Millisecond)
			}
			if after := pjrt.BuffersAlive(); after > before {
				t.Errorf("%d buffers, before it %d", after, before)
			}
		})
	}
}
