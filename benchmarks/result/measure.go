package result

import (
	"errors"
	"fmt"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
)

// Measure is how a value, in percent, is measured of a run on the test images. One of KNN, Linear
// and Classifier is given.
type Measure struct {
	KNN    *eval.KNN    `json:"knn,omitempty"`
	Linear *eval.Linear `json:"linear,omitempty"`
	// Classifier is the classifier that the run itself trained.
	Classifier bool `json:"classifier,omitempty"`

	// PerClass are the labels of each class that a probe is given, those that the run's draw
	// chooses; 0: all.
	PerClass int  `json:"per_class,omitempty"`
	Begun    bool `json:"begun,omitempty"`    // Of the encoder that the run began with.
	Pixels   bool `json:"pixels,omitempty"`   // Of the pixels of the run's images.
	Balanced bool `json:"balanced,omitempty"` // The mean accuracy of the classes.
	// Less is what is subtracted; nil where the value is no difference.
	Less *Measure `json:"less,omitempty"`
}

// Of measures a run, with the labels of a draw.
func (m Measure) Of(run *kit.Run, draw uint64) (float64, error) {
	predicted, labels, classes, err := m.predict(run, draw)
	if err != nil {
		return 0, fmt.Errorf("measuring the run in %s: %w", run.Dir, err)
	}
	accuracy, err := metric.Accuracy(labels, predicted)
	value := accuracy.Value
	if err == nil && m.Balanced {
		value, err = metric.BalancedAccuracy(labels, predicted, classes)
	}
	if err != nil || m.Less == nil {
		return 100 * value, err
	}
	less, err := m.Less.Of(run, draw)
	return 100*value - less, err
}

// LessBegun is the difference from the encoder that the run began with.
func (m Measure) LessBegun() *Measure {
	begun := m
	begun.Begun = true
	m.Less = &begun
	return &m
}

// predict are the classes that are predicted of the test images, and those that they have.
func (m Measure) predict(run *kit.Run, draw uint64) (predicted, labels []int, classes int, err error) {
	if m.Classifier {
		logits, err := run.Embeddings(data.Test)
		if err != nil {
			return nil, nil, 0, err
		}
		return logits.ArgMax(), logits.Labels, len(logits.Classes), nil
	}
	of := run.Features
	switch {
	case m.Begun:
		of = run.InitialFeatures
	case m.Pixels:
		of = func(split data.Split) (eval.Features, error) { return kit.PixelFeatures(run.Recipe.Data, split) }
	}
	train, err := of(data.Train)
	if err != nil {
		return nil, nil, 0, err
	}
	test, err := of(data.Test)
	if err != nil {
		return nil, nil, 0, err
	}
	if m.PerClass > 0 {
		if train, err = train.Subset(data.Subset{PerClass: m.PerClass, Seed: draw}); err != nil {
			return nil, nil, 0, err
		}
	}
	var result eval.Result
	switch {
	case m.KNN != nil:
		result, err = m.KNN.Evaluate(train, test)
	case m.Linear != nil:
		result, err = m.Linear.Evaluate(train, test)
	default:
		err = errors.New("it names neither k-NN nor a linear probe nor the run's classifier")
	}
	return result.Predictions, test.Labels, len(test.Classes), err
}
