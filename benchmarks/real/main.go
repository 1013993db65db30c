// Command real asks how good SimCLR is on real images, for a small budget:
//
//	go run ./benchmarks/real
//
// On two CPU cores it trains for an hour and a half. With an accelerator it trains a published
// recipe besides.
package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/encoder"
	"sslkit/kit/eval"
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const asks = "How good is SimCLR on real CIFAR-10 images, for a small budget?"

const protocol = "SimCLR on the 50,000 training images of CIFAR-10, without labels. Then k-NN (k = 20, cosine, " +
	"temperature 0.1) on frozen features of whole images, with all training labels, on the 10,000 test images, after the last " +
	"step. Each recipe gets the best of as many learning rates, by k-NN on a held-out fifth of the training images, after a fifth of the " +
	"steps with seed 1. Values are means over the seeds, intervals Student's t over them, and the difference from the encoder that a " +
	"run began with is paired by seed. Raw pixels have Wilson's interval over test images."

// smallBudget is the number of images that the first recipe may see, here and with PyTorch and
// lightly (benchmarks/peers/real).
const smallBudget = 157_440

// rates are those that each recipe tries.
var rates = []float64{1, .5, .25}

// options are the flags.
type options struct {
	question.Options
	launch    launch.Flags
	images    question.Images
	seeds     int
	published bool
	precision kit.Precision
}

func main() {
	var o options
	o.Register()
	o.launch.Register()
	o.images.Register()
	flag.IntVar(&o.seeds, "seeds", 3, "the number of seeds")
	flag.BoolVar(&o.published, "published", false, "train by the published recipe alone, on any machine; the result goes to the runs' folder")
	o.precision = kit.BFloat16
	flag.TextVar(&o.precision, "precision", o.precision, "the `dtype` of the published recipe's encoder: BFloat16 or Float32")
	question.Main("real", asks, func() error { return measure(o) })
}

// measure pretrains on real images and measures the representation beside its baselines.
func measure(o options) error {
	train, test := 0, 0
	if o.Quick {
		train, test, o.seeds = 2000, 500, question.Given("seeds", o.seeds, 2)
	}
	source, err := o.images.CIFAR10(train, test)
	if err != nil {
		return err
	}
	out := result.New("real", protocol)
	if o.published {
		if out.Rows, err = publishedSize(o, source); err != nil {
			return err
		}
		return o.write(out, source, "real-published", publishedProtocol, publishedNote)
	}
	all := trainings(o, source)
	if ready, err := o.launch.Ready(trialGrid(o, all), grid(o, all)); err != nil || !ready {
		return err
	}
	notes := []string{fmt.Sprintf("An image seen is an image read for a step; each is seen in two augmented views. Seeds: %d.", o.seeds)}
	if out.Rows, err = rowsOf(o, source, all); err != nil {
		return err
	}
	if accelerated(out.Backend) {
		rows, err := publishedSize(o, source)
		if err != nil {
			return err
		}
		out.Rows, notes = append(out.Rows, rows...), append(notes, publishedNote)
	} else {
		notes = append(notes, "The published size (ResNet-18 of width 64, 100 epochs; 83.2 ± 0.2 % k-NN with "+
			"k = 10 and 85.6 ± 0.2 % linear in 20 minutes of one A100, dkobak/simclr-cifar10) was not run: this machine has no "+
			"accelerator. The same command runs it where one answers.")
	}
	var dirs []string
	for _, t := range all {
		for seed := range uint64(o.seeds) {
			dirs = append(dirs, t.dir(o, seed+1))
		}
	}
	if err := out.TellRuns(dirs); err != nil {
		return err
	}
	return o.write(out, source, out.Benchmark, protocol, notes...)
}

// write writes a result with what the images are. That of the published recipe alone stays with the
// runs.
func (o options) write(out result.Result, source data.Source, name, protocol string, notes ...string) error {
	images, err := o.Describe("cifar10", source)
	if err != nil {
		return err
	}
	out.Benchmark, out.Protocol, out.Notes, out.Data = name, protocol, append(out.Notes, notes...), []result.Data{images}
	if o.published {
		return out.Write(o.Runs())
	}
	return out.Write(o.Results())
}

// training is a recipe with the name of its case.
type training struct {
	name string
	at   func(seed uint64, rate float64) kit.Recipe
}

// trainings are those for two CPU cores.
func trainings(o options, source data.Source) []training {
	simCLR := func(stem encoder.Stem, images int) func(seed uint64, rate float64) kit.Recipe {
		width, batch, steps := 16, 128, images/128
		if o.Quick {
			width, batch, steps = 4, 32, 10
		}
		return func(seed uint64, rate float64) kit.Recipe {
			return kit.Recipe{
				Data:      source,
				Encoder:   encoder.ResNet{Depth: 18, Width: width, Stem: stem},
				Method:    ssl.SimCLR{Temperature: .2, Hidden: 512},
				Optimizer: optim.SGD{LR: rate, Momentum: .9, WeightDecay: 5e-4},
				Batch:     batch, Steps: steps, Seed: seed,
			}
		}
	}
	return []training{
		{"simclr/cifar10/resnet18-w16", simCLR(encoder.Stem{}, smallBudget)},
		// Half the resolution is several times as many images in the same time, which is worth more
		// than the detail.
		{"simclr/cifar10/resnet18-w16-half", simCLR(encoder.HalfStem, 16*50_000)},
	}
}

// dir is the run directory of a seed.
func (t training) dir(o options, seed uint64) string { return o.Runs(t.name, fmt.Sprint(seed)) }

// trials are the rates that the recipe tries.
func (t training) trials(o options) question.Trials {
	return question.Rates(t.name, o.Runs(t.name+"-trials"), rates, func(rate float64) kit.Recipe { return t.at(question.TrialSeed, rate) })
}

// pretrain trains one seed at the rate that its recipe chose, or loads it.
func (t training) pretrain(o options, seed uint64) (*kit.Run, *statistics.Choice, error) {
	best, choice, err := t.trials(o).Choose()
	if err != nil {
		return nil, nil, err
	}
	run, err := result.Pretrain(t.dir(o, seed), t.at(seed, rates[best]))
	return run, &choice, err
}

// trialGrid has a cell for each trial.
func trialGrid(o options, all []training) launch.Grid {
	g := launch.Grid{Question: "real", Folder: o.Runs("launch", "real-trials")}
	for _, t := range all {
		g.Cells = append(g.Cells, t.trials(o).Cells()...)
	}
	return g
}

// grid has a cell for each training.
func grid(o options, all []training) launch.Grid {
	g := launch.Grid{Question: "real", Folder: o.Runs("launch", "real")}
	for seed := range uint64(o.seeds) {
		for _, t := range all {
			g.Cells = append(g.Cells, launch.Cell{
				Name: fmt.Sprintf("%s-%d", t.name, seed+1), Done: (&kit.Run{Dir: t.dir(o, seed+1)}).Finished,
				Run: func() error {
					_, _, err := t.pretrain(o, seed+1)
					return err
				},
			})
		}
	}
	return g
}

// What the rows tell.
const (
	knnAccuracy = "k-NN accuracy"
	lessRandom  = ", less that of its random encoder"
)

// rowsOf are those of raw pixels, of the encoders that runs began with, and of the trained ones.
func rowsOf(o options, source data.Source, all []training) ([]result.Row, error) {
	var tally result.Tally
	pixels, err := question.Evaluate(question.KNN, func(split data.Split) (eval.Features, error) {
		return kit.PixelFeatures(source, split)
	})
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		_, setting, _ := strings.Cut(t.name, "/")
		random := "random/" + setting
		for seed := uint64(1); seed <= uint64(o.seeds); seed++ {
			run, choice, err := t.pretrain(o, seed)
			if err != nil {
				return nil, fmt.Errorf("%s, seed %d: %w", t.name, seed, err)
			}
			add := func(name string, by result.Measure, choice *statistics.Choice) error {
				v := result.Value{Case: name, Metric: knnAccuracy, Unit: "%", Data: "cifar10", Run: statistics.Run{Seed: seed}, Of: run,
					Begun: by.Begun || by.Pixels, Measure: &by, Choice: choice}
				if by.Pixels {
					v.Run.Value = 100 * pixels.Value
				} else if v.Run.Value, err = by.Of(run, 0); err != nil {
					return err
				}
				tally.Add(v)
				return nil
			}
			if seed == 1 && t.name == all[0].name {
				if err := add("pixels/cifar10", result.Measure{KNN: &question.KNN, Pixels: true}, nil); err != nil {
					return nil, err
				}
			}
			if err := errors.Join(add(random, result.Measure{KNN: &question.KNN, Begun: true}, nil),
				add(t.name, result.Measure{KNN: &question.KNN}, choice)); err != nil {
				return nil, err
			}
		}
		if err := tally.Less(t.name, random, knnAccuracy, lessRandom); err != nil {
			return nil, err
		}
	}
	rows, err := tally.Rows()
	if err != nil {
		return nil, err
	}
	rows[0].Low, rows[0].High, rows[0].N, rows[0].Interval = 100*pixels.Low, 100*pixels.High, pixels.N, "Wilson's 95 % over test images"
	return rows, nil
}

// accelerated tells whether the backend is other than a CPU.
func accelerated(backend string) bool {
	return strings.HasPrefix(backend, "xla:") && !strings.HasPrefix(backend, "xla:cpu")
}
