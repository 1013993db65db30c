package kit

import (
	"fmt"
	"path/filepath"

	"sslkit/data"
	"sslkit/kit/rundir"
	"sslkit/kit/train"
	"sslkit/plots"
)

// Run is a pretraining in its directory, as Pretrain and Open give it.
type Run struct {
	Dir    string // Where everything about it lies; see package rundir.
	Recipe Recipe // What was done, defaults filled in, with Steps in place of Epochs.
	// Weights are those that represent images; see By. Default: what the run evaluates.
	Weights Weights
}

// Finished tells whether the run has trained to its end.
func (r *Run) Finished() bool { return rundir.Dir(r.Dir).Finished() }

// Metrics reads what the run reported, a value a step; the first, of step 0, holds the monitors
// before training.
func (r *Run) Metrics() ([]rundir.Metrics, error) { return rundir.Dir(r.Dir).Metrics() }

// WriteCSV writes metrics.csv of the run as far as it came, beside metrics.jsonl, and returns its path;
// see rundir.Dir.WriteCSV.
func (r *Run) WriteCSV() (path string, err error) { return rundir.Dir(r.Dir).WriteCSV() }

// Seconds is the time that the training took, over all the processes it was spread over, the
// compilation of its step included.
func (r *Run) Seconds() (float64, error) {
	all, err := r.Metrics()
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return all[len(all)-1].Seconds, nil
}

// Monitor is the last look at the collapse monitors.
func (r *Run) Monitor() (rundir.Monitor, error) {
	all, err := r.Metrics()
	if err != nil {
		return rundir.Monitor{}, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Monitor != nil {
			return *all[i].Monitor, nil
		}
	}
	return rundir.Monitor{}, fmt.Errorf("%s holds no look at the monitors", filepath.Join(r.Dir, rundir.MetricsFile))
}

// Alarm is what the collapse monitors have to say about the run as far as it came: nil where the
// embeddings have not collapsed.
func (r *Run) Alarm() (*train.Alarm, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	all, err := r.Metrics()
	if err != nil {
		return nil, err
	}
	return train.Diagnose(r.Recipe.Method, rundir.Looks(all), r.Recipe.Steps), nil
}

// StepFLOPs is the number of floating-point operations of one training step: those of all matrix
// products and convolutions in the graph of views, encoder, heads, teacher, loss and gradient, two
// for each multiply-add; see [train.Plan.StepFLOPs]. It is 0 of weights that were adopted.
func (r *Run) StepFLOPs() (float64, error) {
	fail := func(err error) (float64, error) {
		return 0, fmt.Errorf("counting the operations of a step in %s: %w", r.Dir, err)
	}
	if err := r.check(); err != nil {
		return fail(err)
	}
	if r.Recipe.Steps == 0 {
		return 0, nil
	}
	set, err := r.Recipe.Data.Open(data.Train)
	if err != nil {
		return fail(err)
	}
	defer set.Close()
	_, plan, err := r.Recipe.plan(set)
	if err != nil {
		return fail(err)
	}
	flops, err := plan.StepFLOPs()
	if err != nil {
		return fail(err)
	}
	return flops, nil
}

// LossCurve draws the loss, raw and smoothed, above the learning rate, against the step; and below
// both what the OnlineProbe said, where the recipe has one.
func (r *Run) LossCurve() (*plots.Figure, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	all, err := r.Metrics()
	if err != nil {
		return nil, err
	}
	var step, loss, rate, looked, knn, linear []float64
	for _, m := range all {
		if p := m.Probe; p != nil {
			looked, knn, linear = append(looked, float64(m.Step)), append(knn, 100*p.KNN), append(linear, 100*p.Linear)
		}
		if m.Step > 0 {
			step, loss, rate = append(step, float64(m.Step)), append(loss, m.Loss), append(rate, m.LearningRate)
		}
	}
	if len(step) == 0 {
		return nil, fmt.Errorf("the run in %s has done no step: there is no loss to draw", r.Dir)
	}
	smooth := max(len(step)/40, 1)
	above, err := plots.Curve(fmt.Sprintf("%s, %s on %s", r.Recipe.Method.Name(), r.Recipe.Encoder.Name(), r.Recipe.Data.Name()),
		"step", "loss", plots.Line{Name: "loss", X: step, Y: loss, Smooth: smooth})
	if err != nil {
		return nil, err
	}
	below, err := plots.Curve("", "step", "learning rate", plots.Line{X: step, Y: rate})
	if err != nil {
		return nil, err
	}
	if looked == nil {
		return plots.Panels(above, below)
	}
	probe, err := plots.Curve("", "step", "validation accuracy, %",
		plots.Line{Name: "k-NN", X: looked, Y: knn}, plots.Line{Name: "linear probe", X: looked, Y: linear})
	if err != nil {
		return nil, err
	}
	return plots.Panels(above, below, probe)
}

// CollapseMonitors draws the monitors against the step.
func (r *Run) CollapseMonitors() (*plots.Figure, error) {
	all, err := r.Metrics()
	if err != nil {
		return nil, err
	}
	var m plots.Monitors
	for _, line := range all {
		if look := line.Monitor; look != nil {
			m.Step = append(m.Step, float64(line.Step))
			m.Std = append(m.Std, look.EmbeddingStd)
			m.RankMe = append(m.RankMe, look.RankMe)
			m.Alignment = append(m.Alignment, look.Alignment)
			m.Uniformity = append(m.Uniformity, look.Uniformity)
			m.Dim = look.EmbeddingDim
		}
	}
	return plots.CollapseMonitors("Is the embedding collapsing? (held-out images)", m)
}
