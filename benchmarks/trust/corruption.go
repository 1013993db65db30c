package main

import (
	"fmt"

	"sslkit/data"
	"sslkit/kit/attack"
	"sslkit/kit/corrupt"
	"sslkit/kit/eval"
	"sslkit/kit/metric"
)

// intervalRow is a row of a share, in percent.
func intervalRow(name, what string, v metric.Interval, seed uint64) row {
	return row{Case: name, Metric: what, Value: 100 * v.Value, Low: 100 * v.Low, High: 100 * v.High, Unit: "%", N: v.N, Seed: seed}
}

// trustCorruption compares the self-supervised encoder with a supervised one on corrupted images, and looks at how sure their
// probes are.
func trustCorruption(o options, t trustSetting) ([]row, error) {
	var rows []row
	results := map[string]eval.RobustnessResult{}
	for _, e := range []trustEncoder{trustSupervised, trustSimCLR} {
		run, err := t.pretrain(o, e, 0, 1)
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
			protocol, suffix := eval.Robustness{Probe: trustProbe}, ""
			if scaled {
				protocol.Validation, suffix = &clean[data.Validation], ", temperature scaled"
			}
			result, err := protocol.Evaluate(clean[data.Train], clean[data.Test], corrupted)
			if err != nil {
				return nil, err
			}
			if !scaled {
				results[e.name] = result
			}
			severities := append([]eval.Reliability{result.Clean}, result.Severities[:]...)
			for s, v := range severities {
				at := "clean"
				if s > 0 {
					at = fmt.Sprintf("severity %d", s)
				}
				if !scaled {
					rows = append(rows, intervalRow(name, "accuracy, "+at, v.Accuracy, 1))
				}
				ece := intervalRow(name, "ECE, "+at+suffix, v.ECE, 1)
				ece.Detail = fmt.Sprintf("temperature %.3g; Brier %.3f [%.3f, %.3f]; NLL %.3f [%.3f, %.3f]", result.Temperature,
					v.Brier.Value, v.Brier.Low, v.Brier.High, v.NLL.Value, v.NLL.Low, v.NLL.High)
				rows = append(rows, ece)
			}
		}
		for _, c := range corrupt.All() { // Of one corruption, the mean over the severities.
			var mean row
			for _, r := range results[e.name].Rows {
				if r.Corruption == c {
					mean.Value += 100 * r.Accuracy.Value / corrupt.Severities
				}
			}
			rows = append(rows, row{Case: name, Metric: fmt.Sprintf("accuracy, %v, mean of severities", c), Value: mean.Value,
				Low:  mean.Value,
				High: mean.Value, Unit: "%", N: 1, Seed: 1})
		}
	}
	against, err := results["simclr"].Against(results["supervised"])
	if err != nil {
		return nil, err
	}
	name := "simclr to supervised/shapes/resnet10-w16-half"
	mean := intervalRow(name, "mCE, relative to supervised", against.Mean, 1)
	if against.Undefined != "" {
		mean.Detail = "there is no relative mCE: " + against.Undefined
	}
	rows = append(rows, mean)
	if against.Relative != nil {
		rows = append(rows, intervalRow(name, "relative mCE, relative to supervised", *against.Relative, 1))
	}
	for _, c := range corrupt.All() {
		rows = append(rows, intervalRow(name, fmt.Sprintf("CE, %v", c), against.Each[c], 1))
	}
	return rows, nil
}

// trustAttack attacks both encoders with their probes.
func trustAttack(o options, t trustSetting) ([]row, error) {
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
		probe, err := trustProbe.Fit(train)
		if err != nil {
			return nil, err
		}
		for _, a := range []attack.Attack{attack.FGSM{}, attack.PGD{}} {
			curve, err := run.Adversarial(probe, data.Test, attack.Sweep{Attack: a, Images: t.attacked, Seed: 1})
			if err != nil {
				return nil, err
			}
			for _, p := range curve.Points {
				r := intervalRow(e.name+"/shapes/resnet10-w16-half", fmt.Sprintf("accuracy, %s, eps %g/255", a.Name(), 255*p.Eps),
					p.Accuracy, 1)
				r.Detail = curve.Protocol
				rows = append(rows, r)
			}
		}
	}
	return rows, nil
}
