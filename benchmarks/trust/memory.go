package main

import (
	"fmt"
	"strings"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit/eval"
)

// memory asks what was memorised: by the pretraining, of many images seen a few times and of few
// seen often, and by the probe.
func memory(o options, s setting) ([]result.Row, error) {
	var tally result.Tally
	for _, t := range memorised(s) {
		small := t.setting
		run, choice, err := small.pretrain(o, t.objective, t.spurious, t.seed)
		if err != nil {
			return nil, err
		}
		known, err := run.Familiarity()
		if err != nil {
			return nil, err
		}
		value := func(what string, value float64, unit, detail string) {
			images := imagesName(0)
			if small.train != s.train {
				images = fmt.Sprintf("%s-%d", images, small.train)
			}
			tally.Add(result.Value{
				Case: fmt.Sprintf("simclr/shapes, %d images, each seen %.0f times", small.train, known.Seen), Metric: what, Unit: unit,
				Data: images, Run: statistics.Run{Seed: t.seed, Value: 100 * value}, Of: run, Choice: choice, Detail: detail,
			})
		}
		value("alignment of held-out less of training images", known.Gap.Value, "hundredths",
			fmt.Sprintf("training %.4f, held out %.4f; %s", known.Train.Value, known.HeldOut.Value, orNone(known.Warning)))
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
		warnings := orNone(strings.Join(report.Warnings, "; "))
		value("probe on its own images", report.Fitted.Value, "%", warnings)
		value("probe on validation images", report.Value, "%", "")
		value("probe of shuffled labels on its own images", report.Memorised.Value, "%", "")
		value("probe of shuffled labels on validation images, above chance", report.Shuffled.Value, "%", "")
	}
	return tally.Rows()
}

func orNone(warning string) string {
	if warning == "" {
		return "no warning"
	}
	return warning
}
