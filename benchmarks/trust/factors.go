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
	var tally result.Tally
	for seed := uint64(1); seed <= uint64(s.seeds); seed++ {
		for _, e := range []objective{supervised, simCLR} {
			run, choice, err := s.pretrain(o, e, 0, seed)
			if err != nil {
				return nil, err
			}
			train, test, err := question.TrainAndTest(run.Features)
			if err != nil {
				return nil, err
			}
			values, err := s.world(0, seed).Factors(data.Test, test.N)
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
				for _, at := range []int{0, len(factor.Bins) - 1} {
					bin := factor.Bins[at]
					v := valueOf(e, fmt.Sprintf("accuracy, %s, bin %d of %d", factor.Name, at+1, len(factor.Bins)), seed, bin.Accuracy.Value, run, choice)
					v.Detail = fmt.Sprintf("%.3g to %.3g", bin.From, bin.To)
					tally.Add(v)
				}
				gap := valueOf(e, "largest gap, "+factor.Name, seed, factor.Gap.Value, run, choice)
				gap.Detail = fmt.Sprintf("of %d bins; over images %.1f to %.1f, which holds 0 where the factor does not matter", len(factor.Bins),
					100*factor.Gap.Low, 100*factor.Gap.High)
				tally.Add(gap)
			}
		}
	}
	return tally.Rows()
}
