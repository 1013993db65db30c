package main

import (
	"fmt"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit/eval"
)

// bias asks which pretexts make a planted bias worse, and which probes mend it.
func bias(o options, s setting) ([]result.Row, error) {
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
		{"plain probe", question.Linear, false},
		{"balanced probe", eval.GroupBalanced{Linear: question.Linear}, false},
		{"group-DRO probe", eval.GroupDRO{L2: 1e-3, Rounds: 30, Gap: .1}, false},
		{"plain probe on unbiased images", question.Linear, true},
	}
	var tally result.Tally
	for seed := range uint64(s.seeds) {
		for _, spurious := range []float64{0, .9} {
			for e := -1; e < len(pretexts); e++ {
				encoder, name := pretexts[max(e, 0)], "random"
				run, choice, err := s.pretrain(o, encoder, spurious, seed+1)
				if err != nil {
					return nil, err
				}
				features := run.InitialFeatures // Those of SimCLR's run.
				if e >= 0 {
					features, name = run.Features, encoder.name
				}
				train, test, err := question.TrainAndTest(features)
				if err != nil {
					return nil, err
				}
				for _, p := range probes {
					fitted := train
					if p.honest {
						if spurious == 0 || e < 0 { // The same as the plain probe; and a random encoder has seen no image.
							continue
						}
						if fitted, err = run.FeaturesOf(s.world(0, seed+1), data.Train); err != nil {
							return nil, err
						}
						fitted.Name = "shapes-unbiased/train"
					}
					report, err := eval.Fairness{Attribute: "background", Probe: p.probe, Aligned: aligned, Positive: odd,
						Resamples: 200}.Evaluate(fitted, test)
					if err != nil {
						return nil, fmt.Errorf("%s, %s, spurious %g, seed %d: %w", name, p.name, spurious, seed+1, err)
					}
					for _, m := range []struct {
						metric string
						value  float64
					}{
						{"accuracy", report.Value}, {"bias gap", report.Bias.Gap.Value},
						{"worst class in a group", report.WorstCell.Accuracy.Value},
						{"demographic parity difference of odd classes", report.Decisions[0].DemographicParity.Value},
					} {
						tally.Add(result.Value{
							Case: fmt.Sprintf("%s/shapes-spurious%g/%s", name, spurious, p.name), Metric: m.metric, Unit: "%",
							Data: imagesName(spurious), Run: statistics.Run{Seed: seed + 1, Value: 100 * m.value},
							Of: run, Begun: e < 0, Choice: choice,
						})
					}
				}
			}
		}
	}
	return tally.Rows()
}
