package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"sslkit/kit/metric"
	"sslkit/plots"
)

// methodRows are the rows of one set: the random encoder of each family before the first method that trains it.
func methodRows(set string, chosen []entry, trained [][]methodRun, untrained map[string][]methodRun) ([]row, error) {
	var rows []row
	shown := map[string]bool{}
	for i, e := range chosen {
		if !shown[e.family.name] {
			shown[e.family.name] = true
			random, err := overSeeds("random/"+set+"/"+e.family.name, untrained[e.family.name])
			if err != nil {
				return nil, err
			}
			rows = append(rows, random...)
		}
		found, err := overSeeds(e.method.Name()+"/"+set+"/"+e.family.name, trained[i])
		if err != nil {
			return nil, err
		}
		found[0].Cost, found[0].Recipe, found[0].Detail = meanCost(trained[i]), trained[i][0].recipe, lossDetail(trained[i])
		rows = append(rows, found...)
	}
	return rows, nil
}

// notClear says which methods' k-NN accuracy is not clear of the random encoder's of their family: their intervals touch, or it
// is below.
func notClear(set string, rows []row) string {
	random := map[string]row{} // By the name of the family.
	var names []string
	for _, r := range rows {
		if r.Metric != "k-NN accuracy" {
			continue
		}
		part := strings.Split(r.Case, "/")
		if part[0] == "random" {
			random[part[2]] = r
		} else if r.Low <= random[part[2]].High {
			names = append(names, part[0])
		}
	}
	if slices.ContainsFunc(rows, func(r row) bool { return r.N < 2 }) {
		return fmt.Sprintf("On %s there is one seed so far, and no interval.", set)
	}
	if len(names) == 0 {
		return fmt.Sprintf("On %s, the k-NN accuracy of every method is above its random encoder's, with intervals apart.", set)
	}
	return fmt.Sprintf("On %s, the k-NN accuracy of every method is above its random encoder's, with intervals apart, but for %s.",
		set, strings.Join(names, ", "))
}

// lossDetail tells how far the loss fell: for a pretext task with k answers, chance is ln k.
func lossDetail(runs []methodRun) string {
	var first, last float64
	for _, r := range runs {
		span := min(50, len(r.losses))
		first += stat.Mean(r.losses[:span], nil) / float64(len(runs))
		last += stat.Mean(r.losses[len(r.losses)-span:], nil) / float64(len(runs))
	}
	return fmt.Sprintf("mean loss of the first 50 steps %.3f, of the last 50 %.3f", first, last)
}

// overSeeds are two rows, k-NN and linear, each the mean over the runs with its interval.
func overSeeds(name string, runs []methodRun) ([]row, error) {
	var knn, linear []float64
	for _, r := range runs {
		knn, linear = append(knn, r.KNN), append(linear, r.Linear)
	}
	var rows []row
	for _, m := range []struct {
		metric string
		values []float64
	}{{"k-NN accuracy", knn}, {"linear probe accuracy", linear}} {
		mean, err := metric.MeanInterval(m.values)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{Case: name, Metric: m.metric, Value: mean.Value, Low: mean.Low, High: mean.High, Unit: "%", N: mean.N, Seed: 1})
	}
	return rows, nil
}

// meanCost is the mean of what the runs took.
func meanCost(runs []methodRun) *cost {
	var sum cost
	n := float64(len(runs))
	for _, r := range runs {
		sum.ImagesSeen = r.Cost.ImagesSeen
		sum.Seconds += r.Cost.Seconds / n
		sum.ImagesPerSecond += r.Cost.ImagesPerSecond / n
		sum.PeakMemoryGiB += r.Cost.PeakMemoryGiB / n
	}
	return &sum
}

// drawMethods draws the k-NN accuracies of one set, the best first.
func drawMethods(o options, set string, rows []row) error {
	var bars []plots.Bar
	for _, r := range rows {
		if r.Metric == "k-NN accuracy" {
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
	slices.SortStableFunc(bars, func(a, b plots.Bar) int {
		if a.Value > b.Value {
			return -1
		}
		return 1
	})
	figure, err := plots.Bars("Methods under one small budget, "+set, "k-NN accuracy (%)", bars...)
	if err != nil {
		return err
	}
	return figure.Save(filepath.Join(o.results(), "methods-"+set+".png"))
}
