package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"sslkit/benchmarks/result"
	"sslkit/plots"
)

// setRows are those of one set: the random encoder of each family before the first method that
// trains it.
func setRows(set string, chosen []entry, trained [][]measurement, untrained map[string][]measurement) ([]result.Row, error) {
	var rows []result.Row
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

// notClear says which methods' k-NN accuracy is not clear of the random encoder's of their family:
// their intervals touch, or it is below.
func notClear(set string, rows []result.Row) string {
	random := map[string]result.Row{} // By the name of the family.
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
	if slices.ContainsFunc(rows, func(r result.Row) bool { return r.N < 2 }) {
		return fmt.Sprintf("On %s there is one seed so far, and no interval.", set)
	}
	if len(names) == 0 {
		return fmt.Sprintf("On %s, the k-NN accuracy of every method is above its random encoder's, with intervals apart.", set)
	}
	return fmt.Sprintf("On %s, the k-NN accuracy of every method is above its random encoder's, with intervals apart, but for %s.",
		set, strings.Join(names, ", "))
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

// overSeeds are two rows, k-NN and linear, each the mean over the runs with its interval.
func overSeeds(name string, runs []measurement) ([]result.Row, error) {
	var knn, linear []float64
	for _, r := range runs {
		knn, linear = append(knn, r.KNN), append(linear, r.Linear)
	}
	var rows []result.Row
	for _, m := range []struct {
		metric string
		values []float64
	}{{"k-NN accuracy", knn}, {"linear probe accuracy", linear}} {
		row, err := result.Mean(name, m.metric, "%", m.values)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// meanCost is the mean of what the runs took.
func meanCost(runs []measurement) *result.Cost {
	costs := make([]*result.Cost, len(runs))
	for i, r := range runs {
		costs[i] = r.Cost
	}
	return result.MeanCost(costs)
}

// draw draws the k-NN accuracies of one set into a file, the best first.
func draw(file, set string, rows []result.Row) error {
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
	slices.SortStableFunc(bars, func(a, b plots.Bar) int { return cmp.Compare(b.Value, a.Value) })
	figure, err := plots.Bars("Methods under one small budget, "+set, "k-NN accuracy (%)", bars...)
	if err != nil {
		return err
	}
	return figure.Save(file)
}
