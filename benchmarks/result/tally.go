package result

import (
	"fmt"
	"strings"

	"sslkit/benchmarks/statistics"
	"sslkit/kit"
)

// Value is what one run gave for a row.
type Value struct {
	Case, Metric, Unit string
	Data               string // As in Row.
	Run                statistics.Run
	// Of is the run that was measured; nil where nothing was trained.
	Of    *kit.Run
	Start *kit.Run // Whose weights it starts from; nil where there is none.
	// Begun tells that the encoder was measured that the run began with.
	Begun   bool
	Measure *Measure           // As in Row.
	Choice  *statistics.Choice // Of the case.
	Detail  string             // Of this run, in words.
}

// Tally collects the values of rows, run by run.
type Tally struct {
	cases  []string
	series map[string][]*series // By case, in the order in which their metrics came.
}

// series are the values of one row.
type series struct {
	first   Value
	runs    []statistics.Run
	of      []Value
	details []string
}

// Add adds what a run gave.
func (t *Tally) Add(v Value) {
	s := t.find(v.Case, v.Metric)
	if s == nil {
		if t.series == nil {
			t.series = map[string][]*series{}
		}
		if t.series[v.Case] == nil {
			t.cases = append(t.cases, v.Case)
		}
		s = &series{first: v}
		t.series[v.Case] = append(t.series[v.Case], s)
	}
	s.runs, s.of = append(s.runs, v.Run), append(s.of, v)
	if v.Detail != "" {
		s.details = append(s.details, fmt.Sprintf("seed %d: %s", v.Run.Seed, v.Detail))
	}
}

func (t *Tally) find(of, metric string) *series {
	for _, s := range t.series[of] {
		if s.first.Metric == metric {
			return s
		}
	}
	return nil
}

// Less adds a row to a case: a metric less that of another case, run by run. called is what follows
// the metric's name, such as ", less that of supervised".
func (t *Tally) Less(of, other, metric, called string) error {
	a, b := t.find(of, metric), t.find(other, metric)
	if a == nil || b == nil {
		return fmt.Errorf("the difference of %s and %s: one of them has no %s", of, other, metric)
	}
	paired, err := statistics.Difference(a.runs, b.runs)
	if err != nil {
		return fmt.Errorf("%s of %s less that of %s: %w", metric, of, other, err)
	}
	for i, run := range paired {
		v := a.of[i]
		v.Metric, v.Unit, v.Run, v.Detail, v.Measure = metric+called, "points", run, "", nil
		if a.first.Measure != nil && b.first.Begun && b.of[i].Of == v.Of {
			v.Measure = a.first.Measure.LessBegun()
		}
		t.Add(v)
	}
	return nil
}

// Rows are those of all cases, the first of each with its trainings.
func (t *Tally) Rows() ([]Row, error) {
	var all []Row
	for _, name := range t.cases {
		var rows []Row
		for _, s := range t.series[name] {
			row, err := OverRuns(name, s.first.Metric, s.first.Unit, s.runs)
			if err != nil {
				return nil, err
			}
			row.Measure, row.Detail = s.first.Measure, strings.Join(s.details, "; ")
			row.Untrained = s.first.Of == nil || s.first.Begun
			rows = append(rows, row)
		}
		first := t.series[name][0]
		for i := range rows {
			rows[i].Data = first.first.Data
		}
		if first.first.Of != nil {
			trainings := make([]Training, len(first.of))
			for i, v := range first.of {
				var err error
				if trainings[i], err = TrainingOf(v.Of, v.Start); err != nil {
					return nil, err
				}
			}
			if err := Case(rows, first.first.Data, trainings); err != nil {
				return nil, err
			}
		}
		if first.first.Begun {
			rows[0].Cost = nil
		}
		rows[0].Choice = first.first.Choice
		all = append(all, rows...)
	}
	return all, nil
}
