package main

import (
	"fmt"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/data"
	"sslkit/kit/attack"
	"sslkit/kit/corrupt"
	"sslkit/kit/eval"
)

// corruption compares the self-supervised encoder with a supervised one on corrupted images, and
// looks at how sure their probes are.
func corruption(o options, s setting) ([]result.Row, error) {
	var rows []result.Row
	robust := map[string]eval.RobustnessResult{}
	for _, e := range []objective{supervised, simCLR} {
		run, err := s.pretrain(o, e, 0, 1)
		if err != nil {
			return nil, err
		}
		var clean [3]eval.Features
		for _, split := range []data.Split{data.Train, data.Validation, data.Test} {
			if clean[split], err = run.Features(split); err != nil {
				return nil, err
			}
		}
		corrupted, err := run.CorruptedFeatures(data.Test, 1)
		if err != nil {
			return nil, err
		}
		name := e.name + "/shapes/resnet10-w16-half"
		for _, scaled := range []bool{false, true} {
			judged, suffix := eval.Robustness{Probe: question.Linear}, ""
			if scaled {
				judged.Validation, suffix = &clean[data.Validation], ", temperature scaled"
			}
			measured, err := judged.Evaluate(clean[data.Train], clean[data.Test], corrupted)
			if err != nil {
				return nil, err
			}
			if !scaled {
				robust[e.name] = measured
			}
			severities := append([]eval.Reliability{measured.Clean}, measured.Severities[:]...)
			for s, v := range severities {
				at := "clean"
				if s > 0 {
					at = fmt.Sprintf("severity %d", s)
				}
				if !scaled {
					rows = append(rows, result.Percent(name, "accuracy, "+at, v.Accuracy, 1))
				}
				ece := result.Percent(name, "ECE, "+at+suffix, v.ECE, 1)
				ece.Detail = fmt.Sprintf("temperature %.3g; Brier %.3f [%.3f, %.3f]; NLL %.3f [%.3f, %.3f]", measured.Temperature,
					v.Brier.Value, v.Brier.Low, v.Brier.High, v.NLL.Value, v.NLL.Low, v.NLL.High)
				rows = append(rows, ece)
			}
		}
		for _, c := range corrupt.All() { // Of one corruption, the mean over the severities.
			mean := 0.0
			for _, r := range robust[e.name].Rows {
				if r.Corruption == c {
					mean += 100 * r.Accuracy.Value / corrupt.Severities
				}
			}
			row := result.Exact(name, fmt.Sprintf("accuracy, %v, mean of severities", c), mean, "%")
			row.Seed = 1
			rows = append(rows, row)
		}
	}
	against, err := robust["simclr"].Against(robust["supervised"])
	if err != nil {
		return nil, err
	}
	name := "simclr to supervised/shapes/resnet10-w16-half"
	mean := result.Percent(name, "mCE, relative to supervised", against.Mean, 1)
	if against.Undefined != "" {
		mean.Detail = "there is no relative mCE: " + against.Undefined
	}
	rows = append(rows, mean)
	if against.Relative != nil {
		rows = append(rows, result.Percent(name, "relative mCE, relative to supervised", *against.Relative, 1))
	}
	for _, c := range corrupt.All() {
		rows = append(rows, result.Percent(name, fmt.Sprintf("CE, %v", c), against.Each[c], 1))
	}
	return rows, nil
}

// attacks attacks both encoders with their probes.
func attacks(o options, s setting) ([]result.Row, error) {
	var rows []result.Row
	for _, e := range []objective{supervised, simCLR} {
		run, err := s.pretrain(o, e, 0, 1)
		if err != nil {
			return nil, err
		}
		train, err := run.Features(data.Train)
		if err != nil {
			return nil, err
		}
		probe, err := question.Linear.Fit(train)
		if err != nil {
			return nil, err
		}
		for _, a := range []attack.Attack{attack.FGSM{}, attack.PGD{}} {
			curve, err := run.Adversarial(probe, data.Test, attack.Sweep{Attack: a, Images: s.attacked, Seed: 1})
			if err != nil {
				return nil, err
			}
			for _, p := range curve.Points {
				r := result.Percent(e.name+"/shapes/resnet10-w16-half", fmt.Sprintf("accuracy, %s, eps %g/255", a.Name(), 255*p.Eps),
					p.Accuracy, 1)
				r.Detail = curve.Protocol
				rows = append(rows, r)
			}
		}
	}
	return rows, nil
}
