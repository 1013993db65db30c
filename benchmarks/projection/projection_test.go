package main

import (
	"math"
	"strings"
	"testing"

	"sslkit/benchmarks/result"
	"sslkit/kit"
	"sslkit/kit/device/devicetest"
)

func TestMain(m *testing.M) { devicetest.Main(m) }

// By hand: 10 FLOP at half of 10 a second take 2 s, 40 bytes at 10 a second 4 s. In a ring of two, each
// of them sends and receives the 4 bytes of the one weight once, and in one of four one and a half
// times.
func TestSeconds(t *testing.T) {
	a := accelerator{peak: 10, bandwidth: 10, link: 4, machine: 2}
	for name, test := range map[string]struct {
		cost    kit.StepCost
		n       int
		network float64
		want    float64
	}{
		"computing":          {kit.StepCost{FLOPs: 10, Bytes: 1}, 1, 1, 2},
		"memory":             {kit.StepCost{FLOPs: 10, Bytes: 40}, 1, 1, 4},
		"two of one machine": {kit.StepCost{FLOPs: 10, Bytes: 1, Trained: 1}, 2, 1, 1 + 1},
		"two machines":       {kit.StepCost{FLOPs: 10, Bytes: 1, Trained: 1}, 4, 1, .5 + 6},
		"a quick network":    {kit.StepCost{FLOPs: 10, Bytes: 1, Trained: 1}, 4, 100, .5 + 1.5},
	} {
		t.Run(name, func(t *testing.T) {
			s := step{StepCost: test.cost}
			got := a.seconds(s, test.n, .5, test.network)
			if math.Abs(got-test.want) > 1e-12 {
				t.Errorf("%g s, want %g", got, test.want)
			}
			if back := a.share(s, test.n, got, test.network); name != "memory" && math.Abs(back-.5) > 1e-12 {
				t.Errorf("of that time, the share is %g", back)
			}
		})
	}
}

func TestBytes(t *testing.T) {
	s := step{kit.StepCost{Trained: 10, Other: 5, Kept: 800}, 2}
	if got := s.bytes(8); got != 4*10*4+4*5+100 {
		t.Errorf("%g", got)
	}
}

// A step of SimCLR is three passes over two views, one of DINO three of the student and one of the
// teacher; MAE's encoder sees a quarter of the patches.
func TestOperationsOfPublishedRecipes(t *testing.T) {
	for _, test := range []struct {
		published
		least, most float64 // In forward passes of the encoder on one image.
	}{{simCLR(1, kit.BFloat16), 5.8, 6.2}, {dino(0, 1), 7.8, 8.2}, {mae("ViT-B/16", vitBase, 1), .75, 2}, {small, 5.8, 6.2}} {
		t.Run(test.name, func(t *testing.T) {
			s, err := test.count()
			if err != nil {
				t.Fatal(err)
			}
			side := test.recipe.Data.(blank).side
			pass := float64(test.recipe.Batch) * float64(test.recipe.Encoder.Cost(side, side).FLOPs())
			if got := s.FLOPs / pass; got < test.least || got > test.most {
				t.Errorf("%.2f passes, want %g to %g", got, test.least, test.most)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	good := options{low: 8, high: 30, network: 12.5, a100: 2, h100: 3, rounds: 3}
	for name, test := range map[string]struct {
		change func(*options)
		err    string
	}{
		"good":       {func(*options) {}, ""},
		"no share":   {func(o *options) { o.low = 0 }, "-low is 0"},
		"exchanged":  {func(o *options) { o.low, o.high = o.high, o.low }, "-high at least -low"},
		"no number":  {func(o *options) { o.network = math.NaN() }, "-network is NaN"},
		"few rounds": {func(o *options) { o.rounds = 2 }, "-rounds is 2"},
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			test.change(&o)
			if err := o.check(); (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// Each published time has its row, with its source, and all but those that a share is taken from an
// error.
func TestPublishedTimes(t *testing.T) {
	rows, _, err := publishedTimes(options{network: 12.5})
	if err != nil {
		t.Fatal(err)
	}
	shown := table(result.Result{Rows: rows})
	var sources, errors, fits int
	for _, row := range rows {
		if row.Detail != "" {
			sources++
		}
		if row.Metric == "model's error" {
			errors++
		}
		if !strings.Contains(shown, row.Metric) || math.IsNaN(row.Value) || math.IsInf(row.Value, 0) {
			t.Errorf("%+v", row)
		}
	}
	for _, of := range times {
		if of.fits {
			fits++
		}
	}
	if sources != len(times) || errors != len(times)-fits {
		t.Errorf("%d sources and %d errors of %d times", sources, errors, len(times))
	}
}
