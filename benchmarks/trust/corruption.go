package main

import (
	"fmt"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/benchmarks/statistics"
	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/attack"
	"sslkit/kit/corrupt"
	"sslkit/kit/eval"
)

// network ends the cases of the encoders that are not compared by what was planted.
const network = "/shapes/resnet10-w16-half"

// valueOf is the value of a seed, in percent, for the case of an encoder on images without a
// planted bias.
func valueOf(e objective, metric string, seed uint64, value float64, run *kit.Run, choice *statistics.Choice) result.Value {
	return result.Value{
		Case: e.name + network, Metric: metric, Unit: "%", Data: imagesName(0), Run: statistics.Run{Seed: seed, Value: 100 * value},
		Of: run, Choice: choice,
	}
}

// corruption compares the self-supervised encoder with a supervised one on corrupted images, and
// looks at how sure their probes are.
func corruption(o options, s setting) ([]result.Row, error) {
	var tally result.Tally
	for seed := uint64(1); seed <= uint64(s.seeds); seed++ {
		robust := map[string]eval.RobustnessResult{}
		for _, e := range []objective{supervised, simCLR} {
			measured, err := s.corrupted(o, &tally, e, seed)
			if err != nil {
				return nil, fmt.Errorf("%s, seed %d: %w", e.name, seed, err)
			}
			robust[e.name] = measured
		}
		if err := s.against(o, &tally, robust, seed); err != nil {
			return nil, fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	for severity := range corrupt.Severities + 1 {
		if err := tally.Less(simCLR.name+network, supervised.name+network, "accuracy, "+severityName(severity), lessSupervised); err != nil {
			return nil, err
		}
	}
	return tally.Rows()
}

// lessSupervised is behind the metric of a difference.
const lessSupervised = ", less that of supervised"

func severityName(severity int) string {
	if severity == 0 {
		return "clean"
	}
	return fmt.Sprintf("severity %d", severity)
}

// corrupted adds what one encoder's probe gives on corrupted images, without temperature and scaled.
func (s setting) corrupted(o options, tally *result.Tally, e objective, seed uint64) (robust eval.RobustnessResult, err error) {
	run, choice, err := s.pretrain(o, e, 0, seed)
	if err != nil {
		return robust, err
	}
	var clean [3]eval.Features
	for _, split := range []data.Split{data.Train, data.Validation, data.Test} {
		if clean[split], err = run.Features(split); err != nil {
			return robust, err
		}
	}
	corrupted, err := run.CorruptedFeatures(data.Test, seed)
	if err != nil {
		return robust, err
	}
	for _, scaled := range []bool{false, true} {
		judged, suffix := eval.Robustness{Probe: question.Linear}, ""
		if scaled {
			judged.Validation, suffix = &clean[data.Validation], ", temperature scaled"
		}
		measured, err := judged.Evaluate(clean[data.Train], clean[data.Test], corrupted)
		if err != nil {
			return robust, err
		}
		if !scaled {
			robust = measured
		}
		for severity, v := range append([]eval.Reliability{measured.Clean}, measured.Severities[:]...) {
			if !scaled {
				tally.Add(valueOf(e, "accuracy, "+severityName(severity), seed, v.Accuracy.Value, run, choice))
			}
			ece := valueOf(e, "ECE, "+severityName(severity)+suffix, seed, v.ECE.Value, run, choice)
			ece.Detail = fmt.Sprintf("temperature %.3g; Brier %.3f; NLL %.3f", measured.Temperature, v.Brier.Value, v.NLL.Value)
			tally.Add(ece)
		}
	}
	for _, c := range corrupt.All() { // Of one corruption, the mean over the severities.
		mean := 0.0
		for _, r := range robust.Rows {
			if r.Corruption == c {
				mean += r.Accuracy.Value / corrupt.Severities
			}
		}
		tally.Add(valueOf(e, fmt.Sprintf("accuracy, %v, mean of severities", c), seed, mean, run, choice))
	}
	return robust, nil
}

// against adds the errors of the self-supervised encoder's probe relative to the supervised one's.
func (s setting) against(o options, tally *result.Tally, robust map[string]eval.RobustnessResult, seed uint64) error {
	against, err := robust[simCLR.name].Against(robust[supervised.name])
	if err != nil {
		return err
	}
	run, choice, err := s.pretrain(o, simCLR, 0, seed)
	if err != nil {
		return err
	}
	relative := simCLR
	relative.name = "simclr to supervised"
	mean := valueOf(relative, "mCE, relative to supervised", seed, against.Mean.Value, run, choice)
	if against.Undefined != "" {
		mean.Detail = "there is no relative mCE: " + against.Undefined
	}
	tally.Add(mean)
	if against.Relative != nil {
		tally.Add(valueOf(relative, "relative mCE, relative to supervised", seed, against.Relative.Value, run, choice))
	}
	for _, c := range corrupt.All() {
		tally.Add(valueOf(relative, fmt.Sprintf("CE, %v", c), seed, against.Each[c].Value, run, choice))
	}
	return nil
}

// attacks attacks both encoders with their probes.
func attacks(o options, s setting) ([]result.Row, error) {
	var tally result.Tally
	var metrics []string
	for seed := uint64(1); seed <= uint64(s.seeds); seed++ {
		for _, e := range []objective{supervised, simCLR} {
			run, choice, err := s.pretrain(o, e, 0, seed)
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
			metrics = nil
			for _, a := range []attack.Attack{attack.FGSM{}, attack.PGD{}} {
				curve, err := run.Adversarial(probe, data.Test, attack.Sweep{Attack: a, Images: s.attacked, Seed: seed})
				if err != nil {
					return nil, err
				}
				for _, p := range curve.Points {
					metric := fmt.Sprintf("accuracy, %s, eps %g/255", a.Name(), 255*p.Eps)
					v := valueOf(e, metric, seed, p.Accuracy.Value, run, choice)
					if seed == 1 {
						v.Detail = curve.Protocol
					}
					tally.Add(v)
					metrics = append(metrics, metric)
				}
			}
		}
	}
	for _, metric := range metrics {
		if err := tally.Less(simCLR.name+network, supervised.name+network, metric, lessSupervised); err != nil {
			return nil, err
		}
	}
	return tally.Rows()
}
