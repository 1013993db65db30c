package main

import (
	"strings"
	"testing"

	"sslkit/kit"
)

func TestFlagsOutOfRange(t *testing.T) {
	good := options{turns: 3, steps: 160, rounds: 20, devices: 1}
	for name, test := range map[string]struct {
		change  func(*options)
		backend string
		err     string
	}{
		"good":               {func(*options) {}, "xla:cpu (x)", ""},
		"two turns":          {func(o *options) { o.turns = 2 }, "xla:cpu (x)", "-turns is 2; it must be at least 3"},
		"no step counts":     {func(o *options) { o.steps = skipped }, "xla:cpu (x)", "-steps is 8"},
		"no rounds":          {func(o *options) { o.rounds = 0 }, "xla:cpu (x)", "-rounds is 0"},
		"peers, on a GPU":    {func(o *options) { o.python, o.precision = "python3", kit.BFloat16 }, "xla:cuda (x)", ""},
		"peers, on a TPU":    {func(o *options) { o.python = "python3" }, "xla:tpu (x)", "-python: the others run on the CPU or on CUDA"},
		"peers, in bfloat16": {func(o *options) { o.python, o.precision = "python3", kit.BFloat16 }, "xla:cpu (x)", "-precision is BFloat16"},
		"no device":          {func(o *options) { o.devices = 0 }, "xla:cuda (x)", "-devices is 0"},
		"two devices":        {func(o *options) { o.devices = 2 }, "xla:cuda (x)", ""},
		"peers, on two":      {func(o *options) { o.python, o.devices = "python3", 2 }, "xla:cuda (x)", "-devices is 2; with -python it must be 1"},
		"alone, on a GPU":    {func(*options) {}, "xla:cuda (x)", ""},
		"quick, of one":      {func(o *options) { o.Quick = true }, "go", ""},
		"peers, on the CPU":  {func(o *options) { o.python = "python3" }, "xla:cpu (x)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			test.change(&o)
			err := o.check(test.backend)
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if o.Quick && o.turns != 1 {
				t.Errorf("%d turns, want 1", o.turns)
			}
		})
	}
}
