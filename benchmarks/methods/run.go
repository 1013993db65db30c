package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/kit"
)

// measurement is what one encoder gave, in percent, and what its pretraining cost.
type measurement struct {
	KNN    float64      `json:"knn"`
	Linear float64      `json:"linear"`
	Cost   *result.Cost `json:"cost,omitempty"`

	recipe json.RawMessage
	losses []float64 // Of every step.
}

// pretrain trains and measures one seed, or reads what an earlier call measured of the same recipe.
func pretrain(o options, set imageSet, e entry, seed uint64) (measurement, error) {
	dir := o.Runs("methods", set.name, e.family.name, fmt.Sprintf("%s-%d", e.method.Name(), seed))
	result.ResetPeakMemory()
	run, err := kit.Pretrain(dir, kit.Recipe{
		Data: set.data, Encoder: e.family.encoder, Method: e.method, Augment: e.augment, Optimizer: e.family.optimizer,
		Batch: batch, Steps: set.images / batch, Seed: seed,
	})
	if err != nil {
		return measurement{}, err
	}
	measured, err := result.Kept(filepath.Join(dir, "measured.json"), func() (measurement, error) {
		measured, err := measureFeatures(run.Features)
		if err != nil {
			return measurement{}, err
		}
		measured.Cost, err = result.CostOf(run)
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
	measured.recipe, err = os.ReadFile(filepath.Join(dir, "recipe.json"))
	return measured, err
}

// measureRandom measures the encoder that a run of this family began with.
func measureRandom(o options, set imageSet, e entry, seed uint64) (measurement, error) {
	dir := o.Runs("methods", set.name, e.family.name)
	return result.Kept(filepath.Join(dir, fmt.Sprintf("random-%d.json", seed)), func() (measurement, error) {
		run, err := kit.Open(filepath.Join(dir, fmt.Sprintf("%s-%d", e.method.Name(), seed)))
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
