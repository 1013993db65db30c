package optim_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"sslkit/kit/optim"
)

// Every bad setting is an error from Check and from Build that names the field and its range.
func TestBadSettings(t *testing.T) {
	for _, test := range []struct {
		optimiser optim.Optimizer
		want      string
	}{
		{optim.SGD{LR: -1}, "optim.SGD: LR is -1; it must be above 0 and finite (0 means 0.3)"},
		{optim.SGD{LR: math.NaN()}, "LR is NaN"},
		{optim.SGD{LR: math.Inf(1)}, "LR is +Inf"},
		{optim.SGD{Momentum: 1}, "Momentum is 1; it must be in [0, 1)"},
		{optim.SGD{Momentum: -.1}, "Momentum is -0.1; it must be in [0, 1)"},
		{optim.SGD{Nesterov: true}, "Momentum is 0; it must be above 0 with Nesterov"},
		{optim.SGD{WeightDecay: -1e-4}, "WeightDecay is -0.0001; it must be at least 0"},
		{optim.SGD{ClipNorm: -1}, "ClipNorm is -1; it must be at least 0"},
		{optim.SGD{Scaling: 3}, "Scaling is 3; it must be Linear256, SquareRoot256 or Unscaled"},
		{optim.LARS{LR: -.4}, "optim.LARS: LR is -0.4; it must be above 0 and finite (0 means 0.3)"},
		{optim.LARS{Momentum: 1.5}, "Momentum is 1.5; it must be in [0, 1)"},
		{optim.LARS{Eta: -.02}, "Eta is -0.02; it must be above 0 and finite (0 means 0.02)"},
		{optim.LARS{WeightDecay: math.NaN()}, "WeightDecay is NaN; it must be at least 0"},
		{optim.LARS{ClipNorm: math.Inf(1)}, "ClipNorm is +Inf; it must be at least 0"},
		{optim.LARS{Scaling: -1}, "Scaling is -1"},
		{optim.AdamW{LR: -1}, "optim.AdamW: LR is -1; it must be above 0 and finite (0 means 0.0002)"},
		{optim.AdamW{Beta1: 1}, "Beta1 is 1; it must be in (0, 1) (0 means 0.9)"},
		{optim.AdamW{Beta2: -.9}, "Beta2 is -0.9; it must be in (0, 1) (0 means 0.999)"},
		{optim.AdamW{Eps: -1e-8}, "Eps is -1e-08; it must be above 0 and finite (0 means 1e-08)"},
		{optim.AdamW{WeightDecay: -1}, "WeightDecay is -1; it must be at least 0"},
		{optim.AdamW{WeightDecayEnd: -1}, "WeightDecayEnd is -1; it must be at least 0"},
		{optim.AdamW{ClipEach: -1}, "ClipEach is -1; it must be at least 0"},
		{optim.AdamW{ClipNorm: -1}, "ClipNorm is -1; it must be at least 0"},
		{optim.AdamW{Scaling: 9}, "Scaling is 9"},
	} {
		_, buildErr := test.optimiser.Build(optim.Plan{Steps: 1, Batch: 1})
		for _, err := range []error{test.optimiser.Check(), buildErr} {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v: error %v, want %q", test.optimiser, err, test.want)
			}
		}
	}
}

func TestAllBadSettingsAreNamed(t *testing.T) {
	err := optim.LARS{LR: -1, Momentum: 2, Eta: -3}.Check()
	for _, field := range []string{"LR", "Momentum", "Eta"} {
		if err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("error %v does not name %s", err, field)
		}
	}
}

func TestBadPlans(t *testing.T) {
	cosine := func(s optim.WarmupCosine) optim.Plan { return optim.Plan{Schedule: s, Steps: 10, Batch: 256} }
	for _, test := range []struct {
		plan optim.Plan
		want string
	}{
		{optim.Plan{Batch: 1}, "optim.Plan: Steps is 0; it must be at least 1"},
		{optim.Plan{Steps: 1}, "optim.Plan: Batch is 0; it must be at least 1"},
		{optim.Plan{Steps: 1, Batch: -8}, "Batch is -8; it must be at least 1"},
		{cosine(optim.WarmupCosine{Warmup: 1}), "optim.WarmupCosine: Warmup is 1; it must be in [0, 1), a fraction of training"},
		{cosine(optim.WarmupCosine{Warmup: 10}), "Warmup is 10; it must be in [0, 1)"},
		{cosine(optim.WarmupCosine{Warmup: -.1}), "Warmup is -0.1; it must be in [0, 1)"},
		{cosine(optim.WarmupCosine{Warmup: math.NaN()}), "Warmup is NaN"},
		{cosine(optim.WarmupCosine{Start: .5}), "Start is 0.5; it must be in [0, 0.4], the peak learning rate"},
		{cosine(optim.WarmupCosine{Final: -1}), "Final is -1; it must be in [0, 0.4]"},
	} {
		_, err := optim.LARS{LR: .4}.Build(test.plan)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want %q", test.plan, err, test.want)
		}
	}
}

// The zero value of each optimiser is its documented default, and defaults do not touch what was
// set.
func TestDefaults(t *testing.T) {
	excluded := optim.NormsAndBiases{}
	for _, test := range []struct{ given, want optim.Optimizer }{
		{optim.SGD{}, optim.SGD{LR: .3, Exclude: excluded}},
		{optim.LARS{}, optim.LARS{LR: .3, Eta: .02, Exclude: excluded}},
		{optim.AdamW{}, optim.AdamW{LR: 2e-4, Beta1: .9, Beta2: .999, Eps: 1e-8, Exclude: excluded}},
		{optim.SGD{LR: 1, Exclude: optim.Nothing{}}, optim.SGD{LR: 1, Exclude: optim.Nothing{}}},
		{optim.LARS{LR: 1, Eta: .001}, optim.LARS{LR: 1, Eta: .001, Exclude: excluded}},
		{
			optim.AdamW{LR: 1, Beta1: .5, Beta2: .95, Eps: 1e-6},
			optim.AdamW{LR: 1, Beta1: .5, Beta2: .95, Eps: 1e-6, Exclude: excluded},
		},
	} {
		if got := test.given.WithDefaults(); got != test.want {
			t.Errorf("%+v with defaults is %+v, want %+v", test.given, got, test.want)
		}
		if err := test.given.Check(); err != nil {
			t.Error(err)
		}
		if _, err := test.given.Build(optim.Plan{Steps: 1, Batch: 1}); err != nil {
			t.Error(err)
		}
	}
}

func TestScaling(t *testing.T) {
	for _, test := range []struct {
		scaling optim.Scaling
		batch   int
		want    float64
		text    string
	}{
		{optim.Linear256, 256, .4, "LR*batch/256"},
		{optim.Linear256, 4096, 6.4, "LR*batch/256"},
		{optim.Linear256, 64, .1, "LR*batch/256"},
		{optim.SquareRoot256, 64, .2, "LR*sqrt(batch/256)"},
		{optim.SquareRoot256, 1024, .8, "LR*sqrt(batch/256)"},
		{optim.Unscaled, 64, .4, "LR"},
	} {
		if got := test.scaling.Scale(.4, test.batch); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%s of .4 for %d images is %v, want %v", test.scaling, test.batch, got, test.want)
		}
		if text, err := json.Marshal(test.scaling); err != nil || string(text) != `"`+test.text+`"` {
			t.Errorf("JSON of scaling %d is %s, %v", test.scaling, text, err)
		}
	}
}
