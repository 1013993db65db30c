// Command quickstart asks how much of what the quickstart shows is its seed:
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
	"sslkit/kit/optim"
	"sslkit/kit/ssl"
)

const asks = "How much of what the quickstart shows is its seed?"

const protocol = "The recipe of notebooks/quickstart.ipynb (SimCLR on data.Shapes: 10,000 training and 2,000 test images), for several " +
	"seeds: k-NN (k = 20, cosine, temperature 0.1) with all labels, and the linear probe with 10 labels of each class, five draws for " +
	"each seed, of the trained encoder and of the same encoder before training. Differences are paired by seed and draw."

const (
	perClass = 10
	draws    = 5
)

// options are the flags.
type options struct {
	question.Options
	seeds int
}

func main() {
	var o options
	o.Register()
	flag.IntVar(&o.seeds, "seeds", 8, "the number of seeds")
	question.Main("quickstart", asks, func() error { return measure(o) })
}

// recipe is the notebook's.
func recipe(o options, seed uint64) kit.Recipe {
	r := kit.Recipe{
		Data:    data.Shapes{},
		Encoder: encoder.ResNet{Depth: 10, Width: 8, Stem: encoder.HalfStem},
		Method:  ssl.SimCLR{Temperature: 0.2, Hidden: 512},
		Augment: []augment.Pipeline{{
			augment.RandomResizedCrop{Size: 24, Scale: [2]float64{0.5, 1}},
			augment.Flip{},
			augment.ColorJitter{Brightness: 0.8, Contrast: 0.8, Saturation: 0.8, Hue: 0.4, P: 0.8},
			augment.Grey{P: 0.2},
			augment.Solarize{P: 0.3},
			augment.Normalize{},
		}},
		Optimizer: optim.SGD{LR: 1, Momentum: 0.9, WeightDecay: 5e-4},
		Batch:     128, Steps: 1200, Seed: seed,
	}
	if o.Quick {
		r.Data, r.Batch, r.Steps = data.Shapes{Train: 500, Validation: 64, Test: 100}, 32, 10
	}
	return r
}

// measured is what one side gave, a run a seed, or a seed and draw.
type measured struct{ knn, few []statistics.Run }

// measure trains all seeds.
func measure(o options) error {
	out := result.New("quickstart", protocol)
	var trained, untrained measured
	var dirs []string
	for seed := uint64(1); seed <= uint64(o.seeds); seed++ {
		dir := o.Runs("quickstart", fmt.Sprint(seed))
		run, err := kit.Pretrain(dir, recipe(o, seed))
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		dirs = append(dirs, dir)
		for _, side := range []struct {
			to *measured
			of question.Features
		}{{&trained, run.Features}, {&untrained, run.InitialFeatures}} {
			if err := side.to.add(side.of, seed); err != nil {
				return fmt.Errorf("seed %d: %w", seed, err)
			}
		}
	}
	var err error
	if out.Rows, err = rows(trained, untrained); err != nil {
		return err
	}
	if err := out.TellRuns(dirs); err != nil {
		return err
	}
	return out.Write(o.Results())
}

// add measures the features of one seed.
func (m *measured) add(of question.Features, seed uint64) error {
	train, test, err := question.TrainAndTest(of)
	if err != nil {
		return err
	}
	knn, err := question.KNN.Evaluate(train, test)
	if err != nil {
		return err
	}
	m.knn = append(m.knn, statistics.Run{Seed: seed, Value: 100 * knn.Value})
	for draw := range uint64(draws) {
		of := 100*seed + draw // Labels of its own for each seed.
		few, err := train.Subset(data.Subset{PerClass: perClass, Seed: of})
		if err != nil {
			return err
		}
		linear, err := eval.Linear{}.Evaluate(few, test)
		if err != nil {
			return err
		}
		m.few = append(m.few, statistics.Run{Seed: seed, Draw: of, Value: 100 * linear.Value})
	}
	return nil
}

// rows are those of both measures: trained, before training, and the difference.
func rows(trained, untrained measured) ([]result.Row, error) {
	var all []result.Row
	for _, m := range []struct {
		name          string
		after, before []statistics.Run
	}{
		{"k-NN accuracy, all labels", trained.knn, untrained.knn},
		{fmt.Sprintf("linear probe accuracy, %d labels a class", perClass), trained.few, untrained.few},
	} {
		difference, err := statistics.Difference(m.after, m.before)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		for _, r := range []struct {
			name, metric, unit string
			runs               []statistics.Run
		}{
			{"simclr/shapes/resnet10-w8-half", m.name, "%", m.after},
			{"random/shapes/resnet10-w8-half", m.name, "%", m.before},
			{"simclr/shapes/resnet10-w8-half", m.name + ", less that of its random encoder", "points", difference},
		} {
			row, err := result.OverRuns(r.name, r.metric, r.unit, r.runs)
			if err != nil {
				return nil, err
			}
			all = append(all, row)
		}
	}
	return all, nil
}
