package main

import (
	"fmt"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/eval"
)

// factors asks on which images a probe fails: the accuracy in the first and the last quarter of
// each factor of Shapes.
func factors(o options, s setting) ([]result.Row, error) {
	var rows []result.Row
	for _, e := range []objective{supervised, simCLR} {
		run, err := s.pretrain(o, e, 0, 1)
		if err != nil {
			return nil, err
		}
		train, test, err := question.TrainAndTest(run.Features)
		if err != nil {
			return nil, err
		}
		values, err := s.world(0, 1).Factors(data.Test, test.N)
		if err != nil {
			return nil, err
		}
		judged := eval.Factors{Probe: question.Linear}
		for f, name := range data.ShapeFactors() {
			judged.Factors = append(judged.Factors, eval.Factor{Name: name, Values: values[f]})
		}
		report, err := judged.Evaluate(train, test)
		if err != nil {
			return nil, err
		}
		for _, factor := range report.Factors {
			for _, bin := range []eval.FactorBin{factor.Bins[0], factor.Bins[len(factor.Bins)-1]} {
				rows = append(rows, result.Percent(e.name+"/shapes/resnet10-w16-half",
					fmt.Sprintf("accuracy, %s %.3g to %.3g", factor.Name, bin.From, bin.To), bin.Accuracy, 1))
			}
			gap := result.Percent(e.name+"/shapes/resnet10-w16-half", "largest gap, "+factor.Name, factor.Gap.Interval, 1)
			gap.Detail = fmt.Sprintf("of %d bins; the interval holds 0 where the factor does not matter", len(factor.Bins))
			rows = append(rows, gap)
		}
	}
	return rows, nil
}
