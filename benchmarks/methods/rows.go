package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/plots"
)

// What the rows of a case tell.
const (
	knnAccuracy    = "k-NN accuracy"
	linearAccuracy = "linear probe accuracy"
	overRandom     = ", less that of its random encoder" // Behind the metric.
)

// setRows are those of one set: the random encoder of each family before the first method that
// trains it, and of each method also what it is above that encoder, seed by seed. It is an error where one method was tried with more
// rates than another.
func setRows(set string, chosen []entry, trained [][]measurement, untrained map[string][]measurement) ([]result.Row, error) {
	var rows []result.Row
	var choices []statistics.Choice
	shown := map[string]bool{}
	for i, e := range chosen {
		random, err := overSeeds("random/"+set+"/"+e.family.name, untrained[e.family.name])
		if err != nil {
			return nil, err
		}
		if !shown[e.family.name] { // What the first of the family began with.
			shown[e.family.name] = true
			if err := result.Case(random, set, trainingsOf(trained[i])); err != nil {
				return nil, err
			}
			random[0].Cost = nil
			for k := range random {
				random[k].Untrained, random[k].Measure.Begun = true, true
			}
			rows = append(rows, random...)
		}
		found, err := overSeeds(e.method.Name()+"/"+set+"/"+e.family.name, trained[i])
		if err != nil {
			return nil, err
		}
		measured := len(found)
		for k, row := range found[:measured] {
			paired, err := statistics.Difference(row.Runs, random[k].Runs)
			if err != nil {
				return nil, fmt.Errorf("%s beside its random encoder: %w", row.Case, err)
			}
			less, err := result.OverRuns(row.Case, row.Metric+overRandom, "points", paired)
			if err != nil {
				return nil, err
			}
			less.Measure = row.Measure.LessBegun()
			found = append(found, less)
		}
		if err := result.Case(found, set, trainingsOf(trained[i])); err != nil {
			return nil, err
		}
		found[0].Detail, found[0].Choice = lossDetail(trained[i]), &trained[i][0].choice
		rows = append(rows, found...)
		choices = append(choices, trained[i][0].choice)
	}
	return rows, statistics.CheckFair(choices...)
}

// verdicts says which methods' k-NN accuracy is above that of the random encoder of their family, which
// is not told from it, and which is below, by the interval of the difference, paired by seed.
func verdicts(set string, rows []result.Row) string {
	said := map[string][]string{}
	for _, r := range rows {
		if r.Metric == knnAccuracy+overRandom {
			method, _, _ := strings.Cut(r.Case, "/")
			verdict := statistics.Mean{Low: r.Low, High: r.High}.Verdict()
			said[verdict] = append(said[verdict], method)
		}
	}
	if said["not known"] != nil {
		return fmt.Sprintf("On %s there is one seed so far, and no interval.", set)
	}
	return fmt.Sprintf("On %s, the k-NN accuracy less that of the same random encoder, paired by seed, is above 0 for %s; not told from 0 "+
		"for %s; below 0 for %s.", set, statistics.Listed(said["above"]), statistics.Listed(said["equal"]), statistics.Listed(said["below"]))
}

// lossDetail tells how far the loss fell: for a pretext task with k answers, chance is ln k.
func lossDetail(runs []measurement) string {
	var first, last float64
	for _, r := range runs {
		span := min(50, len(r.losses))
		first += stat.Mean(r.losses[:span], nil) / float64(len(runs))
		last += stat.Mean(r.losses[len(r.losses)-span:], nil) / float64(len(runs))
	}
	return fmt.Sprintf("mean loss of the first 50 steps %.3f, of the last 50 %.3f", first, last)
}

// overSeeds are two rows, k-NN and linear, each the mean over the runs, of seeds from 1 on, with its
// interval.
func overSeeds(name string, runs []measurement) ([]result.Row, error) {
	var knn, linear []statistics.Run
	for i, r := range runs {
		seed := uint64(i + 1)
		knn, linear = append(knn, statistics.Run{Seed: seed, Value: r.KNN}), append(linear, statistics.Run{Seed: seed, Value: r.Linear})
	}
	var rows []result.Row
	for _, m := range []struct {
		metric  string
		runs    []statistics.Run
		measure result.Measure
	}{{knnAccuracy, knn, result.Measure{KNN: &question.KNN}}, {linearAccuracy, linear, result.Measure{Linear: &question.Linear}}} {
		row, err := result.OverRuns(name, m.metric, "%", m.runs)
		if err != nil {
			return nil, err
		}
		row.Measure = &m.measure
		rows = append(rows, row)
	}
	return rows, nil
}

// trainingsOf are those of the runs.
func trainingsOf(runs []measurement) []result.Training {
	trainings := make([]result.Training, len(runs))
	for i, r := range runs {
		trainings[i] = *r.Training
	}
	return trainings
}

// draw draws the k-NN accuracies of one set into a file, the best first.
func draw(file, set string, rows []result.Row) error {
	var bars []plots.Bar
	for _, r := range rows {
		if r.Metric == knnAccuracy {
			method, setting, _ := strings.Cut(r.Case, "/")
			_, network, _ := strings.Cut(setting, "/")
			network, _, _ = strings.Cut(network, "-")
			bars = append(bars, plots.Bar{
				Name: method + ", " + network, Value: r.Value, Low: r.Low, High: r.High, Highlight: method != "random",
			})
		}
	}
	if len(bars) == 0 {
		return nil
	}
	slices.SortStableFunc(bars, func(a, b plots.Bar) int { return cmp.Compare(b.Value, a.Value) })
	figure, err := plots.Bars("Methods under one small budget, "+set, "k-NN accuracy (%)", bars...)
	if err != nil {
		return err
	}
	return figure.Save(file)
}
