package report

import (
	"fmt"

	"sslkit/kit/attack"
	"sslkit/kit/eval"
	"sslkit/plots"
)

// Robustness is the part about test images under corruption.
func Robustness(result eval.RobustnessResult) (Section, error) {
	values, err := raw(result)
	if err != nil {
		return Section{}, err
	}
	head := []string{"severity", "accuracy", "ECE", "Brier score", "NLL"}
	cells := func(name Cell, r eval.Reliability) []Cell {
		return []Cell{name, Interval(r.Accuracy, Share), Interval(r.ECE, Plain), Interval(r.Brier, Plain), Interval(r.NLL, Plain)}
	}
	corruptions := 0
	byCorruption := Table{Title: "Accuracy by corruption and severity", Columns: []string{"corruption", "1", "2", "3", "4", "5"},
		Note: "Intervals: Wilson's, over test images."}
	for _, row := range result.Rows {
		if row.Severity == 1 {
			corruptions++
			byCorruption.Rows = append(byCorruption.Rows, []Cell{Words(row.Corruption.String())})
		}
		last := &byCorruption.Rows[corruptions-1]
		*last = append(*last, Interval(row.Accuracy, Share))
	}
	means := Table{
		Title: "Means over " + plural(corruptions, "corruption", "corruptions"), Columns: head,
		Rows: [][]Cell{cells(Words("clean"), result.Clean)},
		Note: "Intervals: bootstrap over test images, which draws the same images for all rows. ECE, Brier score and NLL say how " +
			"well the probabilities fit: lower is better.",
	}
	line := plots.Line{Name: "linear probe", X: []float64{0}, Y: []float64{100 * result.Clean.Accuracy.Value},
		Low: []float64{100 * result.Clean.Accuracy.Low}, High: []float64{100 * result.Clean.Accuracy.High}}
	for k, severity := range result.Severities {
		means.Rows = append(means.Rows, cells(Counted(k+1), severity))
		line.X = append(line.X, float64(k+1))
		line.Y = append(line.Y, 100*severity.Accuracy.Value)
		line.Low, line.High = append(line.Low, 100*severity.Accuracy.Low), append(line.High, 100*severity.Accuracy.High)
	}
	plot, err := plots.Curve("Accuracy under corruption", "severity (0: clean)", "accuracy (%)", line)
	if err != nil {
		return Section{}, err
	}
	figure, err := Draw(plot, "Mean over the corruptions, with the 95 % interval.")
	return Section{
		Title: "Robustness to corruption",
		Text: []string{fmt.Sprintf("A linear probe that was fitted on clean images is judged on corrupted ones. Its scores are "+
			"divided by a temperature of %s.", Number(result.Temperature, Plain).Figure)},
		Protocol: provenance(result.Result),
		Tables:   []Table{means, byCorruption}, Figures: []Figure{figure}, Values: values,
		References: []Reference{
			{"Hendrycks, Dietterich 2019, Benchmarking neural network robustness to common corruptions and perturbations",
				"https://arxiv.org/abs/1903.12261"},
			{"Ovadia et al. 2019, Can you trust your model's uncertainty?", "https://arxiv.org/abs/1906.02530"},
		},
	}, err
}

// Attack is the part about test images that were changed to mislead encoder and linear probe. probe
// is the result of that probe on clean images, which tells the labels that it was fitted on.
func Attack(curve attack.Curve, probe eval.Result) (Section, error) {
	values, err := raw(curve)
	if err != nil {
		return Section{}, err
	}
	table := Table{Columns: []string{"largest change of a pixel (levels of 255)", "accuracy left", "images"},
		Note: "Intervals: Wilson's, over images. An attack that fails proves nothing, so these accuracies are upper bounds."}
	line := plots.Line{Name: "encoder and probe"}
	for _, p := range curve.Points {
		table.Rows = append(table.Rows, []Cell{Number(255*p.Eps, Plain), Interval(p.Accuracy, Share), Counted(p.Accuracy.N)})
		if n := len(line.X); n == 0 || 255*p.Eps >= line.X[n-1] {
			line.X, line.Y = append(line.X, 255*p.Eps), append(line.Y, 100*p.Accuracy.Value)
			line.Low, line.High = append(line.Low, 100*p.Accuracy.Low), append(line.High, 100*p.Accuracy.High)
		}
	}
	plot, err := plots.Curve("Accuracy under attack", "largest change of a pixel (levels of 255)", "accuracy (%)", line)
	if err != nil {
		return Section{}, err
	}
	figure, err := Draw(plot, "With the 95 % interval.")
	return Section{
		Title: "Adversarial attack",
		Text:  []string{"Each image is changed so that encoder and probe together err. No pixel changes by more than a bound."},
		Protocol: fmt.Sprintf("%s; interval: Wilson 95 %% over images; %s; probe seed %d; %s.", curve.Protocol, labelWords(probe),
			probe.Seed, encoderWords(eval.Result{EncoderBefore: curve.EncoderBefore, EncoderAfter: curve.EncoderAfter})),
		Tables: []Table{table}, Figures: []Figure{figure}, Values: values,
		References: []Reference{
			{"Goodfellow, Shlens, Szegedy 2015, Explaining and harnessing adversarial examples", "https://arxiv.org/abs/1412.6572"},
			{"Madry et al. 2018, Towards deep learning models resistant to adversarial attacks", "https://arxiv.org/abs/1706.06083"},
		},
	}, err
}
