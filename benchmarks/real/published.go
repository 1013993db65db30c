package main

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

// publishedName is that of the recipe's rows.
const publishedName = "simclr/cifar10/resnet18-w64-published"

// publishedProtocol is how these rows are measured where they stand alone.
const publishedProtocol = "SimCLR on the 50,000 training images of CIFAR-10, without labels. Then k-NN (k = 10, cosine, equal votes, and " +
	"as for other runs k = 20, T 0.1) and a linear probe on the frozen representation, all training images labelled, one seed."

// publishedNote tells what was published, and what differs here.
const publishedNote = "Published by dkobak/simclr-cifar10 (commit 44b2500): ResNet-18, 100 epochs, batch 512, base learning rate " +
	"0.06: 83.2 ± 0.2 % k-NN (k = 10, cosine, equal votes) and 85.6 ± 0.2 % linear, in 20 minutes of one A100 with 16 processes " +
	"that make the views, 11.9 s an epoch. The recipe here has the same network, head, loss, views, optimiser and schedule, and " +
	"norms of each view by itself. It differs: the last 336 images of an epoch, other ones each time, are left out (97 steps and not " +
	"98); the learning rate falls with each step and not each epoch; the last norm of each residual branch starts at 0, " +
	"where torchvision's starts at 1; crops, jitter and grey do not round to whole grey values, as PIL does; the linear probe is " +
	"standardised and fitted by L-BFGS with an L2 chosen on a held-out fifth, where theirs has Adam on unstandardised features; bfloat16 " +
	"unless -precision says float32, where PyTorch computes convolutions in TF32."

// plainSimCLR is SimCLR with the head and the passes of dkobak/simclr-cifar10: no norm in the head, a
// bias in both of its layers, and each view encoded by itself, so that a norm sees one view.
type plainSimCLR struct{ ssl.SimCLR }

// WithDefaults fills in the settings that were left at zero.
func (m plainSimCLR) WithDefaults() ssl.Method {
	return plainSimCLR{m.SimCLR.WithDefaults().(ssl.SimCLR)}
}

// Name is "simclr-plain".
func (m plainSimCLR) Name() string { return "simclr-plain" }

// Loss is SimCLR's.
func (m plainSimCLR) Loss(step *ssl.Step) *Node {
	var z []*Node
	for _, view := range step.Views {
		z = append(z, m.Embed(step.Scope, step.Encode(view).Pooled))
	}
	return ssl.NTXent(z, m.Temperature)
}

// Embed is the head.
//
//	[batch, dim] -> [batch, out]
func (m plainSimCLR) Embed(scope *model.Scope, features *Node) *Node {
	hidden := encoder.MLP{Out: m.Hidden, Layers: 1}.Apply(scope.At("hidden"), features)
	return encoder.MLP{Out: m.Out, Layers: 1}.Apply(scope.At("out"), Max(hidden, ZerosLike(hidden)))
}

// publishedRecipe is the recipe of dkobak/simclr-cifar10 for 100 epochs; see publishedNote.
func publishedRecipe(o options, source data.Source) kit.Recipe {
	recipe := kit.Recipe{
		Data:    source,
		Encoder: encoder.ResNet{Depth: 18},
		Method:  plainSimCLR{ssl.SimCLR{Temperature: .5, Hidden: 1024, Out: 128}},
		Augment: []augment.Pipeline{{
			augment.RandomResizedCrop{Size: 32, Scale: [2]float64{.2, 1}}, augment.Flip{},
			augment.ColorJitter{Brightness: .4, Contrast: .4, Saturation: .4, Hue: .1, P: .8}, augment.Grey{P: .1},
			augment.Normalize{Std: [3]float64{1, 1, 1}}, // Pixels stay in [0, 1].
		}},
		Optimizer: optim.SGD{LR: .06, Momentum: .9, WeightDecay: 5e-4, Exclude: optim.Nothing{}},
		Schedule:  optim.WarmupCosine{},
		Precision: o.precision,
		Batch:     512, Epochs: 100, Seed: 1,
	}
	if o.Quick {
		recipe.Encoder, recipe.Batch = encoder.ResNet{Depth: 18, Width: 4, Stem: encoder.HalfStem}, 64
		recipe.Epochs, recipe.Steps = 0, 20
	}
	return recipe
}

// publishedSize trains by the published recipe, and measures as it was measured there.
func publishedSize(o options, source data.Source) ([]result.Row, error) {
	run, err := result.Pretrain(o.Runs(publishedName), publishedRecipe(o, source))
	if err != nil {
		return nil, err
	}
	train, test, err := question.TrainAndTest(run.Features)
	if err != nil {
		return nil, err
	}
	var tally result.Tally
	for _, of := range []struct {
		metric string
		probe  eval.Probe
	}{{knnAccuracy, question.KNN}, {"k-NN accuracy (k 10, equal votes)", eval.KNN{K: 10, Temperature: math.Inf(1)}}, {"linear probe accuracy", eval.Linear{}}} {
		measured, err := of.probe.Evaluate(train, test)
		if err != nil {
			return nil, err
		}
		tally.Add(result.Value{Case: publishedName, Metric: of.metric, Unit: "%", Data: "cifar10",
			Run: statistics.Run{Seed: run.Recipe.Seed, Value: 100 * measured.Value}, Of: run, Detail: measured.Protocol})
	}
	metrics, err := run.Metrics()
	if err != nil {
		return nil, err
	}
	// From the first step on, which is compiled: an epoch of 50,000 images.
	first, last := metrics[1], metrics[len(metrics)-1]
	perStep := (last.Seconds - first.Seconds) / float64(last.Step-first.Step)
	tally.Add(result.Value{Case: publishedName, Metric: "an epoch of 50,000 images", Unit: "s", Data: "cifar10",
		Run: statistics.Run{Seed: run.Recipe.Seed, Value: perStep * 50_000 / float64(run.Recipe.Batch)}, Of: run})
	return tally.Rows()
}
