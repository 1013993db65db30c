package main

import (
	"errors"
	"fmt"

	"sslkit/benchmarks/launch"
	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/metric"
	"sslkit/kit/optim"
)

// Each method gets the best of as many learning rates, those of its family, by trials of one seed and
// a fifth of the budget: by k-NN on a fifth of the training images, which these trials do not see.
const (
	trialSeed  = 1
	trialShare = 5
	heldOut    = .2
	chosenOn   = "k-NN on a held-out fifth of the training images"
)

// rates are those that a family's methods try, the first being the greatest.
func (o options) rates(f family) []float64 {
	var most float64
	switch by := f.optimizer.(type) {
	case optim.SGD:
		most = by.LR
	case optim.AdamW:
		most = by.LR
	}
	if o.Quick {
		return []float64{most, most / 10}
	}
	return []float64{most, most / 3, most / 10, most / 30}
}

// at is the family's optimiser with another rate.
func (f family) at(rate float64) optim.Optimizer {
	switch by := f.optimizer.(type) {
	case optim.SGD:
		by.LR = rate
		return by
	case optim.AdamW:
		by.LR = rate
		return by
	}
	return f.optimizer // Of no family here.
}

// trialDir is the run directory of a trial; the file beside it, with .json, keeps its accuracy.
func trialDir(o options, set imageSet, e entry, rate float64) string {
	return o.Runs("methods", set.name, e.family.name, "trials", fmt.Sprintf("%s-%g", e.method.Name(), rate))
}

// try measures one rate. A loss that is no number any more is a rate that teaches nothing.
func try(o options, set imageSet, e entry, rate float64) (statistics.Trial, error) {
	dir := trialDir(o, set, e, rate)
	return result.Kept(dir+".json", func() (statistics.Trial, error) {
		steps := max(set.images/batch/trialShare, 1)
		trial := statistics.Trial{Setting: fmt.Sprintf("rate %.3g", rate), Seed: trialSeed, Images: steps * batch}
		run, err := result.Pretrain(dir, kit.Recipe{
			Data: data.SetAside{From: set.data, Fraction: heldOut, Seed: trialSeed}, Encoder: e.family.encoder, Method: e.method,
			Augment: e.augment, Optimizer: e.family.at(rate), Batch: batch, Steps: steps, Seed: trialSeed,
		})
		if errors.Is(err, kit.ErrDiverged) {
			return trial, nil
		}
		if err != nil {
			return trial, err
		}
		train, err := run.Features(data.Train)
		if err != nil {
			return trial, err
		}
		held, err := run.Features(data.Validation)
		if err != nil {
			return trial, err
		}
		// Not by Evaluate, which refuses features that are all the same: where the encoder collapses,
		// the accuracy says so.
		predicted, err := question.KNN.Predict(train, held)
		if err != nil {
			return trial, err
		}
		accuracy, err := metric.Accuracy(held.Labels, predicted)
		trial.HeldOut = 100 * accuracy.Value
		return trial, err
	})
}

// choose tries all rates of a method's family, or reads what an earlier call tried.
func choose(o options, set imageSet, e entry) (rate float64, choice statistics.Choice, err error) {
	var trials []statistics.Trial
	for _, rate := range o.rates(e.family) {
		trial, err := try(o, set, e, rate)
		if err != nil {
			return 0, choice, fmt.Errorf("%s on %s, a trial of rate %.3g: %w", e.method.Name(), set.name, rate, err)
		}
		trials = append(trials, trial)
	}
	if choice, err = statistics.Choose(e.method.Name(), chosenOn, trials); err != nil {
		return 0, choice, err
	}
	for i, rate := range o.rates(e.family) {
		if trials[i].Setting == choice.Chosen {
			return rate, choice, nil
		}
	}
	return 0, choice, fmt.Errorf("no rate of %s is %s", e.method.Name(), choice.Chosen)
}

// trialGrid has a cell for each trial.
func trialGrid(o options, sets []imageSet) launch.Grid {
	g := launch.Grid{Question: "methods", Folder: o.Runs("launch", "methods-trials")}
	for _, set := range sets {
		for _, e := range set.chosen {
			for _, rate := range o.rates(e.family) {
				g.Cells = append(g.Cells, launch.Cell{
					Name: fmt.Sprintf("%s/%s/trials/%s-%g", set.name, e.family.name, e.method.Name(), rate),
					Done: launch.Keeps(trialDir(o, set, e, rate) + ".json"),
					Run: func() error {
						_, err := try(o, set, e, rate)
						return err
					},
				})
			}
		}
	}
	return g
}
