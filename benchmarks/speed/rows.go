package main

import (
	"fmt"

	"sslkit/benchmarks/result"
)

// figure is something that a side measured in a turn.
type figure struct {
	what, unit string
	of         func(measured) (float64, error)
}

func plain(of func(measured) float64) func(measured) (float64, error) {
	return func(m measured) (float64, error) { return of(m), nil }
}

// difference is the median, in milliseconds, of what a later part took more than an earlier one in
// the same round.
func difference(later, earlier []float64) float64 {
	rounds := make([]float64, len(later))
	for i := range later {
		rounds[i] = later[i] - earlier[i]
	}
	return 1e3 * result.Median(rounds)
}

var (
	speed     = figure{"speed", "images/s", measured.imagesPerSecond}
	stepSpeed = figure{"speed by the median step", "images/s", func(m measured) (float64, error) {
		seconds, err := m.counted()
		if err != nil {
			return 0, err
		}
		return batch / result.Median(seconds), nil
	}}
	startToFirst = figure{"start of the process to the first step", "s", plain(func(m measured) float64 { return m.First })}
	firstStep    = figure{"first step", "s", plain(func(m measured) float64 { return m.First })}
	peakMemory   = figure{"peak memory", "MiB", plain(func(m measured) float64 { return m.PeakMiB })}
	parameters   = figure{"parameters", "", plain(func(m measured) float64 { return float64(m.Parameters) })}
	wholeStep    = figure{"step", "ms", plain(func(m measured) float64 { return 1e3 * result.Median(m.Steps) })}
	noViews      = figure{"step without views", "ms", plain(func(m measured) float64 { return difference(m.Profile.Step, m.Profile.Views) })}
)

// stepRate are the operations a second of a step.
func stepRate(m measured) float64 { return m.Profile.FLOPs / result.Median(m.Steps) }

// partFigures are those of a step that is taken apart.
var partFigures = []figure{
	{"speed of the step", "images/s", plain(func(m measured) float64 { return batch / result.Median(m.Steps) })},
	{"operations", "GFLOP/s", plain(func(m measured) float64 { return stepRate(m) / 1e9 })},
	{"matrix product", "GFLOP/s", plain(func(m measured) float64 { return m.ProductFLOPs / 1e9 })},
	{"operations, share of the matrix product's", "%", plain(func(m measured) float64 { return 100 * stepRate(m) / m.ProductFLOPs })},
	firstStep, wholeStep,
	{"input", "ms", plain(func(m measured) float64 { return 1e3 * result.Median(m.Profile.Input) })},
	{"transfer", "ms", plain(func(m measured) float64 { return 1e3 * result.Median(m.Profile.Transfer) })},
	{"views", "ms", plain(func(m measured) float64 { return 1e3 * result.Median(m.Profile.Views) })},
	{"forward and loss", "ms", plain(func(m measured) float64 { return difference(m.Profile.Loss, m.Profile.Views) })},
	{"backward", "ms", plain(func(m measured) float64 { return difference(m.Profile.Gradient, m.Profile.Loss) })},
	{"update", "ms", plain(func(m measured) float64 { return difference(m.Profile.Step, m.Profile.Gradient) })},
	peakMemory,
}

// caseName is the case of a row; side is "" where it is about all sides.
func caseName(do string, s subject, side string) string {
	name := do + "/" + s.name
	if side != "" {
		name += "/" + side
	}
	return name
}

// sideRows are the figures of one side.
func sideRows(name, side string, turns []sides, figures ...figure) ([]result.Row, error) {
	var rows []result.Row
	for _, f := range figures {
		values, err := each(turns, side, f.of)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", name, f.what, err)
		}
		rows = append(rows, row(name, f.what, f.unit, values))
	}
	return rows, nil
}

// ratioRow is how many times a figure of one side another side's is, paired by turn.
func ratioRow(name, what string, turns []sides, above string, aboveOf figure, below string, belowOf figure) (result.Row, error) {
	a, err := each(turns, above, aboveOf.of)
	if err != nil {
		return result.Row{}, fmt.Errorf("%s, %s: %w", name, what, err)
	}
	b, err := each(turns, below, belowOf.of)
	if err != nil {
		return result.Row{}, fmt.Errorf("%s, %s: %w", name, what, err)
	}
	paired, err := ratios(a, b)
	if err != nil {
		return result.Row{}, fmt.Errorf("%s, %s: %w", name, what, err)
	}
	return row(name, what, "×", paired), nil
}

// table of rows under construction, which keeps the first error.
type rowList struct {
	rows []result.Row
	err  error
}

func (l *rowList) add(rows []result.Row, err error) {
	if l.err == nil {
		l.rows, l.err = append(l.rows, rows...), err
	}
}

func (l *rowList) addOne(row result.Row, err error) { l.add([]result.Row{row}, err) }

// rows are those of all turns so far.
func (b *bench) rows() ([]result.Row, error) {
	var list rowList
	for _, s := range compared(b.Quick, b.wide) {
		list.trainings(s, b.turns[doTrain][s.name], b.python != "")
	}
	if b.devices > 1 {
		return list.rows, list.err
	}
	for _, s := range compared(b.Quick, b.wide) {
		list.steps(s, b.turns[doStep][s.name], b.others())
	}
	for _, s := range alone(b.Quick, b.wide) {
		list.add(sideRows(caseName(doParts, s, sslkit), sslkit, b.turns[doParts][s.name], partFigures...))
	}
	return list.rows, list.err
}

// trainings are the rows from the image folder to updated weights.
func (l *rowList) trainings(s subject, turns []sides, peers bool) {
	figures := []figure{speed, stepSpeed, startToFirst, peakMemory, parameters}
	l.add(sideRows(caseName(doTrain, s, sslkit), sslkit, turns, figures...))
	if !peers {
		return
	}
	l.add(sideRows(caseName(doTrain, s, lightly), lightly, turns, figures...))
	name := caseName(doTrain, s, "")
	l.addOne(ratioRow(name, "sslkit's speed over lightly's", turns, sslkit, speed, lightly, speed))
	l.addOne(ratioRow(name, "sslkit's speed over lightly's, by the median step", turns, sslkit, stepSpeed, lightly, stepSpeed))
}

// steps are the rows of the step alone.
func (l *rowList) steps(s subject, turns []sides, others []string) {
	l.add(sideRows(caseName(doStep, s, sslkit), sslkit, turns, wholeStep, noViews, firstStep, peakMemory, parameters))
	name := caseName(doStep, s, "")
	for _, other := range others {
		l.add(sideRows(caseName(doStep, s, other), other, turns, wholeStep, firstStep, peakMemory, parameters))
		l.addOne(ratioRow(name, other+"'s step over sslkit's without views", turns, other, wholeStep, sslkit, noViews))
		l.addOne(ratioRow(name, other+"'s step over sslkit's with views", turns, other, wholeStep, sslkit, wholeStep))
	}
}
