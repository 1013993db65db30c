package report

import (
	"cmp"
	"errors"
	"reflect"
	"slices"

	"sslkit/data"
	"sslkit/kit/eval"
)

// labelledFeatures are the features of a split's labelled images, or why there are none.
type labelledFeatures struct {
	eval.Features
	all bool // The labelled images are all images of the split.
	err error
}

// labelled represents the labelled images of a split by the trained encoder, once. What is missing
// is an absence.
func (p *reporter) labelled(split data.Split) (eval.Features, error) {
	f := p.labelledOnce(split)
	return f.Features, f.err
}

func (p *reporter) labelledOnce(split data.Split) labelledFeatures {
	if known, ok := p.seen[split]; ok {
		return known
	}
	var f labelledFeatures
	f.Features, f.all, f.err = p.represent(split, p.run.Features)
	if p.seen == nil {
		p.seen = map[data.Split]labelledFeatures{}
	}
	p.seen[split] = f
	return f
}

// represent are the labelled images of a split, and whether these are all.
func (p *reporter) represent(split data.Split, by func(data.Split) (eval.Features, error)) (f eval.Features, all bool,
	err error) {
	if !p.run.Finished() {
		return f, false, absent("the training has not finished, so there is no trained encoder to judge")
	}
	set, err := p.open(split)
	if err != nil {
		return f, false, err
	}
	labels := data.Labels(set)
	name, classes := set.Name(), len(set.Classes())
	set.Close()
	switch {
	case classes == 0 || slices.Max(labels) < 0:
		return f, false, absent("the images of %s have no labels", name)
	case classes < 2:
		return f, false, absent("the images of %s are all of one class: there is nothing to tell apart", name)
	}
	if f, err = by(split); err != nil || slices.Min(labels) >= 0 {
		return f, true, err
	}
	f, err = f.Labelled()
	return f, false, err
}

// open opens a split. That there is none is an absence.
func (p *reporter) open(split data.Split) (data.Set, error) {
	set, err := p.run.Recipe.Data.Open(split)
	if errors.Is(err, data.ErrNoSplit) {
		return nil, absent("%s has no %s images", p.run.Recipe.Data.Name(), split)
	}
	if err != nil {
		return nil, err
	}
	if set.Len() == 0 {
		set.Close()
		return nil, absent("%s has no %s images", p.run.Recipe.Data.Name(), split)
	}
	return set, nil
}

// both are the labelled training images and those that are evaluated.
func (p *reporter) both() (train, judged eval.Features, err error) {
	if train, err = p.labelled(data.Train); err != nil {
		return train, judged, err
	}
	if slices.Min(train.Labels) == slices.Max(train.Labels) {
		return train, judged, absent("the labelled images of %s are all of one class: there is nothing to tell apart", train.Name)
	}
	judged, err = p.labelled(p.with.Split)
	return train, judged, err
}

// probe is the linear probe of a part: its own, or that of the report where it was left at zero.
func (p *reporter) probe(own eval.Linear) eval.Linear {
	if reflect.ValueOf(own).IsZero() {
		return p.with.Linear
	}
	return own
}

// knn is the part of nearest neighbours.
func (p *reporter) knn() (Section, error) {
	train, judged, err := p.both()
	if err != nil {
		return Section{}, err
	}
	trained, err := p.with.KNN.Evaluate(train, judged)
	if err != nil {
		return Section{}, err
	}
	var initial [2]eval.Features
	for i, split := range []data.Split{data.Train, p.with.Split} {
		if initial[i], _, err = p.represent(split, p.run.InitialFeatures); err != nil {
			return Section{}, err
		}
	}
	before, err := p.with.KNN.Evaluate(initial[0], initial[1])
	if err != nil {
		return Section{}, err
	}
	return KNN(trained, before)
}

// linear is the part of the linear probe.
func (p *reporter) linear() (Section, error) {
	train, judged, err := p.both()
	if err != nil {
		return Section{}, err
	}
	result, err := p.with.Linear.Evaluate(train, judged)
	if err != nil {
		return Section{}, err
	}
	p.probed = result
	pictures, err := p.errors(result, judged)
	if err != nil {
		return Section{}, err
	}
	return Linear(result, judged.Labels, judged.Classes, pictures...)
}

// labelCurve is the part of accuracy against labels.
func (p *reporter) labelCurve() (Section, error) {
	train, judged, err := p.both()
	if err != nil {
		return Section{}, err
	}
	protocol := *p.with.LabelCurve
	if protocol.Probe == nil {
		protocol.Probe = p.with.Linear
	}
	if protocol.PerClass == nil {
		fewest := slices.Min(perClass(train))
		protocol.PerClass = slices.DeleteFunc(slices.Clone(eval.DefaultPerClass), func(n int) bool { return n > fewest })
		if len(protocol.PerClass) == 0 {
			return Section{}, absent("a class of %s has no labelled image", train.Name)
		}
	}
	curve, err := protocol.Evaluate(train, judged)
	if err != nil {
		return Section{}, err
	}
	return LabelCurve(curve)
}

// perClass counts the images of each class.
func perClass(f eval.Features) []int {
	counts := make([]int, len(f.Classes))
	for _, label := range f.Labels {
		counts[label]++
	}
	return counts
}

// fewShot is the part of episodes.
func (p *reporter) fewShot() (Section, error) {
	judged, err := p.labelled(p.with.Split)
	if err != nil {
		return Section{}, err
	}
	protocol := *p.with.FewShot
	if protocol.Ways == 0 && protocol.Classes == nil {
		need := cmp.Or(protocol.Shots, eval.DefaultShots) + cmp.Or(protocol.Queries, eval.DefaultQueries)
		enough := 0
		for _, n := range perClass(judged) {
			if n >= need {
				enough++
			}
		}
		if enough < 2 {
			return Section{}, absent("episodes need two classes with %d images each, and %s that many", need,
				plural(enough, "class of "+judged.Name+" has", "classes of "+judged.Name+" have"))
		}
		protocol.Ways = min(eval.DefaultWays, enough)
	}
	result, err := protocol.Evaluate(judged)
	if err != nil {
		return Section{}, err
	}
	return FewShot(result)
}

// retrieval is the part of ranking, with pictures of test images.
func (p *reporter) retrieval() (Section, error) {
	train, judged, err := p.both()
	if err != nil {
		return Section{}, err
	}
	result, err := p.with.Retrieval.Evaluate(train, judged)
	if err != nil {
		return Section{}, err
	}
	if p.with.Split != data.Test {
		return Retrieval(result)
	}
	figure, err := p.nearest()
	var why absence
	if errors.As(err, &why) {
		section, err := Retrieval(result)
		section.Warnings = append(section.Warnings, why.reason)
		return section, err
	}
	if err != nil {
		return Section{}, err
	}
	return Retrieval(result, figure)
}
