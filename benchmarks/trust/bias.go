package main

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
)

// trustBias asks which pretexts make a planted bias worse, and which probes mend it.
func trustBias(o options, t trustSetting) ([]row, error) {
	aligned, odd := make([][]bool, len(data.ShapeClasses())), []int{}
	for class := range aligned {
		aligned[class] = []bool{class%2 == 0, class%2 == 1}
		if class%2 == 1 {
			odd = append(odd, class)
		}
	}
	probes := []struct {
		name   string
		probe  eval.Probe
		honest bool // fitted on images in which nothing is planted
	}{
		{"plain probe", trustProbe, false},
		{"balanced probe", eval.GroupBalanced{Linear: trustProbe}, false},
		{"group-DRO probe", eval.GroupDRO{L2: 1e-3, Rounds: 30, Gap: .1}, false},
		{"plain probe on unbiased images", trustProbe, true},
	}
	// values[case][metric] are over the seeds; order is that of the rows.
	type key struct{ name, metric string }
	values, order := map[key][]float64{}, []key{}
	add := func(name, what string, v float64) {
		k := key{name, what}
		if values[k] == nil {
			order = append(order, k)
		}
		values[k] = append(values[k], 100*v)
	}
	for seed := range uint64(t.seeds) {
		for _, spurious := range []float64{0, .9} {
			for e := -1; e < len(trustPretexts); e++ {
				encoder, name := trustPretexts[max(e, 0)], "random"
				run, err := t.pretrain(o, encoder, spurious, seed+1)
				if err != nil {
					return nil, err
				}
				features := run.InitialFeatures // Those of SimCLR's run.
				if e >= 0 {
					features, name = run.Features, encoder.name
				}
				train, err := features(data.Train)
				if err != nil {
					return nil, err
				}
				test, err := features(data.Test)
				if err != nil {
					return nil, err
				}
				for _, p := range probes {
					fitted := train
					if p.honest {
						if spurious == 0 || e < 0 { // The same as the plain probe; and a random encoder has seen no image.
							continue
						}
						if fitted, err = run.FeaturesOf(t.world(0, seed+1), data.Train); err != nil {
							return nil, err
						}
						fitted.Name = "shapes-unbiased/train"
					}
					report, err := eval.Fairness{Attribute: "background", Probe: p.probe, Aligned: aligned, Positive: odd,
						Resamples: 200}.Evaluate(fitted, test)
					if err != nil {
						return nil, fmt.Errorf("%s, %s, spurious %g, seed %d: %w", name, p.name, spurious, seed+1, err)
					}
					of := fmt.Sprintf("%s/shapes-spurious%g/%s", name, spurious, p.name)
					add(of, "accuracy", report.Value)
					add(of, "bias gap", report.Bias.Gap.Value)
					add(of, "worst class in a group", report.WorstCell.Accuracy.Value)
					add(of, "demographic parity difference of odd classes", report.Decisions[0].DemographicParity.Value)
				}
			}
		}
	}
	var rows []row
	for _, k := range order {
		mean, err := metric.MeanInterval(values[k])
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{Case: k.name, Metric: k.metric, Value: mean.Value, Low: mean.Low, High: mean.High, Unit: "%",
			N: mean.N, Seed: 1})
	}
	return rows, nil
}
