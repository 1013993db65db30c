package main

import (
	"fmt"
	"path/filepath"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/kit"
)

// measurement is what one encoder gave, in percent, and what its pretraining cost.
type measurement struct {
	KNN      float64          `json:"knn"`
	Linear   float64          `json:"linear"`
	Training *result.Training `json:"training,omitempty"` // nil of a random encoder.
	// Cost is what an earlier version kept in place of Training.
	Cost *result.Cost `json:"cost,omitempty"`

	choice statistics.Choice
	losses []float64 // Of every step.
}

// measuredFile is that of the measurement in a run directory.
const measuredFile = "measured.json"

// runDir is the run directory of a method with a seed.
func runDir(o options, set imageSet, e entry, seed uint64) string {
	return o.Runs("methods", set.name, e.family.name, fmt.Sprintf("%s-%d", e.method.Name(), seed))
}

// randomFile is the measurement of the random encoder of a family.
func randomFile(o options, set imageSet, e entry, seed uint64) string {
	return o.Runs("methods", set.name, e.family.name, fmt.Sprintf("random-%d.json", seed))
}

// pretrain trains and measures one seed, or reads what an earlier call measured of the same recipe.
func pretrain(o options, set imageSet, e entry, seed uint64) (measurement, error) {
	dir := runDir(o, set, e, seed)
	rate, choice, err := choose(o, set, e)
	if err != nil {
		return measurement{}, err
	}
	run, err := result.Pretrain(dir, kit.Recipe{
		Data: set.data, Encoder: e.family.encoder, Method: e.method, Augment: e.augment, Optimizer: e.family.at(rate),
		Batch: batch, Steps: set.images / batch, Seed: seed,
	})
	if err != nil {
		return measurement{}, err
	}
	measured, err := result.Kept(filepath.Join(dir, measuredFile), func() (measurement, error) {
		measured, err := measureFeatures(run.Features)
		if err != nil {
			return measurement{}, err
		}
		training, err := result.TrainingOf(run, nil)
		measured.Training = &training
		return measured, err
	})
	if err != nil {
		return measurement{}, err
	}
	steps, err := run.Metrics()
	if err != nil {
		return measurement{}, err
	}
	for _, step := range steps[1:] { // The first is a look before training.
		measured.losses = append(measured.losses, step.Loss)
	}
	measured.choice = choice
	return measured, measured.complete(run)
}

// complete tells of the training where an earlier version has kept the measurement, with the memory that
// it measured.
func (m *measurement) complete(run *kit.Run) error {
	if m.Training != nil {
		return nil
	}
	training, err := result.TrainingOf(run, nil)
	if m.Cost != nil && training.Cost.PeakMemoryGiB == 0 {
		training.Cost.PeakMemoryGiB = m.Cost.PeakMemoryGiB
	}
	m.Training = &training
	return err
}

// measureRandom measures the encoder that a run of this family began with.
func measureRandom(o options, set imageSet, e entry, seed uint64) (measurement, error) {
	return result.Kept(randomFile(o, set, e, seed), func() (measurement, error) {
		run, err := kit.Open(runDir(o, set, e, seed))
		if err != nil {
			return measurement{}, err
		}
		return measureFeatures(run.InitialFeatures)
	})
}

// measureFeatures evaluates representations by k-NN and a linear probe.
func measureFeatures(of question.Features) (measurement, error) {
	train, test, err := question.TrainAndTest(of)
	if err != nil {
		return measurement{}, err
	}
	knn, err := question.KNN.Evaluate(train, test)
	if err != nil {
		return measurement{}, err
	}
	linear, err := question.Linear.Evaluate(train, test)
	if err != nil {
		return measurement{}, err
	}
	return measurement{KNN: 100 * knn.Value, Linear: 100 * linear.Value}, nil
}
