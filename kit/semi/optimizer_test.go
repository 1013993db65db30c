package semi

import (
	"testing"

	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// The optimisers are those of their sources.
func TestOptimizersOfTheSources(t *testing.T) {
	t.Parallel()
	fixMatch := optim.SGD{LR: .03, Scaling: optim.Unscaled, Momentum: .9, Nesterov: true, WeightDecay: 5e-4}
	for _, test := range []struct {
		method ssl.Method
		source string // Where the settings are from.
		want   optim.SGD
	}{
		{FixMatch{}, "google-research/fixmatch, fixmatch.py: decay on kernels alone", fixMatch},
		{FreeMatch{}, "microsoft/Semi-supervised-learning, freematch_cifar10_250_0.yaml; param_groups_weight_decay", fixMatch},
		{FlexMatch{}, "the same, flexmatch_cifar10_40_0.yaml", fixMatch},
		{SoftMatch{}, "the same, softmatch_cifar10_40_0.yaml", fixMatch},
		{SimMatch{}, "the same, simmatch_cifar10_40_0.yaml", fixMatch},
		{UDA{}, "google-research/uda, image/main.py; image/utils.py, decay_weights: all trainable variables", optim.SGD{
			LR: .03, Scaling: optim.Unscaled, Momentum: .9, Nesterov: true, WeightDecay: 5e-4, Exclude: optim.Nothing{},
		}},
		{MeanTeacher{}, "CuriousAI/mean-teacher, pytorch/main.py, one group; experiments/cifar10_test.py", optim.SGD{
			LR: .05, Scaling: optim.Unscaled, Momentum: .9, Nesterov: true, WeightDecay: 2e-4, Exclude: optim.Nothing{},
		}},
	} {
		t.Run(test.method.Name(), func(t *testing.T) {
			t.Parallel()
			got, want := test.method.WithDefaults().Optimizer().WithDefaults(), test.want.WithDefaults()
			if got != want {
				t.Errorf("%#v, want that of %s: %#v", got, test.source, want)
			}
		})
	}
}
