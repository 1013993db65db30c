package report

import (
	"encoding/json"
	"fmt"

	"sslkit/kit/rundir"
	"sslkit/kit/train"
	"sslkit/plots"
)

// stepsDone is the last step that the run reported.
func (p *reporter) stepsDone() int {
	if len(p.metrics) == 0 {
		return 0
	}
	return p.metrics[len(p.metrics)-1].Step
}

// epochs is how often each image was seen.
func (p *reporter) epochs() float64 {
	if len(p.metrics) == 0 {
		return 0
	}
	return p.metrics[len(p.metrics)-1].Epoch
}

// training is the part of loss and monitors.
func (p *reporter) training() (Section, error) {
	if p.stepsDone() == 0 {
		return Section{}, absent("no step has been done yet")
	}
	s := Section{Title: "Training", References: []Reference{
		{Text: "Garrido et al. 2023, RankMe: assessing the downstream performance of pretrained self-supervised representations " +
			"by their rank",
			URL: "https://arxiv.org/abs/2210.02885"},
		{Text: "Wang, Isola 2020, Understanding contrastive representation learning through alignment and uniformity on the " +
			"hypersphere",
			URL: "https://arxiv.org/abs/2005.10242"},
	}}
	if !p.run.Finished() {
		s.Warnings = append(s.Warnings, fmt.Sprintf("the training has not finished: %s of %s steps are done",
			counted(p.stepsDone()), counted(p.run.Recipe.Steps)))
	}
	if warning := p.run.Recipe.EMAWarning(); warning != "" {
		s.Warnings = append(s.Warnings, warning)
	}
	looks := rundir.Looks(p.metrics)
	alarm := train.Diagnose(p.run.Recipe.Method, looks, p.run.Recipe.Steps)
	if alarm != nil {
		s.Warnings = append(s.Warnings, alarm.String())
	}
	views, err := p.views()
	if err != nil {
		return s, err
	}
	s.Figures = append(s.Figures, views)
	if s.Values, err = json.Marshal(map[string]any{"alarm": alarm, "looks": looks}); err != nil {
		return s, err
	}
	s.Text = []string{fmt.Sprintf("Trained with %s for %s steps of %d images. The loss is that of each batch. The monitors look "+
		"at the embeddings of held-out images, which are not trained on.",
		p.run.Recipe.Method.Name(), counted(p.stepsDone()), p.run.Recipe.Batch)}
	if len(looks) > 0 {
		s.Tables = []Table{monitorTable(looks[0], looks[len(looks)-1])}
	}
	for _, draw := range []struct {
		plot    func() (*plots.Figure, error)
		caption string
		asked   bool
	}{
		{p.run.LossCurve, "", true},
		{p.run.CollapseMonitors, "Standard deviation of the embeddings, effective rank, alignment and uniformity.", len(looks) > 0},
	} {
		if !draw.asked {
			continue
		}
		plot, err := draw.plot()
		if err != nil {
			return s, err
		}
		figure, err := Draw(plot, draw.caption)
		if err != nil {
			return s, err
		}
		s.Figures = append(s.Figures, figure)
	}
	return s, nil
}

// monitorTable compares the first look at the monitors with the last.
func monitorTable(first, last rundir.Metrics) Table {
	row := func(name string, of func(m *rundir.Monitor) float64) []Cell {
		return []Cell{
			Words(name), Number(of(first.Monitor), Plain), Number(of(last.Monitor), Plain),
		}
	}
	return Table{
		Title:   "Collapse monitors",
		Columns: []string{"", fmt.Sprintf("step %d", first.Step), fmt.Sprintf("step %d", last.Step)},
		Rows: [][]Cell{
			row("standard deviation of the embeddings", func(m *rundir.Monitor) float64 { return m.EmbeddingStd }),
			row("effective rank (RankMe)", func(m *rundir.Monitor) float64 { return m.RankMe }),
			row("alignment", func(m *rundir.Monitor) float64 { return m.Alignment }),
			row("uniformity", func(m *rundir.Monitor) float64 { return m.Uniformity }),
		},
		Note: fmt.Sprintf("The embeddings have %d dimensions. Spread evenly over the sphere, they would have a standard deviation of %.3g.",
			last.Monitor.EmbeddingDim, train.EvenSpread(last.Monitor.EmbeddingDim)),
	}
}

// counted is a number as a report writes it.
func counted(n int) string { return Counted(n).Figure.String() }
