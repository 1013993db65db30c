package report

import (
	"sslkit/kit/eval"
	"sslkit/plots"
)

// Calibration is the part about how sure the linear probe is. noTemperature says why no temperature
// was fitted, where none was.
func Calibration(result eval.CalibrationResult, noTemperature string) (Section, error) {
	values, err := raw(result)
	if err != nil {
		return Section{}, err
	}
	table := Table{Columns: []string{"probabilities", "ECE", "Brier score", "NLL"},
		Note: "Intervals: bootstrap over test images. Lower is better. Chance alone puts an ECE above 0, and more so with few images."}
	row := func(name string, r eval.Reliability) {
		table.Rows = append(table.Rows, []Cell{Words(name), Interval(r.ECE, Plain), Interval(r.Brier, Plain), Interval(r.NLL, Plain)})
	}
	row("the probe's own", result.Own)
	lines := []plots.Line{{Name: "calibrated", X: []float64{0, 1}, Y: []float64{0, 1}}, diagram("the probe's own", result.OwnBins)}
	s := Section{
		Title: "Calibration",
		Text:  []string{"When the probe is 70 % sure of its answers, are 70 % of them right?"}, Protocol: provenance(result.Result),
		References: []Reference{
			{"Guo et al. 2017, On calibration of modern neural networks", "https://arxiv.org/abs/1706.04599"},
			{"Brier 1950, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78", ""},
		},
		Values: values,
	}
	if result.Scaled != nil {
		row("divided by temperature "+Number(result.Temperature, Plain).Figure.String(), *result.Scaled)
		lines = append(lines, diagram("with temperature", result.ScaledBins))
		s.Text = append(s.Text, "The temperature is fitted on validation images. It changes no prediction.")
	} else {
		s.Text = append(s.Text, "No temperature was fitted: "+noTemperature+".")
	}
	s.Tables = []Table{table}
	plot, err := plots.Curve("Reliability", "confidence", "accuracy", lines...)
	if err != nil {
		return Section{}, err
	}
	figure, err := Draw(plot, "Test images, grouped by how sure the probe is, with the 95 % interval of their accuracy. Below the "+
		"diagonal the probe is too sure.")
	s.Figures = []Figure{figure}
	return s, err
}

// diagram is a line through the bins.
func diagram(name string, bins []eval.ReliabilityBin) plots.Line {
	line := plots.Line{Name: name}
	for _, bin := range bins {
		line.X, line.Y = append(line.X, bin.Confidence), append(line.Y, bin.Accuracy.Value)
		line.Low, line.High = append(line.Low, bin.Accuracy.Low), append(line.High, bin.Accuracy.High)
	}
	return line
}
