// Command quickstart asks whether what the quickstart concludes holds for other seeds:
//
//	go run ./benchmarks/quickstart
package main

import (
	"flag"
	"fmt"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/augment"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const asks = "Does what the quickstart concludes hold for other seeds?"

const protocol = "The recipe of notebooks/quickstart.ipynb (SimCLR on data.Patterns: 10,000 training and 2,000 test images), for several " +
	"seeds, beside the same network trained from scratch on the labels alone. Both have the same views, see the same number of images, and have the " +
	"best of four learning rates, each tried in full with seed 1 on four fifths of the training images, by the accuracy on the fifth held " +
	"out with the same 10 labels a class. The notebook saves minutes by training from scratch for half as long, at the best of as many " +
	"rates for that length: it is a side of its own. SimCLR, the network before training and raw pixels are measured by a linear probe, which chooses " +
	"its L2 by cross-validation on these labels, and by k-NN (k = 20, cosine, temperature 0.1) with all labels. A seed decides the initial " +
	"weights, the order, the views and which images have labels. Differences are paired by seed."

// perClass is the number of labels of each class.
const perClass = 10

// The rates that each side tries.
var (
	simclrRates     = []float64{.5, 1, 2, 4}
	supervisedRates = []float64{.1, .3, 1, 3}
)

// The sides, as rows name them.
const (
	simclr     = "simclr/patterns/resnet10-w8-half"
	supervised = "supervised/patterns/resnet10-w8-half"
	halfLength = supervised + "/half-length"
	random     = "random/patterns/resnet10-w8-half"
	pixels     = "pixels/patterns"
)

// options are the flags.
type options struct {
	question.Options
	seeds int
}

func main() {
	var o options
	o.Register()
	flag.IntVar(&o.seeds, "seeds", 5, "the number of seeds")
	question.Main("quickstart", asks, func() error { return measure(o) })
}

// recipe is the notebook's.
func recipe(o options, seed uint64) kit.Recipe {
	r := kit.Recipe{
		Data:    data.Patterns{},
		Encoder: encoder.ResNet{Depth: 10, Width: 8, Stem: encoder.HalfStem},
		Method:  ssl.SimCLR{Temperature: 0.2, Hidden: 512},
		Augment: []augment.Pipeline{{
			augment.RandomResizedCrop{Size: 24, Scale: [2]float64{0.25, 0.5}}, // A part of a pattern tells of the rest.
			augment.ColorJitter{Brightness: 0.8, Contrast: 0.8, Saturation: 0.8, Hue: 0.4, P: 0.8},
			augment.Grey{P: 0.2},
			augment.Normalize{},
		}},
		Optimizer: optim.SGD{LR: 1, Momentum: 0.9, WeightDecay: 5e-4},
		Batch:     128, Steps: 3600, Seed: seed,
	}
	if o.Quick {
		r.Data, r.Batch, r.Steps = data.Patterns{Train: 500, Validation: 64, Test: 100}, 32, 10
	}
	return r
}

// labels are those that go with a seed.
func labels(seed uint64) data.Subset { return data.Subset{PerClass: perClass, Seed: 100 * seed} }

// fromScratch is the training on the labels of a seed alone, which sees as many images as SimCLR, or a
// part of as many. It is that of kit.FineTune without Start.
func fromScratch(of kit.Recipe, rate, part float64) kit.Recipe {
	const classes = 10
	of.Method = ssl.Supervised{Classes: classes}
	of.Optimizer = optim.SGD{LR: rate, Momentum: .9, Nesterov: true, WeightDecay: 5e-4, Scaling: optim.Unscaled}
	of.Data = data.Labelled{From: of.Data, Subset: labels(of.Seed)}
	images := part * float64(of.Steps*of.Batch)
	of.Batch = min(of.Batch, classes*perClass)
	of.Steps = int(images) / of.Batch
	return of
}

// few is the linear probe with the labels of a draw.
var few = result.Measure{Linear: &eval.Linear{}, PerClass: perClass}

// trials are those of SimCLR and of training from scratch, in full but on four fifths of the training
// images.
func trials(o options) (ofSimCLR, ofSupervised, ofHalf question.Trials) {
	const on = "accuracy on a held-out fifth of the training images, with 10 labels a class of the rest"
	base := recipe(o, question.TrialSeed)
	base.Data = data.SetAside{From: base.Data, Fraction: .2, Seed: question.TrialSeed}
	ofSimCLR = question.Trials{Side: "simclr", On: on, Dir: o.Runs("quickstart", "trials-simclr"), HeldOut: heldOutProbe}
	for _, rate := range simclrRates {
		r := base
		r.Optimizer = optim.SGD{LR: rate, Momentum: .9, WeightDecay: 5e-4}
		ofSimCLR.Settings = append(ofSimCLR.Settings, question.Setting{Name: fmt.Sprintf("rate %.3g", rate), Recipe: r})
	}
	ofLength := func(side string, part float64) question.Trials {
		t := question.Trials{Side: side, On: on, Dir: o.Runs("quickstart", "trials-"+side), HeldOut: heldOutClasses}
		for _, rate := range supervisedRates {
			t.Settings = append(t.Settings, question.Setting{Name: fmt.Sprintf("rate %.3g", rate), Recipe: fromScratch(base, rate, part)})
		}
		return t
	}
	return ofSimCLR, ofLength("supervised", 1), ofLength("half-length", .5)
}

// heldOutProbe is the accuracy of the linear probe on the held-out images, in percent.
func heldOutProbe(run *kit.Run) (float64, error) {
	train, err := run.Features(data.Train)
	if err != nil {
		return 0, err
	}
	if train, err = train.Subset(labels(question.TrialSeed)); err != nil {
		return 0, err
	}
	held, err := run.Features(data.Validation)
	if err != nil {
		return 0, err
	}
	probed, err := few.Linear.Evaluate(train, held)
	return 100 * probed.Value, err
}

// heldOutClasses is the accuracy of the classes that the network itself tells, in percent.
func heldOutClasses(run *kit.Run) (float64, error) {
	logits, err := run.Embeddings(data.Validation)
	if err != nil {
		return 0, err
	}
	accuracy, err := metric.Accuracy(logits.Labels, logits.ArgMax())
	return 100 * accuracy.Value, err
}

// side is a training from scratch.
type side struct {
	name, dir  string
	rate, part float64 // part is the share of the images that SimCLR sees.
	choice     statistics.Choice
}

// measure trains all sides for all seeds.
func measure(o options) error {
	out := result.New("quickstart", protocol)
	images, err := o.Describe("patterns", recipe(o, 1).Data)
	if err != nil {
		return err
	}
	out.Data = append(out.Data, images)
	ofSimCLR, ofSupervised, ofHalf := trials(o)
	at, choice, err := ofSimCLR.Choose()
	if err != nil {
		return err
	}
	if rate, notebooks := simclrRates[at], recipe(o, 1).Optimizer.(optim.SGD).LR; rate != notebooks && !o.Quick {
		return fmt.Errorf("the trials choose the rate %g of SimCLR, and the notebook's recipe has %g: set it to that", rate, notebooks)
	}
	fromScratches := []side{{name: supervised, dir: "supervised", part: 1}, {name: halfLength, dir: "half-length", part: .5}}
	for i, t := range []question.Trials{ofSupervised, ofHalf} {
		at, choice, err := t.Choose()
		if err != nil {
			return err
		}
		fromScratches[i].rate, fromScratches[i].choice = supervisedRates[at], choice
	}
	if err := statistics.CheckFair(choice, fromScratches[0].choice); err != nil {
		return err
	}
	var tally result.Tally
	var dirs []string
	for seed := uint64(1); seed <= uint64(o.seeds); seed++ {
		run, err := result.Pretrain(o.Runs("quickstart", fmt.Sprintf("simclr-%d", seed)), recipe(o, seed))
		if err != nil {
			return fmt.Errorf("SimCLR, seed %d: %w", seed, err)
		}
		dirs = append(dirs, run.Dir)
		if err := addPretrained(&tally, seed, run, choice); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		for _, s := range fromScratches {
			run, err := result.Pretrain(o.Runs("quickstart", fmt.Sprintf("%s-%d", s.dir, seed)), fromScratch(recipe(o, seed), s.rate, s.part))
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", s.name, seed, err)
			}
			dirs = append(dirs, run.Dir)
			if err := add(&tally, seed, result.Value{
				Case: s.name, Metric: accuracy, Of: run, Measure: &result.Measure{Classifier: true}, Choice: &s.choice,
			}); err != nil {
				return fmt.Errorf("seed %d: %w", seed, err)
			}
		}
	}
	for _, other := range []struct{ of, metric string }{
		{supervised, accuracy}, {halfLength, accuracy}, {random, accuracy}, {pixels, accuracy}, {random, neighbours}, {pixels, neighbours},
	} {
		if err := tally.Less(simclr, other.of, other.metric, ", less that of "+other.of); err != nil {
			return err
		}
	}
	if out.Rows, err = tally.Rows(); err != nil {
		return err
	}
	if err := out.TellRuns(dirs); err != nil {
		return err
	}
	return out.Write(o.Results())
}

// The metrics.
var (
	accuracy   = fmt.Sprintf("accuracy, %d labels a class", perClass)
	neighbours = "k-NN accuracy, all labels"
)

// addPretrained measures SimCLR's run of a seed, the network that it began with, and pixels.
func addPretrained(tally *result.Tally, seed uint64, run *kit.Run, choice statistics.Choice) error {
	knn := result.Measure{KNN: &question.KNN}
	for _, v := range []result.Value{
		{Case: simclr, Metric: accuracy, Measure: &few, Choice: &choice},
		{Case: simclr, Metric: neighbours, Measure: &knn, Choice: &choice},
		{Case: random, Metric: accuracy, Measure: begun(few), Begun: true},
		{Case: random, Metric: neighbours, Measure: begun(knn), Begun: true},
		{Case: pixels, Metric: accuracy, Measure: ofPixels(few), Begun: true},
		{Case: pixels, Metric: neighbours, Measure: ofPixels(knn), Begun: true},
	} {
		v.Of = run
		if err := add(tally, seed, v); err != nil {
			return err
		}
	}
	return nil
}

// add measures the value for one seed.
func add(tally *result.Tally, seed uint64, v result.Value) error {
	v.Unit, v.Data = "%", "patterns"
	v.Run = statistics.Run{Seed: seed, Draw: labels(seed).Seed}
	if v.Measure.KNN != nil { // It takes all labels.
		v.Run.Draw = 0
	}
	var err error
	if v.Run.Value, err = v.Measure.Of(v.Of, v.Run.Draw); err != nil {
		return fmt.Errorf("%s, %s: %w", v.Case, v.Metric, err)
	}
	fmt.Printf("seed %d, %s, %s: %.1f %%\n", seed, v.Case, v.Metric, v.Run.Value)
	tally.Add(v)
	return nil
}

func begun(m result.Measure) *result.Measure    { m.Begun = true; return &m }
func ofPixels(m result.Measure) *result.Measure { m.Pixels = true; return &m }
