package report

import (
	"errors"
	"fmt"

	"sslkit/data"
	"sslkit/kit"
	"sslkit/kit/attack"
	"sslkit/kit/corrupt"
	"sslkit/kit/curate"
	"sslkit/kit/device"
	"sslkit/kit/eval"
	"sslkit/kit/rundir"
	"sslkit/kit/setting"
	"sslkit/kit/train"
)

// What a report is written as, in the run directory.
const (
	reportFile = "report.json"
	pageFile   = "report.html"
)

// Parts says what a report of a run holds. The zero value holds what is cheap and always applies:
// views of training images, loss curve, collapse monitors and alarm, k-NN of the trained encoder and of
// the same before training, nearest images, a linear probe with the errors that it is the most sure of,
// the cost and a model card. A part that is a pointer is left out where it is nil; its own zero value
// means its defaults:
//
//	report.Parts{LabelCurve: &eval.LabelCurve{}, Fairness: &eval.Fairness{Attribute: "scanner"}}
type Parts struct {
	// Title of the report. Default: method, encoder and data.
	Title string
	// Split is whose images are evaluated: data.Test, or data.Validation while settings are still
	// being chosen. Default (the zero value, which is data.Train): data.Test.
	Split data.Split
	// TrainingOnly leaves out whatever needs the encoder's features; the pointers below must be nil
	// then. It takes a second.
	TrainingOnly bool

	KNN    eval.KNN    // KNN is the setting of the nearest neighbours.
	Linear eval.Linear // Linear is the linear probe, of all parts whose own Probe is left at zero.
	// LabelCurve is accuracy against labels. Counts that the classes do not have are left out of
	// the default.
	LabelCurve *eval.LabelCurve
	// FewShot are episodes on the images of Split. Default Ways: 5, or as many classes as there are
	// enough images of.
	FewShot *eval.FewShot
	// Retrieval ranks the training images for those of Split.
	Retrieval *eval.Retrieval
	// Calibration of the linear probe. Default Validation: the validation images, where there are
	// some besides Split.
	Calibration *eval.Calibration
	// Robustness under corruption. Its Seed draws the corruptions too.
	Robustness *eval.Robustness
	// Corruptions of Robustness. Default: all fifteen, which read the images of Split 75 times.
	Corruptions []corrupt.Corruption
	// Attack misleads encoder and linear probe. Default Images: the first 500.
	Attack *attack.Sweep
	// Fairness between subgroups, of a data.Grouped source.
	Fairness *eval.Fairness
	// Overfit of the linear probe, judged on validation images, or on those of Split where there
	// are none. With it, and whenever training saw each image fifty times or more, comes the
	// encoder's [kit.Familiarity] with its images.
	Overfit *eval.Overfit
	// Curation looks for duplicates among the training images, and for images of Split that are
	// also there.
	Curation *curate.Perceptual

	// Power is what the energy is estimated by.
	Power Power
	// Card is what only you can say in the model card; what is left empty is shown as not stated.
	Card Card
}

// Check returns an error that names the field that is out of range.
func (w Parts) Check() error {
	if err := setting.Must(w.Split >= data.Train && w.Split <= data.Test, "report.Parts: Split", int(w.Split),
		"data.Validation or data.Test", "data.Test"); err != nil {
		return err
	}
	if w.Corruptions != nil && w.Robustness == nil {
		return fmt.Errorf("report.Parts: Corruptions are given and Robustness is nil; give &eval.Robustness{}")
	}
	for i, c := range w.Corruptions {
		if err := setting.Must(c >= corrupt.GaussianNoise && c <= corrupt.JPEG, fmt.Sprintf("report.Parts: Corruptions[%d]", i), int(c),
			"one of corrupt.All()"); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		field string
		asked bool
		check func() error
	}{
		{"KNN", true, w.KNN.Check},
		{"Linear", true, w.Linear.Check},
		{"LabelCurve", w.LabelCurve != nil, func() error { return w.LabelCurve.Check() }},
		{"FewShot", w.FewShot != nil, func() error { return w.FewShot.Check() }},
		{"Retrieval", w.Retrieval != nil, func() error { return w.Retrieval.Check() }},
		{"Calibration", w.Calibration != nil, func() error { return w.Calibration.Check() }},
		{"Robustness", w.Robustness != nil, func() error { return w.Robustness.Check() }},
		{"Attack", w.Attack != nil, func() error { return w.Attack.Check() }},
		{"Fairness", w.Fairness != nil, func() error { return w.Fairness.Check() }},
		{"Overfit", w.Overfit != nil, func() error { return w.Overfit.Check() }},
		{"Curation", w.Curation != nil, func() error { return w.Curation.Check() }},
		{"Power", true, w.Power.Check},
	} {
		if !part.asked {
			continue
		}
		if err := part.check(); err != nil {
			return fmt.Errorf("report.Parts: %s: %w", part.field, err)
		}
	}
	if w.TrainingOnly && (w.LabelCurve != nil || w.FewShot != nil || w.Retrieval != nil || w.Calibration != nil ||
		w.Robustness != nil || w.Attack != nil || w.Fairness != nil || w.Overfit != nil || w.Curation != nil) {
		return fmt.Errorf("report.Parts: TrainingOnly is true and a part that looks at images is given; give one of them")
	}
	return nil
}

// Of measures what is asked for of a run, writes it into the run directory as report.html, a page
// that needs nothing else, and as report.json, and returns it. What cannot be measured (no labels,
// no such split, no subgroups, a training that has not finished) stands in the report with the
// reason. It can be called any number of times: features are kept in the run directory, and an
// equal report is written in equal bytes.
//
// Errors: a setting out of range, before anything is measured; whatever fails in a part, which is
// named.
func Of(run *kit.Run, with Parts) (Report, error) {
	fail := func(err error) (Report, error) {
		return Report{}, fmt.Errorf("reporting on the run in %s: %w", run.Dir, err)
	}
	if err := with.Check(); err != nil {
		return fail(err)
	}
	if with.Split == data.Train {
		with.Split = data.Test
	}
	defer device.Trim() // Of what compiling the parts has left.
	var out Report
	err := train.Catch(func() (err error) {
		out, err = (&reporter{run: run, with: with}).report()
		return err
	})
	if err != nil {
		return fail(err)
	}
	dir := rundir.Dir(run.Dir)
	if err := out.WriteJSON(dir.Path(reportFile)); err != nil {
		return fail(err)
	}
	if err := out.WriteHTML(dir.Path(pageFile)); err != nil {
		return fail(err)
	}
	return out, nil
}

// reporter measures a run for its report.
type reporter struct {
	run     *kit.Run
	with    Parts
	metrics []rundir.Metrics
	seen    map[data.Split]labelledFeatures
	probed  eval.Result // Of the linear probe, once it was fitted.
}

// part is one part of a report. An absence among its errors is told in the report.
type part struct {
	title   string
	asked   bool
	measure func() (Section, error)
}

func (p *reporter) report() (out Report, err error) {
	if p.metrics, err = p.run.Metrics(); err != nil {
		return out, err
	}
	w, probes := p.with, !p.with.TrainingOnly
	left := p.leftOut()
	for _, part := range []part{
		{"Training", true, p.training},
		{"Images left out", len(left) > 0, func() (Section, error) { return leftOutSection(left) }},
		{"k-NN", probes, p.knn},
		{"Nearest images", probes && w.Retrieval == nil && w.Split == data.Test, p.nearestImages},
		{"Linear probe", probes, p.linear},
		{"Label efficiency", w.LabelCurve != nil, p.labelCurve},
		{"Few-shot classification", w.FewShot != nil, p.fewShot},
		{"Retrieval", w.Retrieval != nil, p.retrieval},
		{"Calibration", w.Calibration != nil, p.calibration},
		{"Robustness to corruption", w.Robustness != nil, p.robustness},
		{"Adversarial attack", w.Attack != nil, p.attack},
		{"Fairness", w.Fairness != nil, p.fairness},
		{"Overfitting", w.Overfit != nil, p.overfit},
		{"Familiarity", w.Overfit != nil || (probes && p.seenOften()), p.familiarity},
		{"Duplicates and leaks", w.Curation != nil, p.curation},
	} {
		if !part.asked {
			continue
		}
		section, err := part.measure()
		var why absence
		if errors.Is(err, eval.ErrOneClass) {
			section = Section{Title: part.title, NotMeasured: eval.ErrOneClass.Error()}
		} else if errors.As(err, &why) {
			section = Section{Title: part.title, NotMeasured: why.reason}
		} else if err != nil {
			return out, fmt.Errorf("%s: %w", part.title, err)
		}
		out.Sections = append(out.Sections, section)
	}
	return out, p.describe(&out)
}

// absence is the error of what cannot be measured, which fails nothing.
type absence struct{ reason string }

func (a absence) Error() string { return a.reason }

// absent is an absence.
func absent(format string, args ...any) error { return absence{fmt.Sprintf(format, args...)} }
