package report

import (
	"errors"
	"fmt"
	"slices"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/corrupt"
	"sslkit/kit/eval"
	"sslkit/kit/rundir"
)

// attacked is how many images are attacked where the sweep does not say.
const attacked = 500

// calibration is the part of how sure the probe is.
func (p *reporter) calibration() (Section, error) {
	train, judged, err := p.both()
	if err != nil {
		return Section{}, err
	}
	protocol := *p.with.Calibration
	protocol.Probe = p.probe(protocol.Probe)
	missing := ""
	if protocol.Validation == nil {
		validation, err := p.besides()
		var why absence
		switch {
		case errors.As(err, &why):
			missing = why.reason
		case err != nil:
			return Section{}, err
		default:
			protocol.Validation = &validation
		}
	}
	result, err := protocol.Evaluate(train, judged)
	if err != nil {
		return Section{}, err
	}
	return Calibration(result, missing)
}

// besides are labelled validation images that are not the evaluated ones.
func (p *reporter) besides() (eval.Features, error) {
	if p.with.Split == data.Validation {
		return eval.Features{}, absent("the validation images are the ones that are evaluated")
	}
	return p.labelled(data.Validation)
}

// robustness is the part of corrupted images.
func (p *reporter) robustness() (Section, error) {
	train, judged, err := p.both()
	if err != nil {
		return Section{}, err
	}
	protocol := *p.with.Robustness
	protocol.Probe = p.probe(protocol.Probe)
	corrupted, err := p.run.CorruptedFeatures(p.with.Split, protocol.Seed, p.with.Corruptions...)
	if err != nil {
		return Section{}, err
	}
	if !p.labelledOnce(p.with.Split).all {
		if err := labelledOnly(corrupted); err != nil {
			return Section{}, err
		}
	}
	result, err := protocol.Evaluate(train, judged, corrupted)
	if err != nil {
		return Section{}, err
	}
	return Robustness(result)
}

// labelledOnly leaves out the images without a label.
func labelledOnly(corrupted eval.Corrupted) error {
	for _, c := range corrupt.All() {
		severities, ok := corrupted[c]
		if !ok {
			continue
		}
		for s := range severities {
			var err error
			if severities[s], err = severities[s].Labelled(); err != nil {
				return err
			}
		}
		corrupted[c] = severities
	}
	return nil
}

// attack is the part about images that were changed to mislead.
func (p *reporter) attack() (Section, error) {
	train, judged, err := p.both()
	if err != nil {
		return Section{}, err
	}
	if !p.labelledOnce(p.with.Split).all {
		return Section{}, absent("an attack needs the class of every image, and some images of %s have no label", judged.Name)
	}
	sweep := *p.with.Attack
	if sweep.Images == 0 {
		sweep.Images = attacked
	}
	sweep.Images = min(sweep.Images, judged.N)
	probe, err := p.with.Linear.Fit(train)
	if err != nil {
		return Section{}, err
	}
	curve, err := p.run.Adversarial(probe, p.with.Split, sweep)
	if err != nil {
		return Section{}, err
	}
	section, err := Attack(curve, p.probed)
	first := slices.Clone(judged.Labels[:sweep.Images])
	slices.Sort(first)
	if of := len(slices.Compact(first)); of < len(judged.Classes) {
		section.Text = append(section.Text, fmt.Sprintf("The attacked images are the first %d of %s. They show %d of its "+
			"%d classes.", sweep.Images, judged.Name, of, len(judged.Classes)))
	}
	return section, err
}

// fairness is the part of subgroups.
func (p *reporter) fairness() (Section, error) {
	train, judged, err := p.both()
	if err != nil {
		return Section{}, err
	}
	switch {
	case judged.Groups == nil:
		return Section{}, absent("no subgroups of %s are known: its source is not data.Grouped", judged.Name)
	case slices.Min(judged.Groups) == slices.Max(judged.Groups):
		return Section{}, absent("the images of %s are all of one subgroup", judged.Name)
	}
	protocol := *p.with.Fairness
	if protocol.Probe == nil {
		protocol.Probe = p.with.Linear
	}
	result, err := protocol.Evaluate(train, judged)
	if err != nil {
		return Section{}, err
	}
	return Fairness(result, judged.Classes)
}

// overfit is the part of what the probe memorised.
func (p *reporter) overfit() (Section, error) {
	train, err := p.labelled(data.Train)
	if err != nil {
		return Section{}, err
	}
	heldOut, err := p.labelled(data.Validation)
	if errors.As(err, new(absence)) {
		heldOut, err = p.labelled(p.with.Split)
	}
	if err != nil {
		return Section{}, err
	}
	protocol := *p.with.Overfit
	if protocol.Probe == nil {
		protocol.Probe = p.with.Linear
	}
	result, err := protocol.Evaluate(train, heldOut)
	if err != nil {
		return Section{}, err
	}
	return Overfit(result)
}

// seenOften tells whether the training may have memorised its images.
func (p *reporter) seenOften() bool { return p.epochs() >= kit.SeenOften }

// familiarity is the part of what the encoder memorised.
func (p *reporter) familiarity() (Section, error) {
	checkpoints, err := rundir.Dir(p.run.Dir).Checkpoints()
	if err != nil {
		return Section{}, err
	}
	if len(checkpoints) == 0 {
		return Section{}, absent("the run directory holds no checkpoint")
	}
	f, err := p.run.Familiarity()
	if err != nil {
		return Section{}, err
	}
	return familiaritySection(f)
}
