package main

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/eval"
)

// trustFactors asks on which images a probe fails: the accuracy in the first and the last quarter of each factor of Shapes.
func trustFactors(o options, t trustSetting) ([]row, error) {
	var rows []row
	for _, e := range []trustEncoder{trustSupervised, trustSimCLR} {
		run, err := t.pretrain(o, e, 0, 1)
		if err != nil {
			return nil, err
		}
		train, err := run.Features(data.Train)
		if err != nil {
			return nil, err
		}
		test, err := run.Features(data.Test)
		if err != nil {
			return nil, err
		}
		values, err := t.world(0, 1).Factors(data.Test, test.N)
		if err != nil {
			return nil, err
		}
		protocol := eval.Factors{Probe: trustProbe}
		for f, name := range data.ShapeFactors() {
			protocol.Factors = append(protocol.Factors, eval.Factor{Name: name, Values: values[f]})
		}
		report, err := protocol.Evaluate(train, test)
		if err != nil {
			return nil, err
		}
		for _, factor := range report.Factors {
			for _, bin := range []eval.FactorBin{factor.Bins[0], factor.Bins[len(factor.Bins)-1]} {
				rows = append(rows, intervalRow(e.name+"/shapes/resnet10-w16-half",
					fmt.Sprintf("accuracy, %s %.3g to %.3g", factor.Name, bin.From, bin.To), bin.Accuracy, 1))
			}
			gap := intervalRow(e.name+"/shapes/resnet10-w16-half", "largest gap, "+factor.Name, factor.Gap.Interval, 1)
			gap.Detail = fmt.Sprintf("of %d bins; the interval holds 0 where the factor does not matter", len(factor.Bins))
			rows = append(rows, gap)
		}
	}
	return rows, nil
}
