package main

import (
	"fmt"
	"strings"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
)

// memory asks what was memorised: by the pretraining, of many images seen a few times and of few
// seen often, and by the probe.
func memory(o options, s setting) ([]result.Row, error) {
	var rows []result.Row
	for _, t := range memorised(s) {
		small := t.setting
		run, err := small.pretrain(o, t.objective, t.spurious, t.seed)
		if err != nil {
			return nil, err
		}
		known, err := run.Familiarity()
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("simclr/shapes, %d images, each seen %.0f times", small.train, known.Seen)
		gap := known.Gap
		rows = append(rows, result.Row{Case: name, Metric: "alignment of held-out less of training images", Value: 100 * gap.Value,
			Low: 100 * gap.Low, High: 100 * gap.High, Unit: "hundredths", N: gap.N, Seed: 1,
			Detail: fmt.Sprintf("training %.4f, held out %.4f; %s", known.Train.Value, known.HeldOut.Value, orNone(known.Warning))})
		train, err := run.Features(data.Train)
		if err != nil {
			return nil, err
		}
		validation, err := run.Features(data.Validation)
		if err != nil {
			return nil, err
		}
		report, err := eval.Overfit{Probe: question.Linear}.Evaluate(train, validation)
		if err != nil {
			return nil, err
		}
		heldOut := metric.Interval{Value: report.Value, Low: report.Low, High: report.High, N: report.N}
		warnings := orNone(strings.Join(report.Warnings, "; "))
		for _, r := range []result.Row{
			result.Percent(name, "probe on its own images", report.Fitted, 1),
			result.Percent(name, "probe on validation images", heldOut, 1),
			result.Percent(name, "probe of shuffled labels on its own images", report.Memorised, 1),
			result.Percent(name, "probe of shuffled labels on validation images, above chance", report.Shuffled, 1),
		} {
			r.Detail = warnings
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func orNone(warning string) string {
	if warning == "" {
		return "no warning"
	}
	return warning
}
