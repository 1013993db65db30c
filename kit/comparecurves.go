package kit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sslkit/kit/metric"
	"sslkit/kit/rundir"
	"sslkit/plots"
)

// CurveAxis is what CompareCurves draws against.
type CurveAxis int

// The axes of CompareCurves.
const (
	AgainstSteps   CurveAxis = iota
	AgainstImages            // Images seen, each in all views of the method.
	AgainstMinutes           // Of training, over all processes, compilation included.
)

// label names the axis.
func (a CurveAxis) label() string { return []string{"step", "images seen", "minutes of training"}[a] }

// at is where a line of a run's metrics stands on the axis.
func (a CurveAxis) at(m rundir.Metrics, batch int) float64 {
	return []float64{float64(m.Step), float64(m.Step) * float64(batch), m.Seconds / 60}[a]
}

// curvePoints is the most points of a line of CompareCurves: a scalar that has more is averaged over
// as many steps as it takes.
const curvePoints = 150

// CompareCurves draws a scalar of several runs, such as rundir.Loss, rundir.RankMe or
// rundir.ProbeKNN, in one figure. The legend says in what the runs differ. Runs that differ in
// nothing but their seed are one line: their mean with its 95 % interval over seeds (Student's t), at
// the steps that all of them have reported. A scalar that every step reports, such as the loss, is
// averaged over steps, at most 150 points a line, and its axis says over how many.
//
//	figure, err := kit.CompareCurves(rundir.ProbeKNN, kit.AgainstMinutes, table.Runs()...)
//	err = plots.Show(figure)
//
// It is an error where there are no runs, where two are of the same recipe with the same seed, where
// metrics are damaged, or where a run has none of that scalar: the error names it.
func CompareCurves(of rundir.Scalar, against CurveAxis, runs ...*Run) (*plots.Figure, error) {
	fail := func(err error) (*plots.Figure, error) { return nil, fmt.Errorf("kit.CompareCurves: %w", err) }
	if against < AgainstSteps || against > AgainstMinutes {
		return fail(fmt.Errorf("the axis is %d; it must be kit.AgainstSteps, AgainstImages or AgainstMinutes", against))
	}
	groups, names, err := groupBySeed(runs)
	if err != nil {
		return fail(err)
	}
	window, curves := 1, make([][]curve, len(groups))
	for i, group := range groups {
		for _, run := range group {
			c, err := curveOf(run, of, against)
			if err != nil {
				return fail(err)
			}
			window, curves[i] = max(window, (len(c)+curvePoints-1)/curvePoints), append(curves[i], c)
		}
	}
	var lines []plots.Line
	for i, group := range curves {
		line, err := meanCurve(group, window)
		if err != nil {
			return fail(fmt.Errorf("the runs %s: %w", names[i], err))
		}
		line.Name = names[i]
		lines = append(lines, line)
	}
	label := of.Label
	if window > 1 {
		label += fmt.Sprintf(" (means of %d)", window)
	}
	figure, err := plots.Curve(of.Label+" of runs", against.label(), label, lines...)
	if err != nil {
		return fail(err)
	}
	return figure, nil
}

// curve is a scalar of one run.
type curve []struct {
	step int
	x, y float64
}

// curveOf reads that of a run.
func curveOf(run *Run, of rundir.Scalar, against CurveAxis) (curve, error) {
	all, err := run.Metrics()
	if err != nil {
		return nil, err
	}
	var c curve
	for _, m := range all {
		if y, ok := of.Of(m); ok {
			c = append(c, struct {
				step int
				x, y float64
			}{m.Step, against.at(m, run.Recipe.Batch), y})
		}
	}
	if len(c) == 0 {
		return nil, fmt.Errorf("the run in %s has reported no %s", run.Dir, of.Name)
	}
	return c, nil
}

// averaged is the curve with the means of so many points in a row; what is left at its end is a
// point of its own.
func (c curve) averaged(window int) curve {
	var out curve
	for part := range slices.Chunk(c, window) {
		mean := part[len(part)-1] // Whose step tells parts of equal runs apart.
		mean.x, mean.y = 0, 0
		for _, point := range part {
			mean.x += point.x / float64(len(part))
			mean.y += point.y / float64(len(part))
		}
		out = append(out, mean)
	}
	return out
}

// meanCurve is the mean of runs that differ in their seed, with its interval where there are several.
func meanCurve(group []curve, window int) (plots.Line, error) {
	atStep := map[int][][2]float64{}
	for _, c := range group {
		for _, point := range c.averaged(window) {
			atStep[point.step] = append(atStep[point.step], [2]float64{point.x, point.y})
		}
	}
	var line plots.Line
	for _, step := range slices.Sorted(maps.Keys(atStep)) {
		points := atStep[step]
		if len(points) < len(group) {
			continue
		}
		x, y := 0., make([]float64, len(points))
		for i, point := range points {
			x += point[0] / float64(len(points))
			y[i] = point[1]
		}
		interval, err := metric.MeanInterval(y)
		if err != nil {
			return line, err
		}
		line.X, line.Y = append(line.X, x), append(line.Y, interval.Value)
		line.Low, line.High = append(line.Low, interval.Low), append(line.High, interval.High)
	}
	if len(group) == 1 {
		line.Low, line.High = nil, nil
	}
	if len(line.X) == 0 {
		return line, fmt.Errorf("they have reported it at no step in common")
	}
	return line, nil
}

// groupBySeed puts runs that differ in nothing but their seed together, in the order of the first of
// each, and names each group by the settings that the others have otherwise.
func groupBySeed(runs []*Run) (groups [][]*Run, names []string, err error) {
	if len(runs) == 0 {
		return nil, nil, fmt.Errorf("there are no runs")
	}
	var settings []map[string]leaf
	for _, run := range runs {
		if err := run.check(); err != nil {
			return nil, nil, err
		}
		encoded, err := run.Recipe.encode()
		if err != nil {
			return nil, nil, err
		}
		own, err := settingsOf(encoded)
		if err != nil {
			return nil, nil, err
		}
		delete(own, "Seed")
		at := slices.IndexFunc(settings, func(other map[string]leaf) bool { return maps.Equal(own, other) })
		if at < 0 {
			at, groups, settings = len(groups), append(groups, nil), append(settings, own)
		}
		for _, other := range groups[at] {
			if other.Recipe.Seed == run.Recipe.Seed {
				return nil, nil, fmt.Errorf("the runs in %s and %s have the same settings and the same seed, %d; give one of them: one run twice is no repetition",
					other.Dir, run.Dir, run.Recipe.Seed)
			}
		}
		groups[at] = append(groups[at], run)
	}
	paths := differing(settings)
	for i, own := range settings {
		var parts []string
		for _, path := range paths {
			if hasField(own, path, settings) {
				parts = append(parts, settingName(path, own))
			}
		}
		name := cmp.Or(strings.Join(parts, ", "), groups[i][0].Recipe.Method.Name())
		if n := len(groups[i]); n > 1 {
			name += fmt.Sprintf(", %d seeds", n)
		}
		names = append(names, name)
	}
	return groups, names, nil
}
