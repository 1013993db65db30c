package main

import (
	"fmt"
	"path/filepath"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/metric"
)

// pretrainDir is the run directory of SimCLR on that many images.
func (s settings) pretrainDir(set imageSet, images int, seed uint64) string {
	return filepath.Join(s.dir, set.name, fmt.Sprintf("simclr-%d-%d", images, seed))
}

// classifierDir is that of a training on labels.
func (s settings) classifierDir(set imageSet, w way, perClass int, seed uint64) string {
	return filepath.Join(s.dir, set.name, fmt.Sprintf("%s-%d-%d", w.name, perClass, seed))
}

// labels are those of a seed, other ones for each; trials have a draw of their own.
func labels(perClass int, seed uint64) data.Subset {
	return data.Subset{PerClass: perClass, Seed: 100 * seed}
}

// pretrain trains SimCLR, or loads it.
func (s settings) pretrain(set imageSet, images int, seed uint64) (*kit.Run, error) {
	return result.Pretrain(s.pretrainDir(set, images, seed), s.simCLR(set, images, seed))
}

// trials are the rates that a way tries with a number of labels: by the accuracy of its classifier
// on a fifth of the training images, whose labels it does not see. They are as long as what is
// compared.
func (s settings) trials(set imageSet, w way, perClass int) (question.Trials, error) {
	t := question.Trials{On: "accuracy on a held-out fifth of the training images", HeldOut: heldOutAccuracy}
	t.Side, t.Dir = s.trialsAt(set, w, perClass)
	source := data.SetAside{From: set.source(question.TrialSeed), Fraction: .2, Seed: question.TrialSeed}
	for _, rate := range rates {
		recipe, err := s.recipe(w, set, source, data.Subset{PerClass: perClass, Seed: 1}, question.TrialSeed, rate,
			w.weights(s.pretrainDir(set, set.images, question.TrialSeed)))
		if err != nil {
			return t, fmt.Errorf("the trials of %s: %w", t.Side, err)
		}
		t.Settings = append(t.Settings, question.Setting{Name: fmt.Sprintf("rate %.3g", rate), Recipe: recipe})
	}
	return t, nil
}

// trialsAt are the name of what is tried, and where its trials are kept.
func (s settings) trialsAt(set imageSet, w way, perClass int) (side, dir string) {
	return fmt.Sprintf("%s/%s/%d-per-class", w.name, set.name, perClass),
		filepath.Join(s.dir, set.name, fmt.Sprintf("%s-%d-trials", w.name, perClass))
}

// heldOutAccuracy is that of a run's classifier on its validation images, in percent.
func heldOutAccuracy(run *kit.Run) (float64, error) {
	logits, err := run.Embeddings(data.Validation)
	if err != nil {
		return 0, err
	}
	accuracy, err := metric.Accuracy(logits.Labels, logits.ArgMax())
	return 100 * accuracy.Value, err
}

// train trains a way on the labels of a seed at the rate that it chose, or loads it.
func (s settings) train(set imageSet, w way, perClass int, seed uint64) (*kit.Run, *statistics.Choice, error) {
	trials, err := s.trials(set, w, perClass)
	if err != nil {
		return nil, nil, err
	}
	best, choice, err := trials.Choose()
	if err != nil {
		return nil, nil, err
	}
	recipe, err := s.recipe(w, set, set.source(seed), labels(perClass, seed), seed, rates[best], w.weights(s.pretrainDir(set, set.images, seed)))
	if err != nil {
		return nil, nil, err
	}
	run, err := result.Pretrain(s.classifierDir(set, w, perClass, seed), recipe)
	return run, &choice, err
}

// measured is what one classifier gave, in percent.
type measured struct {
	Accuracy float64 `json:"accuracy"`
	Balanced float64 `json:"balanced"` // Mean accuracy of the classes.
}

// add adds what a way gives with the labels of a seed to the tally; images are those that SimCLR
// saw.
func (s settings) add(tally *result.Tally, set imageSet, name string, w way, images, perClass int, seed uint64) error {
	pretrained, err := s.pretrain(set, images, seed)
	if err != nil {
		return err
	}
	run, by, choice := pretrained, result.Measure{Classifier: true}, (*statistics.Choice)(nil)
	if w.probe != nil {
		by = *w.probe
		by.PerClass = perClass
	} else if run, choice, err = s.train(set, w, perClass, seed); err != nil {
		return err
	}
	draw := labels(perClass, seed).Seed
	path := filepath.Join(s.dir, set.name, fmt.Sprintf("%s-%d-%d-%d.json", w.name, images, perClass, seed))
	got, err := result.Kept(path, func() (m measured, err error) {
		if m.Accuracy, err = by.Of(run, draw); err != nil {
			return m, err
		}
		balanced := by
		balanced.Balanced = true
		m.Balanced, err = balanced.Of(run, draw)
		return m, err
	})
	if err != nil {
		return err
	}
	v := result.Value{
		Case: fmt.Sprintf("%s/%s/%d-per-class", name, set.name, perClass), Unit: "%", Data: set.name, Of: run, Measure: &by, Choice: choice,
		Begun: by.Begun || by.Pixels, Metric: "accuracy", Run: statistics.Run{Seed: seed, Draw: draw, Value: got.Accuracy},
	}
	if w.start && w.probe == nil {
		v.Start = pretrained
	}
	tally.Add(v)
	balanced := by
	balanced.Balanced = true
	v.Metric, v.Run.Value, v.Measure = "balanced accuracy", got.Balanced, &balanced
	tally.Add(v)
	return nil
}
