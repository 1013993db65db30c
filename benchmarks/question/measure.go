package question

import (
	"fmt"

	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/eval"
)

// Features gives the features of a split, as Run.Features does.
type Features = func(data.Split) (eval.Features, error)

// The measures that questions share, so that their figures may be compared.
var (
	KNN    = eval.KNN{K: 20, Temperature: .1}
	Linear = eval.Linear{L2: []float64{1e-3}, MaxIterations: 100}
)

// TrainAndTest are the features of both splits.
func TrainAndTest(of Features) (train, test eval.Features, err error) {
	if train, err = of(data.Train); err != nil {
		return train, test, fmt.Errorf("features of training images: %w", err)
	}
	if test, err = of(data.Test); err != nil {
		return train, test, fmt.Errorf("features of test images: %w", err)
	}
	return train, test, nil
}

// Evaluate judges features on the test images, with all training labels.
func Evaluate(probe eval.Probe, of Features) (eval.Result, error) {
	train, test, err := TrainAndTest(of)
	if err != nil {
		return eval.Result{}, err
	}
	return probe.Evaluate(train, test)
}

// KNNRow is the row of KNN's accuracy, which is printed too.
func KNNRow(name string, of Features, seed uint64) (result.Row, error) {
	measured, err := Evaluate(KNN, of)
	if err != nil {
		return result.Row{}, fmt.Errorf("k-NN of %s: %w", name, err)
	}
	fmt.Printf("%s: %s\n", name, measured)
	return result.Accuracy(name, measured, seed), nil
}
