package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/eval"
)

// methodRun is what one encoder gave, in percent, and what its pretraining cost.
type methodRun struct {
	KNN    float64 `json:"knn"`
	Linear float64 `json:"linear"`
	Cost   *cost   `json:"cost,omitempty"`

	recipe json.RawMessage
	losses []float64 // Of every step.
}

// pretrainMethod trains and measures one seed, or reads what an earlier call measured of the same recipe.
func pretrainMethod(o options, set methodsSet, e entry, seed uint64) (methodRun, error) {
	dir := filepath.Join(o.runs, "methods", set.name, e.family.name, fmt.Sprintf("%s-%d", e.method.Name(), seed))
	resetPeakMemory()
	run, err := kit.Pretrain(dir, kit.Recipe{
		Data: set.data, Encoder: e.family.encoder, Method: e.method, Optimizer: e.family.optimizer,
		Batch: methodsBatch, Steps: set.images / methodsBatch, Seed: seed,
	})
	if err != nil {
		return methodRun{}, err
	}
	measured, err := remembered(filepath.Join(dir, "measured.json"), func() (methodRun, error) {
		measured, err := measureFeatures(run.Features)
		if err != nil {
			return methodRun{}, err
		}
		seconds, err := run.Seconds()
		if err != nil {
			return methodRun{}, err
		}
		seen := run.Recipe.Steps * run.Recipe.Batch
		measured.Cost = &cost{ImagesSeen: seen, Seconds: seconds, ImagesPerSecond: float64(seen) / seconds, PeakMemoryGiB: peakMemoryGiB()}
		return measured, nil
	})
	if err != nil {
		return methodRun{}, err
	}
	steps, err := run.Metrics()
	if err != nil {
		return methodRun{}, err
	}
	for _, step := range steps[1:] { // The first is a look before training.
		measured.losses = append(measured.losses, step.Loss)
	}
	measured.recipe, err = os.ReadFile(filepath.Join(dir, "recipe.json"))
	return measured, err
}

// measureRandom measures the encoder that a run of this family began with.
func measureRandom(o options, set methodsSet, e entry, seed uint64) (methodRun, error) {
	dir := filepath.Join(o.runs, "methods", set.name, e.family.name)
	return remembered(filepath.Join(dir, fmt.Sprintf("random-%d.json", seed)), func() (methodRun, error) {
		return measureFeatures((&kit.Run{
			Dir:    filepath.Join(dir, fmt.Sprintf("%s-%d", e.method.Name(), seed)),
			Recipe: kit.Recipe{Data: set.data, Encoder: e.family.encoder, Method: e.method},
		}).InitialFeatures)
	})
}

// remembered is what is written at path, or else what measure gives, which is written there.
func remembered[T any](path string, measure func() (T, error)) (measured T, err error) {
	encoded, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(encoded, &measured); err != nil {
			return measured, fmt.Errorf("reading %s: %w", path, err)
		}
		return measured, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return measured, err
	}
	if measured, err = measure(); err != nil {
		return measured, err
	}
	if encoded, err = json.MarshalIndent(measured, "", "  "); err != nil {
		return measured, err
	}
	return measured, os.WriteFile(path, append(encoded, '\n'), 0o644)
}

// measureFeatures evaluates representations by k-NN and a linear probe.
func measureFeatures(features func(data.Split) (eval.Features, error)) (methodRun, error) {
	train, err := features(data.Train)
	if err != nil {
		return methodRun{}, err
	}
	test, err := features(data.Test)
	if err != nil {
		return methodRun{}, err
	}
	knn, err := eval.KNN{K: 20, Temperature: .1}.Evaluate(train, test)
	if err != nil {
		return methodRun{}, err
	}
	linear, err := eval.Linear{L2: []float64{1e-3}, MaxIterations: 100}.Evaluate(train, test)
	if err != nil {
		return methodRun{}, err
	}
	return methodRun{KNN: 100 * knn.Value, Linear: 100 * linear.Value}, nil
}
