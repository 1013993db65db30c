package main

import (
	"errors"
	"fmt"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
)

const (
	knnAccuracy = "k-NN accuracy"
	lessLightly = "sslkit's k-NN accuracy less lightly's"
)

// setting is that of the rows' cases: images and encoder.
func (o options) setting() string {
	if o.real {
		return o.imagesName() + "/resnet18-w16"
	}
	return o.imagesName() + "/resnet18-w16-half"
}

// imagesName is that of the images.
func (o options) imagesName() string {
	if o.train == 0 {
		return "cifar10"
	}
	return fmt.Sprintf("cifar10-%d", o.train)
}

// result is what all seeds gave so far.
func (o options) result(source data.Source, sides []side) (result.Result, error) {
	images := o.imagesName()
	recipe := sides[0].here[0].run.Recipe
	out := result.New(o.name(), fmt.Sprintf("CIFAR-10, %d steps of %d images, here and with lightly's heads, losses and momentum updates on "+
		"PyTorch. Both sides read images, encoder, views, optimiser and schedule from the same files, and take turns on the same cores; "+
		"initial weights, order and views are drawn anew for each seed on either side. Each side gets the best of as many learning "+
		"rates for each method, by %s, after a fifth of the steps with seed 1. Then k-NN (k = 20, cosine, temperature 0.1) on frozen "+
		"features of the test images, whole, with all training labels, after the last step. Values are means over the seeds, "+
		"intervals Student's t over them, and differences are seed by seed.", recipe.Steps, batch, question.HeldOutImages))
	described, err := o.Describe(images, source)
	if err != nil {
		return out, err
	}
	out.Data, out.Peer = []result.Data{described}, sides[0].versions
	out.Notes = []string{"Seconds are of training: here with compilation, monitors and checkpoints, there with the start of the " +
		"processes that make the views; its memory is without theirs. An image counts once a step, for its two views. FLOPs of both are those of the graph here."}
	var tally result.Tally
	for i, s := range sides {
		for k, h := range s.here {
			name, seed := s.method.Name()+"/"+o.setting()+"/sslkit", uint64(k+1)
			if i == 0 {
				tally.Add(result.Value{Case: "random/" + o.setting() + "/sslkit", Metric: knnAccuracy, Unit: "%", Data: images,
					Run: statistics.Run{Seed: seed, Value: h.begun}, Of: h.run, Begun: true, Measure: &result.Measure{KNN: &question.KNN, Begun: true}})
			}
			tally.Add(result.Value{Case: name, Metric: knnAccuracy, Unit: "%", Data: images, Run: statistics.Run{Seed: seed, Value: h.knn},
				Of: h.run, Measure: &result.Measure{KNN: &question.KNN}, Choice: &s.choices[0], Detail: h.losses})
		}
	}
	if out.Rows, err = tally.Rows(); err != nil {
		return out, err
	}
	for _, s := range sides {
		if err := statistics.CheckFair(s.choices[:]...); err != nil {
			return out, err
		}
		rows, verdict, err := s.lightlyRows(o.setting(), images)
		if err != nil {
			return out, err
		}
		out.Rows, out.Notes = append(out.Rows, rows...), append(out.Notes, verdict)
	}
	return out, nil
}

// lightlyRows are those of the other side, and how both sides differ.
func (s side) lightlyRows(setting, images string) ([]result.Row, string, error) {
	var here, there []statistics.Run
	trainings, ours := make([]result.Training, len(s.there)), make([]result.Training, len(s.here))
	for i, t := range s.there {
		ours[i] = s.here[i].training
		here = append(here, statistics.Run{Seed: uint64(i + 1), Value: s.here[i].knn})
		there, trainings[i] = append(there, statistics.Run{Seed: uint64(i + 1), Value: t.knn}), t.training
	}
	name := s.method.Name() + "/" + setting + "/lightly"
	accuracy, err := result.OverRuns(name, knnAccuracy, "%", there)
	if err != nil {
		return nil, "", err
	}
	paired, err := statistics.Difference(here, there)
	if err != nil {
		return nil, "", err
	}
	less, err := result.OverRuns(s.method.Name()+"/"+setting, lessLightly, "points", paired)
	if err != nil {
		return nil, "", err
	}
	theirs, both := []result.Row{accuracy}, []result.Row{less}
	if err := errors.Join(result.Case(theirs, images, trainings), result.Case(both, images, ours)); err != nil {
		return nil, "", err
	}
	theirs[0].Choice, theirs[0].Detail = &s.choices[1], s.there[0].losses
	return append(theirs, both...), s.method.Name() + ": " + lessLightly + " is " + map[string]string{"above": "above 0.", "below": "below 0.",
		"equal": "not told from 0.", "not known": "of one seed, without an interval."}[statistics.Mean{Low: less.Low, High: less.High}.Verdict()], nil
}
