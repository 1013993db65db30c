package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/compress"
	"sslkit/plots"
)

// What the rows tell.
const (
	knnAccuracy = "k-NN accuracy"
	ofTeachers  = "k-NN accuracy, of the teacher's"
	before      = "k-NN accuracy before training"
	lessAlone   = ", less that of SimCLR alone"
)

// report measures what the runs are worth and writes the result.
func (s settings) report(o options) error {
	var tally result.Tally
	var candidates []compress.Candidate
	var dirs []string
	ways := s.ways()
	for seed := uint64(1); seed <= uint64(o.seeds); seed++ {
		var teacher *kit.Run
		var best float64
		for _, w := range ways {
			run, choice, err := s.train(w, seed)
			if err != nil {
				return err
			}
			dirs = append(dirs, run.Dir)
			v := result.Value{Case: w.of, Metric: knnAccuracy, Unit: "%", Data: "shapes", Of: run, Choice: choice,
				Run: statistics.Run{Seed: seed}, Measure: &result.Measure{KNN: &question.KNN}}
			if !w.alone {
				v.Start = teacher
			}
			if v.Run.Value, err = v.Measure.Of(run, 0); err != nil {
				return err
			}
			tally.Add(v)
			if teacher == nil {
				teacher, best = run, v.Run.Value
			} else {
				share := v
				share.Metric, share.Measure, share.Run.Value = ofTeachers, nil, 100*v.Run.Value/best
				tally.Add(share)
			}
			if w.pruned {
				begun := v
				begun.Metric, begun.Measure = before, &result.Measure{KNN: &question.KNN, Begun: true}
				if begun.Run.Value, err = begun.Measure.Of(run, 0); err != nil {
					return err
				}
				tally.Add(begun)
			}
			if seed == 1 {
				c, err := candidate(w.of, run)
				if err != nil {
					return err
				}
				candidates = append(candidates, c)
			}
		}
	}
	if err := tally.Less(ways[1].of, ways[2].of, knnAccuracy, lessAlone); err != nil {
		return err
	}
	return s.write(o, tally, candidates, dirs)
}

// write writes the result, with what the candidates, those of the first seed, take.
func (s settings) write(o options, tally result.Tally, candidates []compress.Candidate, dirs []string) error {
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
	rows, err := tally.Rows()
	if err != nil {
		return err
	}
	out := result.New("compress", protocol)
	images, err := o.Describe("shapes", s.data)
	if err != nil {
		return err
	}
	out.Data = []result.Data{images}
	out.Notes = []string{fmt.Sprintf("The teacher saw %d images in two views each, in batches of %d; students %d, what was "+
		"pruned %d a round. Seeds: %d. Multiply-adds count zeros.",
		s.teacherSteps*s.batch, s.batch, s.studentSteps*s.batch, s.tuned*s.batch, o.seeds),
		"Of the first seed, with the 95 % interval of how many times quicker it is than the teacher:\n\n" + table.String()}
	var points []point
	for i, c := range candidates {
		var first result.Row
		for _, r := range rows {
			if r.Case != c.Name {
				continue
			}
			if r.Recipe != nil {
				first = r
			}
			out.Rows = append(out.Rows, r)
		}
		for _, r := range sizeRows(table, i) {
			r.Data, r.Commit, r.Seed, r.Runs = first.Data, first.Commit, 1, []statistics.Run{{Seed: 1, Value: r.Value}}
			out.Rows = append(out.Rows, r)
		}
		name, _, _ := strings.Cut(c.Name, "/")
		if i == 0 {
			name = "teacher"
		}
		points = append(points, point{name, 1e6 * table.Rows[i].Latency[1].Seconds.Median, first})
	}
	if err := out.TellRuns(dirs); err != nil {
		return err
	}
	if err := out.Write(o.Results()); err != nil {
		return err
	}
	return draw(points, filepath.Join(o.Results(), "compress.png"))
}

// candidate is a run as compress.Compare takes it.
func candidate(name string, run *kit.Run) (compress.Candidate, error) {
	c := compress.Candidate{Name: name, Encoder: run.Recipe.Encoder, Weights: filepath.Join(run.Dir, "encoder.safetensors")}
	var err error
	c.Train, c.Test, err = question.TrainAndTest(run.Features)
	return c, err
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
