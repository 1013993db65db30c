package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/compress"
	"sslkit/plots"
)

// report measures what the runs are worth so far and writes the result.
func (s settings) report(o options, teacher *kit.Run, ways []*compressed) error {
	teacherName := "simclr/shapes/" + s.teacher.Name()
	candidates := make([]compress.Candidate, 0, 1+len(ways))
	first, err := candidate(teacherName, teacher)
	if err != nil {
		return err
	}
	candidates = append(candidates, first)
	for _, way := range ways {
		c, err := candidate(way.name, way.runs[0])
		if err != nil {
			return err
		}
		candidates = append(candidates, c)
	}
	set, err := s.data.Open(data.Train)
	if err != nil {
		return err
	}
	height, width := set.Size()
	set.Close()
	table, err := compress.Comparison{Height: height, Width: width, Rounds: s.rounds}.Compare(candidates...)
	if err != nil {
		return err
	}
	fmt.Println(table)

	out := result.New("compress", protocol)
	out.Notes = []string{fmt.Sprintf("The teacher saw %d images in two views each, in batches of %d; students %d, what was "+
		"pruned %d a round. Seeds: %d. Size and latency are of the first seed's weights; multiply-adds count zeros. "+
		"Settings were chosen on the validation images, with one seed: the student's from learning rates of 1, 3 and 6, heads of 1, "+
		"2 and 4 layers (at 1) and a weaker view; that of what lost channels from 0.3, 1 and 3, and what lost weights took it "+
		"over; that of SimCLR alone from 1 and 3.",
		s.teacherSteps*batch, batch, s.studentSteps*batch, s.tuned*batch, len(ways[0].runs)),
		"Of the first seed, with the 95 % interval of how many times quicker it is than the teacher:\n\n" + table.String()}
	accuracy := result.Accuracy(teacherName, *table.Rows[0].Accuracy, teacher.Recipe.Seed)
	accuracy.Metric, accuracy.Detail = "k-NN accuracy", "" // The protocol says it for all rows.
	if accuracy.Cost, err = costOf([]*kit.Run{teacher}); err != nil {
		return err
	}
	out.Rows = append([]result.Row{accuracy}, sizeRows(table, 0)...)
	points := []point{{"teacher", 1e6 * table.Rows[0].Latency[1].Seconds.Median, accuracy}}
	for i, way := range ways {
		rows, err := way.accuracyRows(accuracy.Value)
		if err != nil {
			return err
		}
		out.Rows = append(append(out.Rows, rows...), sizeRows(table, i+1)...)
		name, _, _ := strings.Cut(way.name, "/")
		points = append(points, point{name, 1e6 * table.Rows[i+1].Latency[1].Seconds.Median, rows[0]})
	}
	if err := out.Write(o.Results()); err != nil {
		return err
	}
	return draw(points, filepath.Join(o.Results(), "compress.png"))
}

// accuracyRows are the accuracy of one way over its seeds, its share of the teacher's, and where it
// was pruned that before training.
func (w *compressed) accuracyRows(teacher float64) ([]result.Row, error) {
	var accuracy, share, before []float64
	for _, run := range w.runs {
		knn, err := question.Evaluate(question.KNN, run.Features)
		if err != nil {
			return nil, err
		}
		accuracy, share = append(accuracy, 100*knn.Value), append(share, 100*(100*knn.Value)/teacher)
		if w.pruned {
			if knn, err = question.Evaluate(question.KNN, run.InitialFeatures); err != nil {
				return nil, err
			}
			before = append(before, 100*knn.Value)
		}
	}
	cost, err := costOf(w.runs)
	if err != nil {
		return nil, err
	}
	recipe, err := os.ReadFile(filepath.Join(w.runs[0].Dir, "recipe.json"))
	if err != nil {
		return nil, err
	}
	var rows []result.Row
	for _, m := range []struct {
		metric string
		values []float64
	}{{"k-NN accuracy", accuracy}, {"k-NN accuracy, of the teacher's", share}, {"k-NN accuracy before training", before}} {
		if len(m.values) == 0 {
			continue
		}
		row, err := result.Mean(w.name, m.metric, "%", m.values)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	rows[0].Cost, rows[0].Recipe = cost, recipe
	return rows, nil
}

// sizeRows are what a candidate takes: parameters, multiply-adds, bytes and time, and its shares of
// the first candidate's.
func sizeRows(table compress.Table, i int) []result.Row {
	r, first := table.Rows[i], table.Rows[0]
	exact := func(metric string, value float64, unit string) result.Row {
		return result.Exact(r.Name, metric, value, unit)
	}
	rows := []result.Row{
		exact("parameters", float64(r.Params)/1e3, "thousand"),
		exact("values that are not zero", float64(r.NonZero)/1e3, "thousand"),
		exact("multiply-adds", float64(r.MultiplyAdds)/1e6, "million"),
		exact("file", float64(r.FileBytes)/1e3, "kB"),
		exact("file, compressed by gzip", float64(r.GzipBytes)/1e3, "kB"),
	}
	if i > 0 {
		rows = append(rows, exact("parameters, of the teacher's", 100*float64(r.Params)/float64(first.Params), "%"))
	}
	for _, l := range r.Latency {
		name := fmt.Sprintf("latency, batch %d", l.Batch)
		time := result.Row{
			Case: r.Name, Metric: name, Unit: "µs/image", N: l.Rounds,
			Value: 1e6 * l.Seconds.Median, Low: 1e6 * l.Seconds.Low, High: 1e6 * l.Seconds.High,
			Detail: fmt.Sprintf("quartiles of the measurements %.1f and %.1f µs", 1e6*l.Seconds.Quarter,
				1e6*l.Seconds.ThreeQuarters),
		}
		if rows = append(rows, time); i == 0 {
			continue
		}
		rows = append(rows, result.Row{
			Case: r.Name, Metric: name + ", of the teacher's", Unit: "%", N: l.Rounds,
			Value: 100 / l.Speedup.Median, Low: 100 / l.Speedup.High, High: 100 / l.Speedup.Low,
			Detail: fmt.Sprintf("quartiles of the measurements %.1f and %.1f %%", 100/l.Speedup.ThreeQuarters,
				100/l.Speedup.Quarter),
		})
	}
	return rows
}

// costOf is the mean of what runs took; the memory is not known.
func costOf(runs []*kit.Run) (*result.Cost, error) {
	var mean result.Cost
	for _, run := range runs {
		seconds, err := run.Seconds()
		if err != nil {
			return nil, err
		}
		mean.ImagesSeen = result.ImagesSeen(run)
		mean.Seconds += seconds / float64(len(runs))
	}
	mean.ImagesPerSecond = float64(mean.ImagesSeen) / mean.Seconds
	return &mean, nil
}

// point is one encoder in the figure.
type point struct {
	name         string
	microseconds float64
	accuracy     result.Row
}

// draw draws the accuracy against the latency into a file.
func draw(points []point, file string) error {
	slices.SortStableFunc(points, func(a, b point) int { return cmp.Compare(a.microseconds, b.microseconds) })
	var lines []plots.Line
	for _, p := range points {
		lines = append(lines, plots.Line{ // Upright, over the interval.
			Name: p.name, X: []float64{p.microseconds, p.microseconds, p.microseconds},
			Y: []float64{p.accuracy.Low, p.accuracy.Value, p.accuracy.High},
		})
	}
	figure, err := plots.Curve("What making an encoder smaller costs and buys",
		"latency (µs/image, batch 32)", "k-NN accuracy (%) and 95 % interval", lines...)
	if err != nil {
		return err
	}
	return figure.Save(file)
}
