package optim_test

import (
	"testing"

	"sslkit/kit/optim"
)

// PyTorch 2.9.1 gave these weights after three steps from matrix = [[1, -2], [.5, .25]] and bias =
// [.5, -1]. For each step, with the gradients below put into .grad:
//
//	groups = [{"params": [matrix], "weight_decay": .1}, {"params": [bias], "weight_decay": 0}]
//	o = torch.optim.SGD(groups, lr=.1, momentum=.9)                          # "SGD"
//	o = torch.optim.SGD(groups, lr=.1, momentum=.9, nesterov=True)           # "Nesterov, clipped", and in front of o.step():
//	    torch.nn.utils.clip_grad_norm_([matrix, bias], 1.)
//	o = torch.optim.SGD([matrix, bias], lr=.1, momentum=.9, weight_decay=.1) # "SGD on all"
//	o = torch.optim.AdamW(groups, lr=.1, betas=(.9, .95))                    # "AdamW"
func TestGoldenPyTorch(t *testing.T) {
	start := toy{[][]float32{{1, -2}, {.5, .25}}, []float32{.5, -1}}
	gradients := []toy{
		{[][]float32{{.1, -.2}, {.3, .4}}, []float32{.5, -.25}},
		{[][]float32{{-.3, .1}, {.2, -.6}}, []float32{.1, .2}},
		{[][]float32{{2, -1}, {.5, 1.5}}, []float32{-1, 3}},
	}
	for _, test := range []struct {
		name      string
		optimiser optim.Optimizer
		matrix    [2][]float64
		bias      []float64
		norms     []float64 // norms that clip_grad_norm_ returned.
	}{
		{
			name:      "SGD",
			optimiser: optim.SGD{LR: .1, Momentum: .9, WeightDecay: .1},
			matrix:    [2][]float64{{.77435803, -1.754216}, {.30422652, .092610754}},
			bias:      []float64{.4455, -1.2702501},
		},
		{
			name:      "Nesterov, clipped",
			optimiser: optim.SGD{LR: .1, Momentum: .9, Nesterov: true, WeightDecay: .1, ClipNorm: 1},
			matrix:    [2][]float64{{.87690657, -1.7563741}, {.28415844, .18906124}},
			bias:      []float64{.34636867, -1.1044811},
			norms:     []float64{.78262383, .74161983, 4.1833},
		},
		{
			name:      "SGD on all",
			optimiser: optim.SGD{LR: .1, Momentum: .9, WeightDecay: .1, Exclude: optim.Nothing{}},
			matrix:    [2][]float64{{.77435803, -1.754216}, {.30422652, .092610754}},
			bias:      []float64{.4196845, -1.2153765},
		},
		{
			name:      "AdamW",
			optimiser: optim.AdamW{LR: .1, Beta2: .95, WeightDecay: .1},
			matrix:    [2][]float64{{.86495161, -1.750683}, {.19593951, .12059478}},
			bias:      []float64{.34706619, -.95570445},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := train(t, test.optimiser, optim.Plan{Steps: 3, Batch: 256}, start, gradients)
			last := got.weights[2]
			near(t, "first row", last.matrix[0], test.matrix[0]...)
			near(t, "second row", last.matrix[1], test.matrix[1]...)
			near(t, "bias", last.bias, test.bias...)
			if test.norms != nil {
				near(t, "norms", got.normOfSteps, test.norms...)
			}
		})
	}
}
